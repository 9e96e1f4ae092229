"""消込: which bills and policies were settled, for a client body's own system. The rows, and what
every form of the file has to keep to. Its forms: ``reconciled_fixed``, ``reconciled_csv``."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import Final, Literal, NamedTuple

from sekisho.bank_files.errors import BankFileWrong

Kind = Literal["capture", "refund", "dispute_lost", "correction"]

KIND_CODES: Final[dict[Kind, str]] = {
    "capture": "1",
    "refund": "2",
    "dispute_lost": "3",
    "correction": "4",
}
"""収納, 還付, 異議による取消, 訂正."""

KINDS: Final[dict[str, Kind]] = {code: kind for kind, code in KIND_CODES.items()}
MAX_ROWS: Final = 9_999_999
"""Rows of one file; they are numbered in seven digits."""

MAX_YEN: Final = 999_999_999_999
ENCODING: Final = "cp932"
"""Shift_JIS as tax systems have it (Windows-31J)."""


class ReconciledRow(NamedTuple):
    """One bill or policy. ``amount_yen`` is what the client body is owed for it, below zero when
    given back; ``fee_yen`` the payer's fee with its tax, told only. ``paid_on``: when the money was
    taken or given back; ``settled_on``: the network's business day."""

    kind: Kind
    payee_number: str
    payment_number: str
    category_number: str
    fiscal_year: int
    term: str
    policy_number: str
    amount_yen: int
    fee_yen: int
    paid_on: date
    settled_on: date
    reference: str
    payout_id: str


class ReconciledHead(NamedTuple):
    """Whose file it is, the settled days that it covers, when it was made."""

    client_body: str
    name: str
    since: date
    until: date
    made_on: date


class Totals:
    """Counts and sums while rows pass: settled (収納) apart from what was taken off."""

    def __init__(self) -> None:
        self.rows = self.paid = self.paid_yen = self.off = self.off_yen = 0

    def add(self, row: ReconciledRow) -> None:
        self.rows += 1
        if row.kind == "capture":
            self.paid += 1
            self.paid_yen += row.amount_yen
        else:
            self.off += 1
            self.off_yen += row.amount_yen

    @property
    def net_yen(self) -> int:
        return self.paid_yen + self.off_yen


def check_row(row: ReconciledRow, record: int) -> None:
    """Raise ``BankFileWrong`` for what no form of the file can say."""
    for field, text in _texts(row):
        check_text(field, text, record)
    if row.kind not in KIND_CODES:
        raise BankFileWrong(record, "種別", f"one of {', '.join(KIND_CODES)}")
    if not 0 < abs(row.amount_yen) <= MAX_YEN:
        raise BankFileWrong(record, "金額", f"1 to {MAX_YEN} yen, either way")
    if (row.kind == "capture" and row.amount_yen < 0) or (
        row.kind in ("refund", "dispute_lost") and row.amount_yen > 0
    ):
        raise BankFileWrong(record, "金額", f"{row.amount_yen} yen of a {row.kind}")
    if abs(row.fee_yen) > MAX_YEN:
        raise BankFileWrong(record, "手数料", f"at most {MAX_YEN} yen")
    if not 0 <= row.fiscal_year <= 9999:
        raise BankFileWrong(record, "年度", "four digits")


def _texts(row: ReconciledRow) -> Iterator[tuple[str, str]]:
    yield "収納機関番号", row.payee_number
    yield "納付番号", row.payment_number
    yield "納付区分", row.category_number
    yield "期別", row.term
    yield "証券番号", row.policy_number
    yield "決済番号", row.reference
    yield "支払番号", row.payout_id


def check_text(field: str, text: str, record: int) -> None:
    """Raise ``BankFileWrong`` unless every form can say ``text`` and give it back: no character
    without a place in Shift_JIS (JIS X 0213, emoji, variation selectors), no line end, no space
    around it."""
    if text != text.strip():
        raise BankFileWrong(record, field, "begins or ends with a space")
    for character in text:
        if unicodedata.category(character)[0] == "C" or character in "\u2028\u2029":
            raise BankFileWrong(record, field, f"U+{ord(character):04X} is not allowed")
        try:
            same = character.encode(ENCODING).decode(ENCODING) == character
        except UnicodeEncodeError:
            same = False
        if not same:
            what = f"{character!r} (U+{ord(character):04X}) has no place in Shift_JIS"
            raise BankFileWrong(record, field, what)
