"""総合振込: the transfer file of the Zengin format, records of 120 bytes.

Header (1), transfers (2), trailer with check totals (8), end (9). Half-width kana of JIS X 0201 in
one byte each, digits right-aligned with zeros, words left-aligned with spaces. Records may be
followed by CR LF, as most banks' software writes them; both forms are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final, Literal, NamedTuple

from sekisho.bank_files.bank_kana import BANK_NAME, EDI, HOLDER, to_bank_kana
from sekisho.bank_files.errors import BankFileWrong

RECORD_BYTES: Final = 120
MAX_TRANSFERS: Final = 999_999
"""The trailer counts in six digits."""

SENDER_CODE_DIGITS: Final = 10
MAX_AMOUNT_YEN: Final = 9_999_999_999
MAX_FILE_BYTES: Final = (MAX_TRANSFERS + 3) * (RECORD_BYTES + 2)

AccountKind = Literal["1", "2", "4", "9"]
"""1 ordinary (普通), 2 current (当座), 4 savings (貯蓄), 9 other."""

_KINDS: Final = ("1", "2", "4", "9")


class Account(NamedTuple):
    """A bank account; names in any writing that ``to_bank_kana`` can turn into the banks' kana."""

    bank_code: str
    bank_name: str
    branch_code: str
    branch_name: str
    kind: AccountKind
    number: str


class Sender(NamedTuple):
    """Who orders the transfers. ``code`` is given by the bank, ten digits; ``account`` is not a
    savings account."""

    code: str
    name: str
    account: Account


class Transfer(NamedTuple):
    """``customer_codes`` are two fields of ten digits, or with ``edi`` one of twenty characters
    (識別表示 Y) that travels to the receiver's statement."""

    account: Account
    receiver: str
    amount_yen: int
    edi: str = ""
    customer_codes: tuple[str, str] = ("", "")


class TransferFile(NamedTuple):
    """Transfers of one day."""

    sender: Sender
    day: date
    transfers: list[Transfer]


class _Field(NamedTuple):
    """``letters`` empty: digits."""

    name: str
    width: int
    letters: frozenset[str] = frozenset()
    needed: bool = False


_n = _Field


def _c(name: str, width: int, letters: frozenset[str] = BANK_NAME) -> _Field:
    return _Field(name, width, letters)


def _holder(name: str, width: int) -> _Field:
    return _Field(name, width, HOLDER, needed=True)


_HEADER: Final = (
    _n("データ区分", 1), _n("種別コード", 2), _n("コード区分", 1), _n("振込依頼人コード", 10),
    _holder("振込依頼人名", 40), _n("取組日", 4), _n("仕向銀行番号", 4), _c("仕向銀行名", 15),
    _n("仕向支店番号", 3), _c("仕向支店名", 15), _n("預金種目", 1), _n("口座番号", 7),
    _c("ダミー", 17),
)  # fmt: skip
_TRANSFER: Final = (
    _n("データ区分", 1), _n("被仕向銀行番号", 4), _c("被仕向銀行名", 15), _n("被仕向支店番号", 3),
    _c("被仕向支店名", 15), _c("手形交換所番号", 4), _n("預金種目", 1), _n("口座番号", 7),
    _holder("受取人名", 30), _n("振込金額", 10), _n("新規コード", 1), _c("顧客コード", 20, EDI),
    _n("振込指定区分", 1), _c("識別表示", 1), _c("ダミー", 7),
)  # fmt: skip
_TRAILER: Final = (
    _n("データ区分", 1), _n("合計件数", 6), _n("合計金額", 12), _c("ダミー", 101),
)  # fmt: skip
_END: Final = (_n("データ区分", 1), _c("ダミー", 119))

_CUSTOMER_CODE: Final = re.compile(r"[1-9][0-9]{0,9}")
_COMBINED = "21"
_BY_WIRE = "7"
_NOT_NEW = "0"


