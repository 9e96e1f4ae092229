"""消込 as records of 256 bytes (docs/reference/formats/reconciled-fixed.md): header (1), rows (2),
trailer with check totals (8), end (9); Shift_JIS, each record followed by CR LF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final, Literal, NamedTuple

from sekisho.bank_files.errors import BankFileWrong
from sekisho.bank_files.reconciled import (
    ENCODING,
    KIND_CODES,
    KINDS,
    MAX_ROWS,
    ReconciledHead,
    ReconciledRow,
    Totals,
    check_row,
    check_text,
)

RECORD_BYTES: Final = 256
FORMAT_CODE: Final = "91"
VERSION: Final = "01"
MAX_FILE_BYTES: Final = (MAX_ROWS + 3) * (RECORD_BYTES + 2)


_Value = str | int | date


class _Field(NamedTuple):
    """``kind``: N digits with zeros in front, S a sign and digits, C and K words with spaces
    behind (``width`` in bytes), D a day, X spaces."""

    name: str
    width: int
    kind: Literal["N", "S", "C", "K", "D", "X"]


_HEADER: Final = (
    _Field("データ区分", 1, "N"), _Field("種別コード", 2, "N"), _Field("版", 2, "N"),
    _Field("作成日", 8, "D"), _Field("団体コード", 40, "C"), _Field("団体名", 80, "K"),
    _Field("対象開始日", 8, "D"), _Field("対象終了日", 8, "D"), _Field("予備", 107, "X"),
)  # fmt: skip
_ROW: Final = (
    _Field("データ区分", 1, "N"), _Field("明細番号", 7, "N"), _Field("種別", 1, "N"),
    _Field("収納機関番号", 8, "C"), _Field("納付番号", 40, "C"), _Field("納付区分", 10, "C"),
    _Field("年度", 4, "N"), _Field("期別", 40, "K"), _Field("証券番号", 20, "C"),
    _Field("金額", 13, "S"), _Field("手数料", 13, "S"), _Field("収納日", 8, "D"),
    _Field("精算日", 8, "D"), _Field("決済番号", 20, "C"), _Field("支払番号", 40, "C"),
    _Field("予備", 23, "X"),
)  # fmt: skip
_TRAILER: Final = (
    _Field("データ区分", 1, "N"), _Field("明細件数", 7, "N"), _Field("収納件数", 7, "N"),
    _Field("収納金額", 16, "S"), _Field("減額件数", 7, "N"), _Field("減額金額", 16, "S"),
    _Field("差引金額", 16, "S"), _Field("予備", 186, "X"),
)  # fmt: skip
_END: Final = (_Field("データ区分", 1, "N"), _Field("予備", 255, "X"))


def write_fixed(head: ReconciledHead, rows: Iterable[ReconciledRow]) -> Iterator[bytes]:
    """Give the file record by record; memory does not grow with it. Raises ``BankFileWrong`` for
    what the format can't say, naming the field: nothing is cut."""
    check_text("団体名", head.name, 1)
    values: list[_Value] = ["1", FORMAT_CODE, VERSION, head.made_on, head.client_body, head.name]
    yield _write(_HEADER, [*values, head.since, head.until, ""], 1)
    totals = Totals()
    for row in rows:
        record = totals.rows + 2
        if totals.rows == MAX_ROWS:
            raise BankFileWrong(record, "明細件数", f"at most {MAX_ROWS}")
        check_row(row, record)
        totals.add(row)
        yield _write(_ROW, _row_values(row, totals.rows), record)
    last = totals.rows + 2
    sums = [totals.rows, totals.paid, totals.paid_yen, totals.off, totals.off_yen, totals.net_yen]
    yield _write(_TRAILER, ["8", *sums, ""], last)
    yield _write(_END, ["9", ""], last + 1)


def _row_values(row: ReconciledRow, number: int) -> list[_Value]:
    return [
        "2",
        number,
        KIND_CODES[row.kind],
        row.payee_number,
        row.payment_number,
        row.category_number,
        row.fiscal_year,
        row.term,
        row.policy_number,
        row.amount_yen,
        row.fee_yen,
        row.paid_on,
        row.settled_on,
        row.reference,
        row.payout_id,
        "",
    ]


def _write(fields: tuple[_Field, ...], values: list[_Value], record: int) -> bytes:
    written = b"".join(
        _write_field(field, value, record) for field, value in zip(fields, values, strict=True)
    )
    return written + b"\r\n"


