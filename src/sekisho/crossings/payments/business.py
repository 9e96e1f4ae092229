"""What a client body may ask of its own bills, payments and refunds. ``client_body`` is the one
body that the asker acts for, given by the desk from the signed-in person or the API key, never from
a request; the terminal may say ``*`` in questions. ``by`` is the person or key as the desk knows
them.

Every question sees what was committed before it came: payments is asked, not a copy. Pages go from
the newest on; ``cursor`` is the ``next_cursor`` of the page before (opaque, good for any time), and
a page whose ``next_cursor`` is ``None`` is the last. Refusals of all: ``client_body_unknown``,
``cursor_wrong``, ``limit_wrong``, ``filter_wrong`` (field)."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

import msgspec

from sekisho.crossings.message import Answer, Crossing
from sekisho.crossings.payments.after_payment import DisputeShown, RefundShown, RefundStatus
from sekisho.crossings.payments.shown import PublicStatus

MAX_PAGE_ROWS = 200
"""Rows of one page of any list."""

BillState = Literal["not_yet", "unpaid", "in_payment", "paid", "withdrawn", "expired"]
"""``not_yet``: before its first payable moment. ``in_payment``: a payment holds it, also one whose
outcome nobody knows yet. ``expired``: unpaid, and too late to pay it by card."""


class BillGiven(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A printed bill as its client body gives it; the rules of the file import hold."""

    payee_number: str
    payment_number: str
    confirmation_number: str
    category_number: str
    item_ja: str
    item_en: str
    fiscal_year: int
    term: str
    amount_yen: int
    first_payable_at: datetime
    due_date: date
    payable_until: datetime


class BillShown(Answer, frozen=True, kw_only=True):
    """A bill for its own client body. One made by a link has an empty ``payee_number``,
    ``confirmation_number`` and ``category_number``, and the body's own reference as
    ``payment_number``. The confirmation number is the payer's secret and is not shown again."""

    bill_id: str
    client_body: str
    test: bool
    payee_number: str
    payment_number: str
    category_number: str
    item_ja: str
    item_en: str
    fiscal_year: int
    term: str
    amount_yen: int
    first_payable_at: datetime
    due_date: date
    payable_until: datetime
    changed_at: datetime
    state: BillState
    payment_id: str | None
    """The payment that holds it or paid it."""
    reference: str | None
    """That payment's reference, as its payer knows it."""


class PutBill(Crossing[BillShown], frozen=True, kw_only=True):
    """Give one bill, or change it as long as nobody pays it; open payments of a changed bill are
    cancelled *by the client body*. Said again with the same ``key`` it changes nothing and answers
    with the bill as it is now.

    Refusals (field): ``payee_unknown``, ``wrong_length``, ``amount_out_of_bounds``, ``text_wrong``,
    ``year_wrong``, ``dates_in_wrong_order``, ``bill_paid``, ``bill_in_payment``, ``key_reused``,
    ``key_wrong``, ``by_wrong``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    key: str
    bill: BillGiven
    by: str


class WithdrawBill(Crossing[BillShown], frozen=True, kw_only=True):
    """Nobody can pay it from now on; open payments of it are cancelled, links to it closed. Said
    again it is the same; ``PutBill`` brings it back. Refusals: ``bill_unknown``, ``bill_paid``,
    ``bill_in_payment``, ``by_wrong``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    bill_id: str
    by: str


class ShowBill(Crossing[BillShown], frozen=True, kw_only=True):
    """Refusal: ``bill_unknown``, also for another body's."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    bill_id: str


class FindBills(Crossing["BillsFound"], frozen=True, kw_only=True):
    """Bills of the body, newest first. Every filter that is not ``None`` must hold; ranges hold
    both ends."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    payment_number: str | None = None
    """The whole number (or reference of an API-made one)."""
    state: BillState | None = None
    fiscal_year: int | None = None
    due_from: date | None = None
    due_to: date | None = None
    amount_from_yen: int | None = None
    amount_to_yen: int | None = None
    changed_from: datetime | None = None
    cursor: str | None = None
    limit: int = 50


class BillsFound(Answer, frozen=True, kw_only=True):
    bills: list[BillShown]
    next_cursor: str | None


PaymentKind = Literal["bill", "card_check", "charge"]
"""``bill``: a bill or link; ``card_check``: of an enrolment; ``charge``: of a charge run."""


class PaymentLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A payment in a list of its client body. ``brand`` and ``last_four`` are of the card in use;
    never more of the number (PCI DSS 3.4.1). Amounts in yen."""

    payment_id: str
    reference: str
    client_body: str
    test: bool
    site: str
    kind: PaymentKind
    status: PublicStatus
    reason: str
    """As ``PaymentShown.reason``: a coarse word, the same for every decline."""
    amount_yen: int
    fee_yen: int
    fee_tax_yen: int
    """Consumption tax inside ``fee_yen``."""
    total_yen: int
    refunded_yen: int
    """Given back for good."""
    bill_id: str | None
    payment_number: str | None
    """The bill's number, or the reference of an API-made one."""
    item_ja: str
    item_en: str
    policy_number: str | None
    brand: str | None
    last_four: str | None
    started_at: datetime
    finished_at: datetime | None
    """When it was captured, or ended without money; ``None`` while under way."""
    settled: bool
    """Whether the network's clearing named it."""


class FindPayments(Crossing["PaymentsFound"], frozen=True, kw_only=True):
    """Payments of the body, newest first. Every filter that is not ``None`` must hold; ``_from`` is
    included, ``_to`` of moments is not, ``_to_yen`` is."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    reference: str | None = None
    """The payer's reference as typed, or a payment's id."""
    payment_number: str | None = None
    status: PublicStatus | None = None
    kind: PaymentKind | None = None
    started_from: datetime | None = None
    started_to: datetime | None = None
    finished_from: datetime | None = None
    finished_to: datetime | None = None
    amount_from_yen: int | None = None
    """Of the total, fee included."""
    amount_to_yen: int | None = None
    brand: str | None = None
    """``visa``, ``mastercard``, ``jcb``, ``amex``, ``diners``."""
    last_four: str | None = None
    policy_number: str | None = None
    cursor: str | None = None
    limit: int = 50


class PaymentsFound(Answer, frozen=True, kw_only=True):
    payments: list[PaymentLine]
    next_cursor: str | None


Who = Literal["payer", "client_body", "card_company", "platform"]


class PaymentStep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A step of a payment in words that a client body may see: what it is then, whose doing it was
    and the coarse reason."""

    at: datetime
    status: PublicStatus
    event: str
    """What happened, a stable word: ``started``, ``card_entered``, ``another_card``,
    ``confirmed``, ``identity_asked``, ``identity_answered``, ``identity_confirmed``,
    ``authorised``, ``capture_asked``, ``captured``, ``settled``, ``card_checked``, ``declined``,
    ``failed``, ``cancelled``, ``expired``, ``outcome_unknown``, ``giving_back``,
    ``given_back``."""
    who: Who
    person: str
    """For ``client_body``: its own person or key; else empty."""
    reason: str


class CardTried(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A card entered for the payment. ``eci`` and ``liability`` as ``AttemptShown``."""

    number: int
    entered_at: datetime
    brand: str
    last_four: str
    authenticated: bool
    eci: str
    exemption: str
    liability: Literal["issuer", "acquirer", "none"]
    outcome: Literal["none", "approved", "declined", "unknown", "not_taken"]


class PaymentOfBody(Answer, frozen=True, kw_only=True):
    payment: PaymentLine
    steps: list[PaymentStep]
    cards: list[CardTried]
    refunds: list[RefundShown]
    disputes: list[DisputeShown]
    left_yen: int
    """What may still be given back of bill and fee together."""
    left_fee_yen: int
    """Of ``left_yen``, the fee's part."""
    capture_by: datetime | None
    link_id: str | None


class ShowPaymentOfBody(Crossing[PaymentOfBody], frozen=True, kw_only=True):
    """By id or reference. Refusal: ``payment_unknown``, also for another body's."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    payment_id: str


class RefundLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A refund in a list; amounts in yen."""

    refund_id: str
    client_body: str
    payment_id: str
    reference: str
    payment_number: str | None
    amount_yen: int
    fee_yen: int
    status: RefundStatus
    reason: str
    asked_by: str
    asked_at: datetime
    finished_at: datetime | None
    settled: bool


class FindRefunds(Crossing["RefundsFound"], frozen=True, kw_only=True):
    """Refunds of the body, newest first; filters as in ``FindPayments``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    refund_id: str | None = None
    payment_id: str | None = None
    status: RefundStatus | None = None
    asked_from: datetime | None = None
    asked_to: datetime | None = None
    cursor: str | None = None
    limit: int = 50


class RefundsFound(Answer, frozen=True, kw_only=True):
    refunds: list[RefundLine]
    next_cursor: str | None


PutBill.reply = BillShown
WithdrawBill.reply = BillShown
ShowBill.reply = BillShown
FindBills.reply = BillsFound
FindPayments.reply = PaymentsFound
ShowPaymentOfBody.reply = PaymentOfBody
FindRefunds.reply = RefundsFound