def write_transfers(file: TransferFile, *, line_ends: bool = True) -> bytes:
    """Return the file. Raises ``BankFileWrong`` for what the format can't say: a name with kanji
    or too long, a code of other length, an amount of 0 or above ``MAX_AMOUNT_YEN``, no or too many
    transfers."""
    if not 1 <= len(file.transfers) <= MAX_TRANSFERS:
        count = len(file.transfers)
        raise BankFileWrong(1, "合計件数", f"1 to {MAX_TRANSFERS} transfers, not {count}")
    account = file.sender.account
    if len(file.sender.code) != SENDER_CODE_DIGITS:
        raise BankFileWrong(1, "振込依頼人コード", f"{SENDER_CODE_DIGITS} digits")
    if account.kind == "4":
        raise BankFileWrong(1, "預金種目", "no savings account orders transfers")
    head = ["1", _COMBINED, "0", file.sender.code, file.sender.name, f"{file.day:%m%d}"]
    head += [account.bank_code, account.bank_name, account.branch_code, account.branch_name]
    records = [_write(_HEADER, [*head, *_kind_and_number(1, account), ""], 1)]
    total = 0
    for number, transfer in enumerate(file.transfers, start=2):
        records.append(_write(_TRANSFER, _transfer_values(transfer, number), number))
        total += transfer.amount_yen
    last = len(file.transfers) + 2
    records.append(_write(_TRAILER, ["8", str(len(file.transfers)), str(total), ""], last))
    records.append(_write(_END, ["9", ""], last + 1))
    end = b"\r\n" if line_ends else b""
    return b"".join(record + end for record in records)


def _transfer_values(transfer: Transfer, record: int) -> list[str]:
    if not 1 <= transfer.amount_yen <= MAX_AMOUNT_YEN:
        raise BankFileWrong(record, "振込金額", f"1 to {MAX_AMOUNT_YEN} yen")
    account = transfer.account
    if transfer.edi and any(transfer.customer_codes):
        raise BankFileWrong(record, "識別表示", "either EDI information or customer codes")
    behind = transfer.edi
    if not behind:
        for code in transfer.customer_codes:
            if code and not _CUSTOMER_CODE.fullmatch(code):
                what = "at most ten digits each, no zero in front"
                raise BankFileWrong(record, "顧客コード", what)
        behind = "".join(code.rjust(10, "0") for code in transfer.customer_codes)
    values = ["2", account.bank_code, account.bank_name, account.branch_code, account.branch_name]
    values += ["", *_kind_and_number(record, account), transfer.receiver]
    mark = "Y" if transfer.edi else ""
    return [*values, str(transfer.amount_yen), _NOT_NEW, behind, _BY_WIRE, mark, ""]


def _kind_and_number(record: int, account: Account) -> list[str]:
    for field, code, width in (
        ("銀行番号", account.bank_code, 4),
        ("支店番号", account.branch_code, 3),
        ("口座番号", account.number, 7),
    ):
        if len(code) != width:
            raise BankFileWrong(record, field, f"{width} digits")
    if account.kind not in _KINDS:
        raise BankFileWrong(record, "預金種目", f"one of {', '.join(_KINDS)}")
    return [account.kind, account.number]


def _write(fields: tuple[_Field, ...], values: list[str], record: int) -> bytes:
    written = []
    for field, value in zip(fields, values, strict=True):
        if not field.letters:
            if not (value.isascii() and value.isdigit()):
                raise BankFileWrong(record, field.name, "digits only")
            text = value.rjust(field.width, "0")
        else:
            text = _kana(field, value, record).ljust(field.width)
        if len(text) != field.width:
            what = f"{len(text)} characters, at most {field.width}"
            raise BankFileWrong(record, field.name, what)
        written.append(text)
    return "".join(written).encode("shift_jis")


def _kana(field: _Field, value: str, record: int) -> str:
    try:
        text = to_bank_kana(value, field.letters).rstrip(" ")
    except ValueError as wrong:
        raise BankFileWrong(record, field.name, str(wrong)) from None
    if field.needed and not text:
        raise BankFileWrong(record, field.name, "must not be empty")
    return text