def _write_field(field: _Field, value: str | int | date, record: int) -> bytes:
    if isinstance(value, date):
        return f"{value:%Y%m%d}".rjust(8, "0").encode("ascii")
    if field.kind == "S":
        number = int(value)
        raw = f"{'-' if number < 0 else '+'}{abs(number):0{field.width - 1}d}".encode("ascii")
    elif field.kind == "N":
        raw = f"{int(value):0{field.width}d}".encode("ascii")
    else:
        text = str(value)
        if field.kind == "C" and not text.isascii():
            raise BankFileWrong(record, field.name, "half-width letters and digits only")
        raw = text.encode(ENCODING).ljust(field.width)
    if len(raw) != field.width:
        raise BankFileWrong(record, field.name, f"{len(raw)} bytes, at most {field.width}")
    return raw


def read_fixed(body: bytes) -> tuple[ReconciledHead, list[ReconciledRow]]:
    """Return what a file says. Raises ``BankFileWrong``, also when its totals are not those of its
    rows, a row is missing or doubled, or something stands where spaces must be."""
    if len(body) > MAX_FILE_BYTES:
        raise BankFileWrong(1, "file", f"at most {MAX_FILE_BYTES} bytes")
    records = _records(body)
    kinds = "".join(chr(record[0]) for record in records)
    if len(kinds) < 3 or kinds != "1" + "2" * (len(kinds) - 3) + "89":
        raise BankFileWrong(1, "データ区分", "records must be 1, 2 …, 8, 9 in this order")
    head = _read(_HEADER, records[0], 1)
    if head[1:3] != [int(FORMAT_CODE), int(VERSION)]:
        raise BankFileWrong(1, "種別コード", f"{FORMAT_CODE}, version {VERSION}")
    rows, totals = [], Totals()
    for number, record in enumerate(records[1:-2], start=1):
        row = _read_row(_read(_ROW, record, number + 1), number)
        check_row(row, number + 1)
        totals.add(row)
        rows.append(row)
    trailer = _read(_TRAILER, records[-2], len(records) - 1)
    sums = [totals.rows, totals.paid, totals.paid_yen, totals.off, totals.off_yen, totals.net_yen]
    for field, said, found in zip(_TRAILER[1:], trailer[1:], sums, strict=False):
        if said != found:
            what = f"says {said}, the rows are {found}"
            raise BankFileWrong(len(records) - 1, field.name, what)
    _read(_END, records[-1], len(records))
    return ReconciledHead(head[4], head[5], head[6], head[7], head[3]), rows


def _read_row(values: list[Any], number: int) -> ReconciledRow:
    if values[1] != number:
        raise BankFileWrong(number + 1, "明細番号", f"{number} should stand here")
    kind = KINDS.get(str(values[2]))
    if kind is None:
        raise BankFileWrong(number + 1, "種別", f"one of {', '.join(KINDS)}")
    return ReconciledRow(kind, *values[3:15])


def _records(body: bytes) -> list[bytes]:
    pieces = body.removesuffix(b"\x1a").removesuffix(b"\r\n").split(b"\r\n")
    for number, piece in enumerate(pieces, start=1):
        if len(piece) != RECORD_BYTES:
            raise BankFileWrong(number, "record", f"{len(piece)} bytes instead of {RECORD_BYTES}")
    return pieces


def _read(fields: tuple[_Field, ...], record: bytes, number: int) -> list[Any]:
    values: list[Any] = []
    at = 0
    for field in fields:
        raw = record[at : at + field.width]
        at += field.width
        try:
            values.append(_read_field(field, raw))
        except ValueError:
            raise BankFileWrong(number, field.name, _WANTED[field.kind]) from None
    return values


_WANTED: Final = {
    "N": "digits only",
    "S": "a sign and digits",
    "C": "half-width letters and digits, spaces behind",
    "K": "Shift_JIS, spaces behind",
    "D": "a day as 20261124",
    "X": "spaces only",
}


def _read_field(field: _Field, raw: bytes) -> _Value:
    if field.kind == "K":
        return raw.decode(ENCODING).rstrip(" ")
    text = raw.decode("ascii")
    if field.kind == "C":
        return text.rstrip(" ")
    if field.kind == "X" and not text.strip(" "):
        return ""
    digits = text[1:] if field.kind == "S" else text
    if not digits.isdigit() or (field.kind == "S" and text[0] not in "+-"):
        raise ValueError
    if field.kind == "D":
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    return int(text)
