"""What may be asked about payouts and a month's figures. Amounts in yen; ``client_body`` as in
``settlements``."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

import msgspec

from sekisho.crossings.message import Answer, Crossing
from sekisho.crossings.payments.settlements import SettlementShown

MAX_PAYOUTS_SHOWN = 400

PayoutState = Literal["prepared", "approved", "made", "returned", "dropped"]


class BankAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a client body is paid. Names in the banks' half-width kana; ``kind``: 1 ordinary,
    2 current, 4 savings, 9 other."""

    bank_code: str
    bank_name: str
    branch_code: str
    branch_name: str
    kind: str
    number: str
    holder: str


class PayoutShown(Answer, frozen=True, kw_only=True):
    """``amount_yen`` = captured bill amounts - refunds - lost disputes + corrections of its days.
    The payers' fee is not in it: they paid it to the company."""

    payout_id: str
    client_body: str
    first_day: date
    last_day: date
    days: int
    captures: int
    bills_yen: int
    refunded_yen: int
    disputes_lost_yen: int
    corrections_yen: int
    carried_yen: int
    """Part of the amount that comes from days below zero which were carried over."""
    amount_yen: int
    fee_yen: int
    """The payers' fee of these days, less what was given back, without tax: told, not paid."""
    fee_tax_yen: int
    state: PayoutState
    order_number: int
    """Which order to the bank it is: 2 after the bank returned the first."""
    account: BankAccount
    prepared_by: str
    """Operators' names, as those after it; empty for a client body."""
    prepared_at: datetime
    approved_by: str
    approved_at: datetime | None
    pay_on: date | None
    """Day that the bank is asked to pay on."""
    made_on: date | None
    made_by: str
    bank_reference: str
    why: str
    """Of a returned or dropped one."""


class ListPayouts(Crossing["PayoutsShown"], frozen=True, kw_only=True):
    """Newest first. ``state`` empty: all."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    state: str = ""
    after: str = ""
    limit: int = 100


class OwedShown(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is settled and in no payout yet. Below zero it is carried over to the next days."""

    client_body: str
    first_day: date
    last_day: date
    days: int
    amount_yen: int


class PayoutsShown(Answer, frozen=True, kw_only=True):
    payouts: list[PayoutShown]
    owed: list[OwedShown]
    next_after: str


class ShowPayout(Crossing[PayoutShown], frozen=True, kw_only=True):
    """Refusal: ``payout_unknown``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    payout_id: str


class PreparePayout(Crossing[PayoutShown], frozen=True, kw_only=True):
    """Put every settled day up to ``last_day`` that was not paid into one payout. Said again it is
    the same payout. Refusals: ``payout_unknown`` (no such body), ``nothing_to_pay`` (no day, or
    the sum is not above zero: it is carried over), ``account_unknown``, ``test_body``,
    ``by_wrong``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    last_day: date
    by: str


class ApprovePayout(Crossing[PayoutShown], frozen=True, kw_only=True):
    """The second person says yes to ``amount_yen`` on ``pay_on``; the ledger books it as on its
    way. Refusals: ``payout_unknown``, ``same_person``, ``amount_differs``, ``payout_over``,
    ``day_wrong``, ``by_wrong``."""

    receiver: ClassVar[str] = "payments"
    payout_id: str
    amount_yen: int
    pay_on: date
    by: str


class DropPayout(Crossing[PayoutShown], frozen=True, kw_only=True):
    """Give up a payout that was not approved, or that the bank returned: its days are free for
    another. Refusals: ``payout_unknown``, ``payout_over``, ``reason_wrong``, ``by_wrong``."""

    receiver: ClassVar[str] = "payments"
    payout_id: str
    reason: str
    by: str


class MarkPayoutMade(Crossing[PayoutShown], frozen=True, kw_only=True):
    """The bank paid ``amount_yen`` on ``made_on``. Another amount than was ordered is refused and
    stands on the list of differences. Refusals: ``payout_unknown``, ``not_approved``,
    ``amount_differs``, ``day_wrong``, ``reference_wrong``, ``by_wrong``."""

    receiver: ClassVar[str] = "payments"
    payout_id: str
    amount_yen: int
    made_on: date
    bank_reference: str
    by: str


class MarkPayoutReturned(Crossing[PayoutShown], frozen=True, kw_only=True):
    """The bank could not pay: the body is owed the amount again, and the payout waits for another
    approval. Refusals: ``payout_unknown``, ``not_approved``, ``reason_wrong``, ``by_wrong``."""

    receiver: ClassVar[str] = "payments"
    payout_id: str
    reason: str
    by: str


class MonthFigures(Answer, frozen=True, kw_only=True):
    """A month of one client body, of its settled days; every figure is the ledger's.
    ``opening_owed_yen`` + ``net_yen`` - ``paid_yen`` = ``closing_owed_yen``."""

    client_body: str
    month: str
    final: bool
    """Whether every day of the month is settled."""
    days: list[SettlementShown]
    captures: int
    captured_yen: int
    bills_yen: int
    fee_yen: int
    fee_tax_yen: int
    refunds: int
    refunded_yen: int
    """Of bills."""
    refunded_fee_yen: int
    disputes_lost: int
    disputes_lost_yen: int
    corrections_yen: int
    net_yen: int
    opening_owed_yen: int
    paid_yen: int
    closing_owed_yen: int
    payouts: list[PayoutShown]


class MonthlyFigures(Crossing[MonthFigures], frozen=True, kw_only=True):
    """``month`` as 2026-11. Refusals: ``month_wrong``, ``payment_unknown`` (no such body)."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    month: str


ListPayouts.reply = PayoutsShown
ShowPayout.reply = PayoutShown
PreparePayout.reply = PayoutShown
ApprovePayout.reply = PayoutShown
DropPayout.reply = PayoutShown
MarkPayoutMade.reply = PayoutShown
MarkPayoutReturned.reply = PayoutShown
MonthlyFigures.reply = MonthFigures
