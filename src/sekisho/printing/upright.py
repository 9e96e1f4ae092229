"""Upright writing (縦書き): a text as columns of cells, one above the other.

A cell is a character that stands upright, up to three digits side by side (縦中横), or a word in
Latin letters turned on its side. Marks that lie otherwise in a column (ー, brackets) are drawn with
the font's vertical forms."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from sekisho.printing.errors import DoesNotFit
from sekisho.printing.font import clusters

_RUNS = re.compile(r"[0-9]+|[A-Za-z][A-Za-z.'&]*|[^0-9A-Za-z]+")
_MOST_DIGITS_ACROSS: Final = 3
_LATIN_WIDTH: Final = 0.56
"""Of a Latin letter on its side, in heights of a character."""
_DASHES: Final = frozenset("-‐‑–—−－")
_WIDE: Final = {chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)}


class Cell(NamedTuple):
    """``kind``: ``upright``, ``across`` (digits) or ``turned``; ``high`` in characters."""

    text: str
    kind: str
    high: float


def columns(
    field: str, text: str, column_mm: float, sizes: Sequence[tuple[float, int]]
) -> dict[str, Any]:
    """Return ``size`` (height of a character in mm) and ``columns`` of cells for the largest print
    that has room; smaller print comes before breaking a word.

    Raises ``DoesNotFit`` naming ``field``."""
    words = [list(_cells(word)) for word in text.split(" ") if word]
    for whole in (True, False):
        for size, most in sizes:
            laid = _lay(words, math.floor(column_mm / size), most, whole=whole)
            if laid is not None:
                return {"size": size, "columns": [[cell._asdict() for cell in c] for c in laid]}
    raise DoesNotFit(field, "is too long to be written upright on a postcard")


def _lay(words: list[list[Cell]], room: int, most: int, *, whole: bool) -> list[list[Cell]] | None:
    """Return columns of at most ``room`` characters, or nothing if it takes more than ``most`` or
    (``whole``) a word would be broken."""
    if whole and any(_high(word) > room for word in words):
        return None
    laid: list[list[Cell]] = [[]]
    for word in words:
        gap = [Cell("\u3000", "upright", 0.5)] if laid[-1] else []
        if _high(laid[-1] + gap + word) <= room:
            laid[-1] += gap + word
            continue
        if laid[-1] and _high(word) <= room and len(laid) < most:
            laid.append(list(word))
            continue
        laid[-1] += gap
        for cell in word:
            if _high([*laid[-1], cell]) > room:
                laid.append([])
            laid[-1].append(cell)
    return laid if len(laid) <= most and all(_high(c) <= room for c in laid) else None


def _high(cells: list[Cell]) -> float:
    return sum(cell.high for cell in cells)


def _cells(word: str) -> Iterator[Cell]:
    for run in _RUNS.findall(word):
        if run[0].isdigit() and run.isascii():
            yield from _digit_cells(run)
        elif run.isascii() and run[0].isalpha() and len(run) > 1:
            yield Cell(run, "turned", math.ceil(len(run) * _LATIN_WIDTH * 2) / 2)
        else:
            for cluster in clusters(run):
                if cluster in _DASHES:
                    # A hyphen between numbers of a house is written as a stroke downwards.
                    yield Cell("ー", "upright", 0.8)
                else:
                    yield Cell(_WIDE.get(cluster, cluster), "upright", 1.0)


def _digit_cells(run: str) -> Iterator[Cell]:
    if 1 < len(run) <= _MOST_DIGITS_ACROSS:
        yield Cell(run, "across", 1.0)
    else:
        for digit in run:
            yield Cell(_WIDE[digit], "upright", 1.0)