def read_transfers(body: bytes, *, year: int) -> TransferFile:
    """Return the transfers of a file whose day lies in ``year`` (the format has month and day
    only). Raises ``BankFileWrong``, also when the trailer's totals are not those of its records."""
    if len(body) > MAX_FILE_BYTES:
        raise BankFileWrong(1, "file", f"at most {MAX_FILE_BYTES} bytes")
    records = list(_records(body))
    kinds = "".join(chr(record[0]) for record in records)
    if len(kinds) < 4 or kinds != "1" + "2" * (len(kinds) - 3) + "89":
        raise BankFileWrong(1, "データ区分", "records must be 1, 2 …, 8, 9 in this order")
    head = _read(_HEADER, records[0], 1)
    if head[1] != _COMBINED:
        raise BankFileWrong(1, "種別コード", f"{_COMBINED} (総合振込), not {head[1]}")
    try:
        day = date(year, int(head[5][:2]), int(head[5][2:]))
    except ValueError:
        raise BankFileWrong(1, "取組日", f"no day: {head[5]}") from None
    account = Account(head[6], head[7], head[8], head[9], _kind(head[10], 1), head[11])
    transfers = [
        _read_transfer(_read(_TRANSFER, record, number), number)
        for number, record in enumerate(records[1:-2], start=2)
    ]
    trailer = _read(_TRAILER, records[-2], len(records) - 1)
    total = sum(transfer.amount_yen for transfer in transfers)
    if (int(trailer[1]), int(trailer[2])) != (len(transfers), total):
        raise BankFileWrong(
            len(records) - 1, "合計", f"says {int(trailer[1])} transfers of {int(trailer[2])} yen,"
            f" the records are {len(transfers)} of {total} yen",
        )  # fmt: skip
    return TransferFile(Sender(head[3], head[4], account), day, transfers)


def _read_transfer(values: list[str], record: int) -> Transfer:
    account = Account(
        values[1], values[2], values[3], values[4], _kind(values[6], record), values[7]
    )
    amount = int(values[9])
    if amount < 1:
        raise BankFileWrong(record, "振込金額", "at least 1 yen")
    behind = values[11]
    if values[13] == "Y":
        return Transfer(account, values[8], amount, edi=behind)
    padded = behind.ljust(20)
    codes = (padded[:10].strip().lstrip("0"), padded[10:].strip().lstrip("0"))
    return Transfer(account, values[8], amount, customer_codes=codes)


def _kind(value: str, record: int) -> AccountKind:
    if value not in _KINDS:
        raise BankFileWrong(record, "預金種目", f"one of {', '.join(_KINDS)}")
    return value  # type: ignore[return-value]


def _records(body: bytes) -> Iterator[bytes]:
    # An end-of-file mark of old systems may follow the last record.
    body = body.rstrip(b"\x1a")
    pieces: Iterable[bytes]
    if b"\n" in body:
        pieces = (line.removesuffix(b"\r") for line in body.removesuffix(b"\n").split(b"\n"))
    else:
        pieces = (body[at : at + RECORD_BYTES] for at in range(0, len(body), RECORD_BYTES))
    for number, piece in enumerate(pieces, start=1):
        if len(piece) != RECORD_BYTES:
            raise BankFileWrong(number, "record", f"{len(piece)} bytes instead of {RECORD_BYTES}")
        yield piece


def _read(fields: tuple[_Field, ...], record: bytes, number: int) -> list[str]:
    try:
        text = record.decode("shift_jis")
    except UnicodeDecodeError as wrong:
        raise BankFileWrong(number, f"byte {wrong.start + 1}", "not JIS X 0201") from None
    if len(text) != RECORD_BYTES:
        raise BankFileWrong(number, "record", "holds characters of two bytes")
    values, at = [], 0
    for field in fields:
        value = text[at : at + field.width]
        at += field.width
        if not field.letters and not (value.isascii() and value.isdigit()):
            raise BankFileWrong(number, field.name, "digits only")
        strange = set(value) - field.letters if field.letters else set()
        if strange:
            raise BankFileWrong(number, field.name, f"{sorted(strange)[0]!r} is not allowed")
        if field.needed and not value.strip():
            raise BankFileWrong(number, field.name, "must not be empty")
        values.append(value.rstrip(" ") if field.letters else value)
    return values
