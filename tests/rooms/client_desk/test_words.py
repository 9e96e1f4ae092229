"""The words of every topic live in one room: a key means one thing."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from sekisho.client_desk.pages import menu
from sekisho.client_desk.pages.payments.search import KINDS, STATUSES
from sekisho.sign_in.frame import WORDS as SIGN_IN_WORDS
from tests.rooms.client_desk.staff import desk

WORDS = Path(menu.__file__).parent / "words"


def folders() -> list[Path]:
    topics = [one for one in WORDS.iterdir() if one.is_dir() and any(one.glob("*.toml"))]
    return [SIGN_IN_WORDS, WORDS, *sorted(topics)]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_no_topic_takes_anothers_key(language: str) -> None:
    said: dict[str, tuple[str, str]] = {}
    clashes = []
    for folder in folders():
        words = tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8"))
        for key, text in words.items():
            where, before = said.setdefault(key, (folder.name, text))
            if before != text:
                clashes.append(f"{key}: {where} says {before!r}, {folder.name} {text!r}")
    assert not clashes


def test_every_page_in_the_menu_has_its_words() -> None:
    for words in desk.sign_in.words.values():
        for entry in menu.MENU:
            assert words[entry.group]
            assert words[entry.word]


def test_every_value_that_payments_tells_has_a_word() -> None:
    named = [f"status_{one}" for one in STATUSES] + [f"kind_{one}" for one in KINDS]
    for words in desk.sign_in.words.values():
        assert not [key for key in named if key not in words]
