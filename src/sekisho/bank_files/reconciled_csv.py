"""消込 as CSV (docs/reference/formats/reconciled-csv.md): one line of names, one line for each row,
CR LF, in UTF-8 with BOM or in Shift_JIS."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final, Literal

from sekisho.bank_files.errors import BankFileWrong
from sekisho.bank_files.reconciled import (
    ENCODING,
    KIND_CODES,
    KINDS,
    MAX_ROWS,
    ReconciledRow,
    check_row,
)

COLUMNS: Final = (
    "種別",
    "収納機関番号",
    "納付番号",
    "納付区分",
    "年度",
    "期別",
    "証券番号",
    "金額",
    "手数料",
    "収納日",
    "精算日",
    "決済番号",
    "支払番号",
)
CsvEncoding = Literal["utf-8", "shift_jis"]
_CODECS: Final[dict[str, str]] = {"utf-8": "utf-8-sig", "shift_jis": ENCODING}
_NUMBER: Final = re.compile(r"-?[0-9]{1,12}")
MAX_CSV_BYTES: Final = 2_000_000_000


def write_csv(rows: Iterable[ReconciledRow], encoding: CsvEncoding) -> Iterator[bytes]:
    """Give the file line by line. Raises ``BankFileWrong`` for what it can't say in either
    encoding: a file must not be right in one only."""
    mark = b"\xef\xbb\xbf" if encoding == "utf-8" else b""
    codec = ENCODING if encoding == "shift_jis" else "utf-8"
    yield mark + _line(COLUMNS).encode(codec)
    for record, row in enumerate(rows, start=2):
        if record - 1 > MAX_ROWS:
            raise BankFileWrong(record, "file", f"at most {MAX_ROWS} rows")
        check_row(row, record)
        yield _line(
            (
                KIND_CODES[row.kind],
                row.payee_number,
                row.payment_number,
                row.category_number,
                str(row.fiscal_year),
                row.term,
                row.policy_number,
                str(row.amount_yen),
                str(row.fee_yen),
                row.paid_on.isoformat(),
                row.settled_on.isoformat(),
                row.reference,
                row.payout_id,
            )
        ).encode(codec)


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(list(cells))
    return line.getvalue()


def read_csv(body: bytes, encoding: CsvEncoding) -> list[ReconciledRow]:
    """Return the rows of a file. Raises ``BankFileWrong`` with the line and the column."""
    if len(body) > MAX_CSV_BYTES:
        raise BankFileWrong(1, "file", f"at most {MAX_CSV_BYTES} bytes")
    try:
        text = body.decode(_CODECS[encoding])
    except UnicodeDecodeError as wrong:
        line = body.count(b"\n", 0, wrong.start) + 1
        raise BankFileWrong(line, "file", f"not {encoding}") from None
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        if next(lines, []) != list(COLUMNS):
            raise BankFileWrong(1, "file", f"the first line must be {','.join(COLUMNS)}")
        return [_read_row(cells, record) for record, cells in enumerate(lines, start=2)]
    except csv.Error as wrong:
        raise BankFileWrong(lines.line_num, "file", str(wrong)) from None


def _read_row(cells: list[str], record: int) -> ReconciledRow:
    if len(cells) != len(COLUMNS):
        raise BankFileWrong(record, "file", f"{len(cells)} cells instead of {len(COLUMNS)}")
    kind = KINDS.get(cells[0])
    if kind is None:
        raise BankFileWrong(record, "種別", f"one of {', '.join(KINDS)}")
    year, amount, fee = (_number(cells, at, record) for at in (4, 7, 8))
    paid_on, settled_on = (_day(cells, at, record) for at in (9, 10))
    row = ReconciledRow(
        kind=kind,
        payee_number=cells[1],
        payment_number=cells[2],
        category_number=cells[3],
        fiscal_year=year,
        term=cells[5],
        policy_number=cells[6],
        amount_yen=amount,
        fee_yen=fee,
        paid_on=paid_on,
        settled_on=settled_on,
        reference=cells[11],
        payout_id=cells[12],
    )
    check_row(row, record)
    return row


def _number(cells: list[str], at: int, record: int) -> int:
    if not _NUMBER.fullmatch(cells[at]):
        raise BankFileWrong(record, COLUMNS[at], "digits only")
    return int(cells[at])


def _day(cells: list[str], at: int, record: int) -> date:
    try:
        return date.fromisoformat(cells[at])
    except ValueError:
        raise BankFileWrong(record, COLUMNS[at], "a day as 2026-11-24") from None
