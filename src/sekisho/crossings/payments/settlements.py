"""What may be asked about settlement: days, differences, the lines of 消込, the network's files.
Amounts in yen. ``client_body`` is the one body that the asker acts for; the terminal and the
console may say ``*``. Days are business days (Asia/Tokyo)."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

import msgspec

from sekisho.crossings.message import Answer, Crossing

MAX_SETTLEMENTS_SHOWN = 400
MAX_DIFFERENCES_SHOWN = 500
MAX_LINES_SHOWN = 1_000

SECOND_PERSON_ABOVE_YEN = 10_000
"""A difference over more than this is closed by two persons."""

DifferenceKind = Literal[
    "not_with_us",
    "row_differs",
    "never_named",
    "clearing_differs",
    "ledger_differs",
    "payout_differs",
]
"""``not_with_us``: the clearing names what we don't have; ``row_differs``: we have it otherwise;
``never_named``: money that moved with us and that no clearing named in time; ``clearing_differs``:
the lines kept of a day are not what its file summed up; ``ledger_differs``: a settled day is not
what the ledger booked; ``payout_differs``: the bank paid otherwise than was ordered."""

DifferenceState = Literal["open", "taken", "proposed", "closed"]
LineKind = Literal["capture", "refund", "chargeback", "representment", "dispute_lost", "correction"]


class SettlementShown(Answer, frozen=True, kw_only=True):
    """One business day of one client body. What the network paid for the day
    (``clearing_yen`` = captures - refunds - chargebacks + representments) is owed to the body
    (``net_yen``), ours (``fee_yen``), tax (``fee_tax_yen``) or bound in disputes
    (``disputes_yen``): the four add up to it."""

    client_body: str
    day: date
    state: Literal["open", "closed"]
    closed_at: datetime | None
    captures: int
    captured_yen: int
    """Bill and fee."""
    bills_yen: int
    """Of it, the bills."""
    refunds: int
    refunded_yen: int
    """Above zero; bill and fee."""
    refunded_bills_yen: int
    chargebacks: int
    chargeback_yen: int
    """Above zero: what the network took back, whatever becomes of the disputes."""
    representments: int
    represented_yen: int
    disputes_lost: int
    disputes_lost_yen: int
    """Above zero: the part of lost disputes that the body bears, of its bills."""
    corrections_yen: int
    """What corrections of the ledger changed in what the body is owed."""
    fee_yen: int
    """Fee from payers less fee given back or lost, without its tax. It stays with the company."""
    fee_tax_yen: int
    disputes_yen: int
    clearing_yen: int
    """What the network's clearing says of the day."""
    ledger_yen: int
    """What the ledger booked in the bank for it."""
    net_yen: int
    """What the body is owed for the day; may be below zero."""
    payout_id: str
    """Empty: not in a payout yet."""
    payout_yen: int | None
    """What that payout counts for this day."""
    differences_open: int


class ListSettlements(Crossing["SettlementsShown"], frozen=True, kw_only=True):
    """Settlements, newest day first, then by body. ``after``: the ``next_after`` of the page
    before."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    since: date | None = None
    until: date | None = None
    after: str = ""
    limit: int = 100


class SettlementsShown(Answer, frozen=True, kw_only=True):
    settlements: list[SettlementShown]
    next_after: str
    """Empty: no more."""


class ShowSettlement(Crossing[SettlementShown], frozen=True, kw_only=True):
    """Refusal: ``settlement_unknown``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    day: date


class DifferenceShown(Answer, frozen=True, kw_only=True):
    """``said``: what each book says, in words. ``client_body`` is empty where nobody knows whose
    it is; only operators see those."""

    difference_id: str
    client_body: str
    day: date
    kind: DifferenceKind
    subject: str
    """Payment's reference, refund, case, payout or day that it is about."""
    said: str
    amount_yen: int
    """How much it is about."""
    state: DifferenceState
    found_at: datetime
    taken_by: str
    proposed_by: str
    reason: str
    closed_by: str
    closed_at: datetime | None
    needs_second: bool


