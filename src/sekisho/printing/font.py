"""The fonts of everything printed and what they can draw.

IPAmj Mincho was made for names in the public registers of Japan: all of JIS X 0213 and 11,474
ideographic variation sequences (Moji_Joho). Keyboards write the sequences of another collection
(Adobe-Japan1) for the commonest shapes; those 445 come from IPAex Mincho, of the same design. What
both lack is found before anything is drawn."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sekisho.printing.errors import CannotDraw, FontMissing

FILE = "ipamjm.ttf"
OTHER_FILE = "ipaexm.ttf"
"""Only for variation sequences that the first has not."""

_TEXT_VARIATION = 0xFE0E
"""Asks for what a font of text draws anyway."""


class Coverage(NamedTuple):
    """Code points that have a picture, and (base, selector) pairs that have: in the first font, and
    ``others`` in the second alone."""

    single: frozenset[int]
    variations: frozenset[tuple[int, int]]
    others: frozenset[tuple[int, int]]


def font_place() -> Path:
    """Return where the fonts are looked for: SEKISHO_FONTS, else ``fonts`` of the running
    environment. A process that prints must be allowed to read it."""
    return Path(os.environ.get("SEKISHO_FONTS") or Path(sys.prefix) / "fonts")


def font_folder() -> Path:
    """Return the folder of the fonts. Raises ``FontMissing``."""
    folder = font_place()
    for file in (FILE, OTHER_FILE):
        if not (folder / file).is_file():
            raise FontMissing(
                f"{folder / file} is missing: run `python tools/fetch_fonts.py` (it needs no root),"
                " or set SEKISHO_FONTS"
            )
    return folder


@cache
def coverage() -> Coverage:
    """Return what the font draws. Raises ``FontMissing``."""
    folder = font_folder()
    single, variations = _read(folder / FILE)
    return Coverage(single, variations, _read(folder / OTHER_FILE)[1] - variations)


def _read(file: Path) -> tuple[frozenset[int], frozenset[tuple[int, int]]]:
    # Its import takes long and memory, in processes that may never print.
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    with TTFont(file, lazy=True) as font:
        pairs = (
            (base, selector)
            for table in font["cmap"].tables
            if table.format == 14
            for selector, listed in table.uvsDict.items()
            for base, _ in listed
        )
        return frozenset(font.getBestCmap()), frozenset(pairs)


def clusters(text: str) -> Iterator[str]:
    """Yield what a reader takes for one character: a base with its variation selector and marks."""
    held = ""
    for character in text:
        if held and (_is_selector(ord(character)) or unicodedata.combining(character)):
            held += character
            continue
        if held:
            yield held
        held = character
    if held:
        yield held


def check_drawable(field: str, text: str) -> None:
    """Raise ``CannotDraw`` naming ``field`` and the first character that the font lacks.

    A variation selector counts: another shape of a name's character is another name to its
    bearer."""
    has = coverage()
    for cluster in clusters(text):
        base = ord(cluster[0])
        for mark in map(ord, cluster[1:]):
            if _is_selector(mark):
                pair = (base, mark)
                if mark != _TEXT_VARIATION and not (pair in has.variations or pair in has.others):
                    raise CannotDraw(field, cluster)
            elif mark not in has.single:
                raise CannotDraw(field, cluster)
        if base not in has.single or unicodedata.category(cluster[0])[0] == "C":
            raise CannotDraw(field, cluster)


def in_other_font(text: str) -> set[str]:
    """Return the characters of ``text`` that only the second font draws."""
    others = coverage().others
    return {
        cluster
        for cluster in clusters(text)
        if len(cluster) > 1 and (ord(cluster[0]), ord(cluster[1])) in others
    }


def _is_selector(code_point: int) -> bool:
    return 0xFE00 <= code_point <= 0xFE0F or 0xE0100 <= code_point <= 0xE01EF
