"""What operators may ask of payments."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from sekisho.crossings.message import Answer, Crossing


class PaymentEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    at: datetime
    from_state: str
    to_state: str
    by: str
    why: str


class PaymentHistory(Answer, frozen=True, kw_only=True):
    reference: str
    payment_id: str
    client_body: str
    site: str
    state: str
    amount_yen: int
    fee_yen: int
    events: list[PaymentEvent]
    entries: list[dict[str, str | int]]


class ShowHistory(Crossing[PaymentHistory], frozen=True, kw_only=True):
    """Everything of one payment for an operator, by payer's reference or id."""

    receiver: ClassVar[str] = "payments"
    reference: str


class VerifyLedger(Crossing["LedgerVerified"], frozen=True, kw_only=True):
    """Check that every transfer sums to zero, each payment's state fits its entries, and the
    books balance."""

    receiver: ClassVar[str] = "payments"


class LedgerVerified(Answer, frozen=True, kw_only=True):
    ok: bool
    transfers: int
    entries: int
    payments: int
    faults: list[str]


class ListUnpaidBills(Crossing["UnpaidBills"], frozen=True, kw_only=True):
    """A few unpaid sample bills and unenrolled policies, for ``make up`` to print."""

    receiver: ClassVar[str] = "payments"
    limit: int


class UnpaidBills(Answer, frozen=True, kw_only=True):
    bills: list[dict[str, str | int]]
    policies: list[str]


ShowHistory.reply = PaymentHistory
VerifyLedger.reply = LedgerVerified
ListUnpaidBills.reply = UnpaidBills
