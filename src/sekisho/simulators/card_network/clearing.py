"""The daily clearing file: what moved on one business day, from the host's book, as CSV.

Its format is docs/reference/clearing-file.md; the platform reads it with code of its own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sekisho.simulators.card_network.book import TOKYO, Book, Entry

FOLDER = "clearing"
VERSION = "1"
KINDS = ("capture", "refund", "chargeback", "representment")
SIGNS = {"capture": 1, "refund": -1, "chargeback": -1, "representment": 1}
MAX_FILES = 60
"""Days kept; the oldest file goes."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Row(NamedTuple):
    """One movement of money."""

    kind: str
    reference: str
    network_reference: str
    amount: int


def rows_of(book: Book, day: str) -> list[Row]:
    """Return what moved on ``day`` (ISO 8601) as the book says now, ordered by kind, reference and
    network reference, so that the same book gives the same file."""
    rows = [row for entry in book.entries() for row in _rows_of_entry(entry, day)]
    return sorted(rows, key=lambda row: (KINDS.index(row.kind), *row[1:]))


def _rows_of_entry(entry: Entry, day: str) -> Iterator[Row]:
    if entry.case is not None:
        if entry.day == day:
            yield Row("chargeback", entry.reference, entry.case.number, entry.amount)
        if entry.case.won_day == day:
            yield Row("representment", entry.reference, entry.case.number, entry.amount)
    elif entry.day == day and entry.state in ("captured", "refunded"):
        refund = entry.kind == "refund"
        yield Row(
            "refund" if refund else "capture",
            entry.reference,
            entry.retrieval_reference,
            entry.amount if refund else entry.captured,
        )


def write_clearing(
    folder: Path, book: Book, day: str, *, acquirer: str, now: datetime
) -> tuple[Path, int]:
    """Write the file of ``day`` into ``folder``/clearing and return it with its number of rows.
    A day that is not over is marked ``so_far``. Raises ``ValueError`` for no day."""
    if not _DAY.fullmatch(day):
        raise ValueError(f"{day!r} is no day; write it as 2026-04-01")
    local = now.astimezone(TOKYO)
    rows = rows_of(book, day)
    whole = "final" if local.date().isoformat() > day else "so_far"
    lines = [",".join(["H", VERSION, day, acquirer, "392", local.isoformat("T", "seconds"), whole])]
    lines += [
        ",".join(
            ["D", str(serial), row.kind, row.reference, row.network_reference, str(row.amount)]
        )
        for serial, row in enumerate(rows, start=1)
    ]
    body = "".join(line + "\r\n" for line in lines).encode("ascii")
    target = folder / FOLDER / f"{day}.csv"
    target.parent.mkdir(exist_ok=True)
    draft = target.with_suffix(".new")
    draft.write_bytes(body + _trailer(rows, body).encode("ascii"))
    draft.replace(target)
    for old in sorted(target.parent.glob("*.csv"))[:-MAX_FILES]:
        old.unlink()
    return target, len(rows)


def deliver(file: Path, folder: Path) -> Path:
    """Put a copy of ``file`` into the acquirer's ``folder``: whole or not at all."""
    target = folder / file.name
    draft = target.with_suffix(".new")
    draft.write_bytes(file.read_bytes())
    draft.replace(target)
    for old in sorted(folder.glob("*.csv"))[:-MAX_FILES]:
        old.unlink()
    return target


def is_final(file: Path) -> bool:
    """Whether a file that ``write_clearing`` wrote is of a day that was over."""
    with file.open("rb") as source:
        return source.readline(200).endswith(b",final\r\n")


def _trailer(rows: list[Row], body: bytes) -> str:
    totals = []
    for kind in KINDS:
        amounts = [row.amount for row in rows if row.kind == kind]
        totals += [str(len(amounts)), str(sum(amounts))]
    net = sum(SIGNS[row.kind] * row.amount for row in rows)
    digest = hashlib.sha256(body).hexdigest()
    return ",".join(["T", str(len(rows)), *totals, str(net), digest]) + "\r\n"
