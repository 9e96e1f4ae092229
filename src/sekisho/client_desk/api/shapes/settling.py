"""Settled days, payouts, and the lines by which a body's books are closed."""

from __future__ import annotations

from datetime import date
from typing import Literal

from sekisho.client_desk.api.shapes.words import Asked, Day, Shown, Stamp
from sekisho.crossings.payments.payouts import PayoutState
from sekisho.crossings.payments.settlements import LineKind


class Settlement(Shown):
    """One business day. `net_yen` is what you are owed for it; the payers' fee is not in it."""

    day: date
    state: Literal["open", "closed"]
    closed_at: Stamp | None
    captures: int
    captured_yen: int
    refunds: int
    refunded_yen: int
    chargebacks: int
    chargeback_yen: int
    representments: int
    represented_yen: int
    disputes_lost: int
    disputes_lost_yen: int
    corrections_yen: int
    fee_yen: int
    fee_tax_yen: int
    disputes_yen: int
    clearing_yen: int
    ledger_yen: int
    net_yen: int
    payout_id: str
    payout_yen: int | None
    differences_open: int


class SettlementPage(Shown):
    """Settled days, newest first."""

    data: list[Settlement]
    next_cursor: str | None


class SettlementsAsked(Asked):
    """Days from `since` to `until`, both included."""

    since: Day | None = None
    until: Day | None = None


class Line(Shown):
    """What a settled day did to one bill or policy; below zero for a refund or a lost dispute."""

    number: int
    kind: LineKind
    day: date
    payment_id: str
    reference: str
    payee_number: str
    payment_number: str
    category_number: str
    fiscal_year: int
    term: str
    policy_number: str
    amount_yen: int
    fee_yen: int
    paid_on: date
    payout_id: str


class LinePage(Shown):
    """Lines in the order of the ledger."""

    data: list[Line]
    next_cursor: str | None


class Payout(Shown):
    """What the bank was asked to pay you for some days."""

    payout_id: str
    first_day: date
    last_day: date
    days: int
    captures: int
    bills_yen: int
    refunded_yen: int
    disputes_lost_yen: int
    corrections_yen: int
    carried_yen: int
    amount_yen: int
    fee_yen: int
    fee_tax_yen: int
    state: PayoutState
    prepared_at: Stamp
    approved_at: Stamp | None
    pay_on: date | None
    made_on: date | None
    bank_reference: str
    why: str


class PayoutPage(Shown):
    """Payouts, newest first."""

    data: list[Payout]
    next_cursor: str | None


class PayoutsAsked(Asked):
    """Of one state, or all."""

    state: PayoutState | None = None
