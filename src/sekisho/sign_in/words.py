"""Words of pages in two languages: one TOML file for each, the same keys in both."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

LANGUAGES = ("ja", "en")

Words = Mapping[str, str]


class WordsDiffer(ValueError):
    """The two languages do not have the same keys."""


def load_words(*folders: Path) -> dict[str, Words]:
    """Return the words of every language from ``ja.toml`` and ``en.toml`` in ``folders``; a later
    folder's words go first. Raises ``WordsDiffer`` naming the keys that one language lacks."""
    words: dict[str, dict[str, str]] = {language: {} for language in LANGUAGES}
    for folder in folders:
        for language in LANGUAGES:
            text = (folder / f"{language}.toml").read_text(encoding="utf-8")
            words[language] |= tomllib.loads(text)
    lacking = words["ja"].keys() ^ words["en"].keys()
    if lacking:
        raise WordsDiffer(f"not in both languages: {', '.join(sorted(lacking))}")
    return {language: MappingProxyType(found) for language, found in words.items()}
