"""Reads the card network's daily clearing file (docs/reference/clearing-file.md): checks it as a
whole first, then gives its rows in pieces. Nothing is kept but totals, however long the file is."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO, Literal, cast

from sekisho.crossings.payments import MAX_CLEARING_ROWS, ClearingRow

VERSION = "1"
YEN = "392"
Kind = Literal["capture", "refund", "chargeback", "representment"]
KINDS = ("capture", "refund", "chargeback", "representment")
SIGNS = {"capture": 1, "refund": -1, "chargeback": -1, "representment": 1}
MAX_LINE_BYTES = 200
MAX_ROWS = 20_000_000

_REFERENCE = re.compile(r"[\x21-\x2b\x2d-\x7e]{1,40}")
_AMOUNT = re.compile(r"[1-9][0-9]{0,11}")
_COUNT = re.compile(r"-?[0-9]{1,18}")


class ClearingBroken(ValueError):
    """The file is not as the format says; the text names the line and what is wrong."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}; nothing was sent")


@dataclass(slots=True)
class ClearingTotals:
    """What a whole file says. ``yen`` and ``count`` are by kind."""

    day: date
    acquirer: str
    final: bool
    sha256: str = ""
    """Of the rows, as the trailer says it."""
    rows: int = 0
    count: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    yen: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))

    @property
    def net_yen(self) -> int:
        """What the network owes for the day; below zero: what is owed to it."""
        return sum(SIGNS[kind] * self.yen[kind] for kind in KINDS)


def check_clearing(source: BinaryIO) -> ClearingTotals:
    """Read the whole file and return its totals. Raises ClearingBroken, also when the trailer's
    figures are not those of the rows: a file cut short or changed on the way."""
    source.seek(0)
    digest = hashlib.sha256()
    lines = _lines(source)
    number, raw = next(lines, (1, b""))
    totals = _read_header(number, raw)
    digest.update(raw)
    for number, raw in lines:
        cells = _cells(number, raw)
        if cells[0] == "T":
            _check_trailer(number, cells, totals, digest.hexdigest())
            totals.sha256 = digest.hexdigest()
            if next(lines, None) is not None:
                raise ClearingBroken(number + 1, "something stands behind the trailer")
            return totals
        row = _read_row(number, cells, totals.rows + 1)
        totals.rows += 1
        totals.count[row.kind] += 1
        totals.yen[row.kind] += row.amount_yen
        digest.update(raw)
        if totals.rows > MAX_ROWS:
            raise ClearingBroken(number, f"more than {MAX_ROWS:,} rows")
    raise ClearingBroken(number + 1, "the trailer is missing: the file is cut short")


def pieces(source: BinaryIO) -> Iterator[list[ClearingRow]]:
    """Give the rows of a file that ``check_clearing`` passed, at most ``MAX_CLEARING_ROWS`` at a
    time. Raises ClearingBroken when it has changed since."""
    source.seek(0)
    piece: list[ClearingRow] = []
    serial = 0
    for number, raw in _lines(source):
        cells = _cells(number, raw)
        if cells[0] != "D":
            continue
        serial += 1
        piece.append(_read_row(number, cells, serial))
        if len(piece) == MAX_CLEARING_ROWS:
            yield piece
            piece = []
    if piece:
        yield piece


def _lines(source: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while raw := source.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(raw) > MAX_LINE_BYTES:
            raise ClearingBroken(number, f"longer than {MAX_LINE_BYTES} bytes")
        if not raw.endswith(b"\r\n"):
            raise ClearingBroken(number, "the line has no end (CR LF): the file is cut short")
        yield number, raw


def _cells(number: int, raw: bytes) -> list[str]:
    try:
        return raw[:-2].decode("ascii").split(",")
    except UnicodeDecodeError:
        raise ClearingBroken(number, "is not ASCII") from None


def _read_header(number: int, raw: bytes) -> ClearingTotals:
    cells = _cells(number, raw)
    if len(cells) != 7 or cells[:2] != ["H", VERSION]:
        raise ClearingBroken(number, f"no header of a clearing file, version {VERSION}")
    _, _, day, acquirer, currency, _, whole = cells
    if currency != YEN or whole not in ("final", "so_far"):
        raise ClearingBroken(number, "the header's currency must be 392, its end final or so_far")
    try:
        return ClearingTotals(date.fromisoformat(day), acquirer, whole == "final")
    except ValueError:
        raise ClearingBroken(number, "the header has no day") from None


def _read_row(number: int, cells: list[str], serial: int) -> ClearingRow:
    if len(cells) != 6 or cells[0] != "D":
        raise ClearingBroken(number, "is neither a row nor the trailer")
    _, said, kind, reference, network_reference, amount = cells
    if said != str(serial):
        raise ClearingBroken(number, f"row {serial} should stand here: one is missing or doubled")
    if kind not in KINDS:
        raise ClearingBroken(number, f"kind must be one of {', '.join(KINDS)}")
    if not _REFERENCE.fullmatch(reference) or not _REFERENCE.fullmatch(network_reference):
        raise ClearingBroken(number, "a reference must be 1 to 40 printable characters")
    if not _AMOUNT.fullmatch(amount):
        raise ClearingBroken(number, "the amount must be yen above zero")
    return ClearingRow(
        line=number,
        kind=cast("Kind", kind),
        reference=reference,
        network_reference=network_reference,
        amount_yen=int(amount),
    )


def _check_trailer(number: int, cells: list[str], totals: ClearingTotals, digest: str) -> None:
    if len(cells) != 12 or not all(_COUNT.fullmatch(cell) for cell in cells[1:-1]):
        raise ClearingBroken(number, "the trailer must have 12 cells of figures")
    figures = list(map(int, cells[1:-1]))
    found = [totals.rows]
    for kind in KINDS:
        found += [totals.count[kind], totals.yen[kind]]
    for name, said, is_so in zip(_FIGURES, figures, [*found, totals.net_yen], strict=True):
        if said != is_so:
            raise ClearingBroken(number, f"the trailer says {name} {said:,}, the rows {is_so:,}")
    if cells[-1] != digest:
        raise ClearingBroken(number, "the file was changed: its SHA-256 is not the trailer's")


_FIGURES = ["rows", *(f"{kind} {what}" for kind in KINDS for what in ("rows", "yen")), "net yen"]
