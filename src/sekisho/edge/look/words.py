"""What pages say, in every language side by side.

A catalogue is a folder of TOML files. A table is a place (``[bill.title]``), its keys are the
languages (``ja``, ``en``), its values one text or a list of paragraphs. Texts hold ``{name}`` where
a fact goes in. A text that lacks a language, or whose languages name different facts, stops the
process at its start: a payer never meets half a page.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LANGUAGES = ("ja", "en")
MAX_TEXT_CHARACTERS = 2_000
"""Longest single text, in characters: more is a document and not a page."""

Said = str | list[str]


class WordsWrong(ValueError):
    """The catalogue is not whole; names the file, the key and what to do."""


def _names(text: Said) -> set[str]:
    parts = [text] if isinstance(text, str) else text
    return {
        name
        for part in parts
        for _, name, _, _ in string.Formatter().parse(part)
        if name is not None
    }


def _check(where: str, told: dict[str, Any]) -> dict[str, Said]:
    for language in LANGUAGES:
        text = told.get(language)
        if not text:
            raise WordsWrong(f"{where}: nothing is said in {language!r}; add it")
        parts = [text] if isinstance(text, str) else text
        if not all(isinstance(part, str) and len(part) <= MAX_TEXT_CHARACTERS for part in parts):
            raise WordsWrong(
                f"{where}.{language}: must be one text or a list of texts,"
                f" each at most {MAX_TEXT_CHARACTERS} characters"
            )
    if strange := set(told) - set(LANGUAGES):
        raise WordsWrong(f"{where}: {', '.join(sorted(strange))} is no language of ours")
    if type(told["ja"]) is not type(told["en"]):
        raise WordsWrong(f"{where}: one language has a list where the other has one text")
    if _names(told["ja"]) != _names(told["en"]):
        raise WordsWrong(f"{where}: the languages name different facts in braces; make them equal")
    return told


def _walk(where: str, table: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if any(language in table for language in LANGUAGES):
        yield where, table
        return
    for key, inner in table.items():
        place = f"{where}.{key}" if where else key
        if not isinstance(inner, dict):
            raise WordsWrong(f"{place}: expected a table with {' and '.join(LANGUAGES)}")
        yield from _walk(place, inner)


class Catalogue:
    """Every text of one zone's pages, by key and language."""

    def __init__(self, *folders: Path) -> None:
        """Read all ``*.toml`` of ``folders``. Raises ``WordsWrong``."""
        self._told: dict[str, dict[str, Said]] = {}
        for file in sorted(file for folder in folders for file in folder.glob("*.toml")):
            try:
                table = tomllib.loads(file.read_text(encoding="utf-8"))
            except tomllib.TOMLDecodeError as error:
                raise WordsWrong(f"{file.name}: {error}") from None
            for key, told in _walk("", table):
                if key in self._told:
                    raise WordsWrong(f"{file.name}: {key} is said a second time")
                self._told[key] = _check(f"{file.name}: {key}", told)

    def __contains__(self, key: object) -> bool:
        return key in self._told

    def keys(self) -> list[str]:
        """Return every key, sorted."""
        return sorted(self._told)

    def say(self, key: str, language: str, /, **facts: object) -> str:
        """Return the text of ``key`` with ``facts`` put in. Raises ``KeyError`` for an unknown key
        or a fact that the text needs and was not given."""
        text = self._told[key][language]
        if not isinstance(text, str):
            raise KeyError(f"{key} is a list; use say_lines")
        return text.format_map(facts)

    def say_lines(self, key: str, language: str, /, **facts: object) -> list[str]:
        """Return the paragraphs of ``key``; raises as ``say``."""
        text = self._told[key][language]
        parts = [text] if isinstance(text, str) else text
        return [part.format_map(facts) for part in parts]
