"""Reads a whole file once without sending anything: its encoding, its rows, every fault."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO

from sekisho.bill_files.columns import Kind, place_columns
from sekisho.bill_files.errors import HEADINGS, WHOLE_LINE, FileRefused, Problem
from sekisho.bill_files.read_lines import (
    ENCODINGS,
    CountingReader,
    Line,
    Progress,
    find_encoding,
    read_lines,
)
from sekisho.bill_files.read_rows import Fields, check_width, read_bill, read_policy
from sekisho.bill_files.repeated_rows import SeenRows
from sekisho.crossings.payments import BillRow, PolicyRow

MAX_ROWS_PER_FILE = 2_000_000
MAX_PROBLEMS_KEPT = 1_000
"""Faults kept to be shown; the others are counted."""
MAX_REPEATED_ROWS = 100_000
"""Rows standing twice that are remembered, to be left out with ``skip_bad``."""

NUMBER_FIELDS = {
    "bills": ("payee_number", "payment_number"),
    "policies": ("policy_number",),
}
"""What makes two rows of a file the same bill or policy."""


@dataclass(frozen=True)
class Reading:
    """How a file is to be read."""

    kind: Kind
    client_body: str
    vault_key: bytes
    """Raw X25519 public key of the vault: dates of birth are sealed to it (policies only)."""
    today: date
    encoding: str | None = None
    """A key of ``ENCODINGS``; detected when absent."""


@dataclass
class FileChecked:
    """What one reading of the file found."""

    encoding: str
    digest: str = ""
    bytes_read: int = 0
    rows: int = 0
    bad_rows: int = 0
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    left_out: set[int] = field(default_factory=set)
    """Lines that are good by themselves but repeat or contradict another."""

    def add(self, problems: list[Problem]) -> None:
        """Count the faults of one row and keep the first ones."""
        self.bad_rows += 1
        self.problem_count += len(problems)
        room = MAX_PROBLEMS_KEPT - len(self.problems)
        self.problems.extend(problems[: max(room, 0)])


def check_file(source: BinaryIO, reading: Reading, progress: Progress | None = None) -> FileChecked:
    """Read the file from its beginning and return every fault. Raises ``FileRefused``."""
    encoding = reading.encoding or find_encoding(source)
    if encoding not in ENCODINGS:
        raise ValueError(f"encoding must be one of {', '.join(ENCODINGS)}")
    source.seek(0)
    reader = CountingReader(source, progress)
    checked = FileChecked(encoding)
    seen = SeenRows()
    for fields, bad_line in rows_of_file(reader, reading, encoding):
        checked.rows += 1
        if checked.rows > MAX_ROWS_PER_FILE:
            raise FileRefused("too_many_rows", most=f"{MAX_ROWS_PER_FILE:,}")
        if bad_line is not None:
            checked.add([bad_line])
        elif (row := read_row(fields, reading, sealing=False)) is None:
            checked.add(fields.problems)
        else:
            number = tuple(getattr(row, name) for name in NUMBER_FIELDS[reading.kind])
            _check_repetition(fields, number, seen, checked)
    checked.digest, checked.bytes_read = reader.digest(), reader.bytes_read
    checked.problems.sort(key=lambda problem: problem.line)
    return checked


def rows_of_file(
    reader: CountingReader, reading: Reading, encoding: str
) -> Iterator[tuple[Fields, Problem | None]]:
    """Yield each line below the headings, with its fault if it is no row at all.

    Raises ``FileRefused`` for headings that are not the kind's."""
    lines = read_lines(reader, encoding)
    head = next(lines, None)
    if head is None:
        raise FileRefused("file_empty")
    places = _read_headings(reading.kind, head, encoding)
    wanted = max(places.values()) + 1
    for line in lines:
        bad_line = check_width(line, places, wanted)
        yield Fields(line, {} if bad_line else places, encoding), bad_line


def _read_headings(kind: Kind, head: Line, encoding: str) -> dict[str, int]:
    if head.fault is not None:
        fault = head.fault
        raise FileRefused(fault.code, line=head.number, field=HEADINGS, facts=fault.facts)
    if any("\ufffd" in heading for heading in head.fields):
        raise FileRefused(
            "characters_unreadable", line=head.number, field=HEADINGS, encoding=encoding
        )
    if len(head.fields) == 1:
        for separator, name in (("\t", "tabs"), (";", "semicolons"), ("|", "bars")):
            if separator in head.fields[0]:
                raise FileRefused("separator_wrong", line=head.number, found=name)
    return place_columns(kind, head)


def read_row(
    fields: Fields, reading: Reading, *, sealing: bool = True
) -> BillRow | PolicyRow | None:
    """Return the row, or ``None`` when ``fields.problems`` says why not."""
    if reading.kind == "bills":
        return read_bill(fields)
    return read_policy(
        fields,
        vault_key=reading.vault_key if sealing else None,
        client_body=reading.client_body,
        today=reading.today,
    )


def _check_repetition(
    fields: Fields, number: tuple[str, ...], seen: SeenRows, checked: FileChecked
) -> None:
    earlier, same = seen.note(fields.line, number, fields.texts())
    if not earlier:
        return
    if len(checked.left_out) >= MAX_REPEATED_ROWS:
        raise FileRefused("too_many_repeats", most=f"{MAX_REPEATED_ROWS:,}")
    checked.left_out.add(fields.line)
    if same:
        checked.add([Problem(fields.line, WHOLE_LINE, "repeated_row", {"other": earlier})])
        return
    checked.add([Problem(fields.line, WHOLE_LINE, "conflicting_rows", {"other": earlier})])
    if earlier not in checked.left_out:
        checked.left_out.add(earlier)
        checked.add([Problem(earlier, WHOLE_LINE, "conflicting_rows", {"other": fields.line})])
