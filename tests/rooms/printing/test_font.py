"""What the fonts draw, and what is refused before a blank box is printed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.printing import CannotDraw, FontMissing
from sekisho.printing.font import (
    check_drawable,
    clusters,
    coverage,
    font_folder,
    in_other_font,
)


def jis_x_0213() -> set[str]:
    """Every character of its two planes, levels 1 to 4, by the codec of the standard library."""
    found = set()
    for first in range(0xA1, 0xFF):
        for second in range(0xA1, 0xFF):
            for plane in (b"", b"\x8f"):
                try:
                    found.add((plane + bytes((first, second))).decode("euc_jis_2004"))
                except UnicodeDecodeError:
                    continue
    return found


def test_all_of_jis_x_0213_can_be_drawn() -> None:
    lacking = set()
    for character in jis_x_0213():
        try:
            check_drawable("name", character)
        except CannotDraw:
            lacking.add(character)
    # The soft hyphen has no picture of its own anywhere.
    assert lacking == {"⦅", "⦆", "\xad"}
    assert len(jis_x_0213()) > 11_000


@pytest.mark.parametrize(
    "text", ["𠮷野家", "邉\U000e010f", "葛\U000e0100飾", "辻\U000e0101", "か\u3099", ""]
)
def test_rare_characters_can_be_drawn(text: str) -> None:
    check_drawable("name", text)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("見本😀", "U+1F600 (GRINNING FACE)"),
        ("邉\U000e01ef", "U+9089 U+E01EF"),
        ("見\ue000本", "U+E000 (no name)"),
        ("見\u0000本", "U+0000"),
        ("見\n本", "U+000A"),
        ("a\u200db", "U+200D"),
        ("\U00031350", "U+31350"),
        ("見\U000e0100本", "U+898B U+E0100"),
    ],
)
def test_what_cannot_be_drawn_is_named(text: str, named: str) -> None:
    with pytest.raises(CannotDraw) as caught:
        check_drawable("addressee.name", text)
    assert caught.value.field == "addressee.name"
    assert named in str(caught.value)


def test_only_what_the_first_font_lacks_is_drawn_by_the_second() -> None:
    assert in_other_font("葛\U000e0100飾 邉\U000e010f 見本") == {"葛\U000e0100"}
    assert not coverage().variations & coverage().others
    assert len(coverage().variations) == 11_474


@given(st.text())
def test_clusters_are_the_text(text: str) -> None:
    assert "".join(clusters(text)) == text


def test_a_missing_font_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copyfile(font_folder() / "ipaexm.ttf", tmp_path / "ipaexm.ttf")
    monkeypatch.setenv("SEKISHO_FONTS", str(tmp_path))
    with pytest.raises(FontMissing, match=r"ipamjm\.ttf is missing: run `python tools/fetch_fonts"):
        font_folder()
