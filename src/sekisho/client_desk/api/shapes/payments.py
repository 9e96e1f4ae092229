"""Payments, refunds and disputes."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from sekisho.client_desk.api.shapes.bills import PaymentNumber
from sekisho.client_desk.api.shapes.words import (
    NO_CONTROLS,
    Asked,
    AskedFlag,
    AskedWhole,
    Identifier,
    Moment,
    Reason,
    Said,
    Shown,
    Stamp,
    YenOrNone,
)
from sekisho.crossings.payments.after_payment import DisputeStatus, RefundStatus
from sekisho.crossings.payments.business import PaymentKind
from sekisho.crossings.payments.shown import PublicStatus

Brand = Literal["visa", "mastercard", "jcb", "amex", "diners"]
LastFour = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]
TypedReference = Annotated[
    str, StringConstraints(min_length=1, max_length=40, pattern=r"^[0-9A-Za-z_-]+$")
]
Grounds = Annotated[str, StringConstraints(strict=True, max_length=700, pattern=NO_CONTROLS)]


class Payment(Shown):
    """A payment. Of the card you see brand and last four digits, never more. Amounts in yen."""

    payment_id: str
    reference: str
    test: bool
    site: str
    kind: PaymentKind
    status: PublicStatus
    reason: str = Field(description="Why, where `status` needs it; else empty.")
    amount_yen: int
    fee_yen: int
    fee_tax_yen: int
    total_yen: int
    refunded_yen: int
    bill_id: str | None
    payment_number: str | None
    item_ja: str
    item_en: str
    policy_number: str | None
    brand: str | None
    last_four: str | None
    started_at: Stamp
    finished_at: Stamp | None
    settled: bool


class PaymentPage(Shown):
    """Payments, newest first."""

    data: list[Payment]
    next_cursor: str | None


class PaymentFilters(Asked):
    """Every filter that is given must hold; `_from` is included, `_to` of moments is not."""

    reference: TypedReference | None = None
    payment_number: PaymentNumber | None = None
    status: PublicStatus | None = None
    kind: PaymentKind | None = None
    started_from: Moment | None = None
    started_to: Moment | None = None
    finished_from: Moment | None = None
    finished_to: Moment | None = None
    amount_from_yen: AskedWhole | None = None
    amount_to_yen: AskedWhole | None = None
    brand: Brand | None = None
    last_four: LastFour | None = None
    policy_number: PaymentNumber | None = None


class Step(Shown):
    """What happened to a payment, and whose doing it was."""

    at: Stamp
    status: PublicStatus
    event: str
    who: Literal["payer", "client_body", "card_company", "platform"]
    person: str
    reason: str


class Card(Shown):
    """A card that was entered for the payment."""

    number: int
    entered_at: Stamp
    brand: str
    last_four: str
    authenticated: bool
    eci: str
    exemption: str
    liability: Literal["issuer", "acquirer", "none"]
    outcome: Literal["none", "approved", "declined", "unknown", "not_taken"]


class RefundOrder(Shown):
    """A refund as it was ordered; `left_yen` is what may still be given back after it."""

    refund_id: str
    payment_id: str
    amount_yen: int
    fee_yen: int
    status: RefundStatus
    asked_at: Stamp
    finished_at: Stamp | None
    left_yen: int


class Dispute(Shown):
    """A cardholder's dispute: the card network took the money back for now."""

    case_number: str
    payment_id: str
    reference: str
    amount_yen: int
    reason_code: str
    respond_by: date
    status: DisputeStatus
    received_at: Stamp
    answered_by: str
    ended_at: Stamp | None


class WholePayment(Shown):
    """A payment with everything that happened to it. `left_yen` is what may still be given back of
    bill and fee together; `capture_by` when an authorisation is given back by itself."""

    payment: Payment
    steps: list[Step]
    cards: list[Card]
    refunds: list[RefundOrder]
    disputes: list[Dispute]
    left_yen: int
    left_fee_yen: int
    capture_by: Stamp | None
    link_id: str | None


class Money(Shown):
    """Where the money of one payment is."""

    payment_id: str
    reference: str
    captured_yen: int
    refunded_yen: int
    left_yen: int
    capture_by: Stamp | None


class WhyVoided(Said):
    """Why an authorisation is given back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "The order was undone"}]})

    reason: Reason


class RefundToAsk(Said):
    """How much of the bill and of its fee. `left_yen` is what you saw as left: if it changed
    meanwhile nothing is done."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"amount_yen": 4000, "fee_yen": 0, "left_yen": 12132, "reason": "Paid twice"}
            ]
        }
    )

    amount_yen: YenOrNone
    fee_yen: YenOrNone = 0
    left_yen: YenOrNone
    reason: Reason


class Refund(Shown):
    """A refund in a list."""

    refund_id: str
    payment_id: str
    reference: str
    payment_number: str | None
    amount_yen: int
    fee_yen: int
    status: RefundStatus
    reason: str
    asked_by: str
    asked_at: Stamp
    finished_at: Stamp | None
    settled: bool


class RefundPage(Shown):
    """Refunds, newest first."""

    data: list[Refund]
    next_cursor: str | None


class RefundsAsked(Asked):
    """Every filter that is given must hold."""

    payment_id: Identifier | None = None
    status: RefundStatus | None = None
    asked_from: Moment | None = None
    asked_to: Moment | None = None


class DisputePage(Shown):
    """Disputes by the day to answer by, open ones first."""

    data: list[Dispute]
    next_cursor: str | None


class DisputesAsked(Asked):
    """Only those that wait for an answer, or all."""

    only_open: AskedFlag = True


class DisputeAnswer(Said):
    """`contest` with grounds, or `accept`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"answer": "contest", "grounds": "Slip and signature of 2 November"}]
        }
    )

    answer: Literal["accept", "contest"]
    grounds: Grounds = ""