class ListDifferences(Crossing["DifferencesShown"], frozen=True, kw_only=True):
    """The work list, oldest first; with ``only_open`` false the closed ones too."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    only_open: bool = True
    after: str = ""
    limit: int = 100


class DifferencesShown(Answer, frozen=True, kw_only=True):
    differences: list[DifferenceShown]
    open: int
    next_after: str


class TakeDifference(Crossing[DifferenceShown], frozen=True, kw_only=True):
    """``by`` works on it now. Said again it is the same. Refusals: ``difference_unknown``,
    ``difference_closed``, ``taken_already``, ``by_wrong``."""

    receiver: ClassVar[str] = "payments"
    difference_id: str
    by: str


class CloseDifference(Crossing[DifferenceShown], frozen=True, kw_only=True):
    """Close it with a reason. Above ``SECOND_PERSON_ABOVE_YEN`` the first word proposes and another
    person's closes. Said again it is the same. Refusals: ``difference_unknown``,
    ``difference_closed``, ``same_person``, ``reason_wrong``, ``by_wrong``."""

    receiver: ClassVar[str] = "payments"
    difference_id: str
    reason: str
    by: str


class ReconciliationLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of 消込: what a settled day did to one bill or policy. ``amount_yen`` is what the body
    is owed for it, below zero for a refund or a lost dispute."""

    number: int
    """Serial in the ledger; ``after`` of the next page."""
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
    """With its tax; below zero when given back."""
    paid_on: date
    """Business day on which the money was captured, given back or lost."""
    payout_id: str


class ReconciliationLines(Crossing["LinesShown"], frozen=True, kw_only=True):
    """Lines of the settled days ``since`` to ``until``, at most ``MAX_LINES_SHOWN``. Refusals:
    ``payment_unknown`` (no such body), ``day_wrong``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    since: date
    until: date
    after: int = 0
    limit: int = MAX_LINES_SHOWN


class LinesShown(Answer, frozen=True, kw_only=True):
    lines: list[ReconciliationLine]
    next_after: int
    """0: no more."""


class ClearingFileShown(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day's file of the network as it was taken in. ``state``: ``taken``, ``broken`` (``why``),
    ``missing`` (the day is over and none came)."""

    day: date
    state: Literal["taken", "broken", "missing"]
    final: bool
    rows: int
    net_yen: int
    settled: int
    differences: int
    taken_at: datetime | None
    why: str


class NoteClearing(Crossing["ClearingNoted"], frozen=True, kw_only=True):
    """The rows of a day's file were all sent (``SettleRows``): its sums are compared with what was
    kept of it. A final file closes the day for every client body. Said again it is the same.
    Refusals: ``day_wrong``, ``file_wrong``."""

    receiver: ClassVar[str] = "payments"
    day: date
    sha256: str
    """Of the rows, as the trailer says it; hexadecimal."""
    final: bool
    rows: int
    net_yen: int
    settled: int
    differences: int


class ClearingNoted(Answer, frozen=True, kw_only=True):
    closed: list[str]
    """Client bodies that have a settlement of this day now."""
    differences_open: int
    """On the whole work list."""


class ListClearings(Crossing["ClearingsShown"], frozen=True, kw_only=True):
    """The newest days."""

    receiver: ClassVar[str] = "payments"
    limit: int


class ClearingsShown(Answer, frozen=True, kw_only=True):
    clearings: list[ClearingFileShown]


ListSettlements.reply = SettlementsShown
ShowSettlement.reply = SettlementShown
ListDifferences.reply = DifferencesShown
TakeDifference.reply = DifferenceShown
CloseDifference.reply = DifferenceShown
ReconciliationLines.reply = LinesShown
NoteClearing.reply = ClearingNoted
ListClearings.reply = ClearingsShown
