"""What may be asked about money after the issuer said yes: capture, void, refund, dispute,
settlement. ``client_body`` is the one body that the asker acts for; the terminal and the console
may say ``*``. ``by`` is the person as the asking zone knows them; it stands in the history."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

import msgspec

from sekisho.crossings.message import Answer, Crossing, Taken

RefundStatus = Literal["asked", "done", "refused", "unknown"]
DisputeStatus = Literal["open", "accepted", "contested", "won", "lost"]


class MoneyShown(Answer, frozen=True, kw_only=True):
    """Where the money of one payment is, in yen."""

    payment_id: str
    reference: str
    state: str
    captured_yen: int
    refunded_yen: int
    """Done or under way."""
    left_yen: int
    """What may still be given back of bill and fee together."""
    capture_by: datetime | None
    """For a payment that waits for its capture: when the authorisation is given back by itself."""


class ShowMoney(Crossing[MoneyShown], frozen=True, kw_only=True):
    """By id or reference. Refusal: ``payment_unknown``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    payment_id: str


class CapturePayment(Crossing[MoneyShown], frozen=True, kw_only=True):
    """Capture an authorised payment that waits for it. Said again it is the same. Refusals:
    ``payment_unknown``, ``not_capturable``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    payment_id: str
    by: str


class VoidPayment(Crossing[MoneyShown], frozen=True, kw_only=True):
    """Give an authorisation back that was not captured. Said again it is the same. Refusals:
    ``payment_unknown``, ``not_voidable``, ``reason_wrong``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    payment_id: str
    reason: str
    by: str


class RefundShown(Answer, frozen=True, kw_only=True):
    refund_id: str
    payment_id: str
    amount_yen: int
    fee_yen: int
    status: RefundStatus
    asked_at: datetime
    finished_at: datetime | None
    left_yen: int
    """Of the payment, after this refund."""


class RefundPayment(Crossing[RefundShown], frozen=True, kw_only=True):
    """Give captured money back: ``amount_yen`` of the bill and ``fee_yen`` of the fee. ``left_yen``
    is what the asker saw as left: if that changed meanwhile nothing is done (two people who refund
    the same payment). Said again with the same ``key`` it is the same refund.

    Refusals: ``payment_unknown``, ``not_captured``, ``amount_wrong`` (field), ``left_changed``
    (detail: what is left), ``key_reused``, ``in_dispute``, ``reason_wrong``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    key: str
    payment_id: str
    amount_yen: int
    fee_yen: int
    left_yen: int
    reason: str
    by: str


class RefundOutcome(Crossing[Taken], frozen=True, kw_only=True):
    """What the network said to a refund; a later outcome may turn *unknown* into another."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    refund_id: str
    result: Literal["refunded", "refused", "unknown", "not_sent"]
    response_code: str
    network_reference: str


class ChargebackReceived(Crossing[Taken], frozen=True, kw_only=True):
    """A cardholder disputes a captured payment; the network took the money back for now."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    case_number: str
    """The network's number of the case: known by it."""
    amount_yen: int
    reason_code: str
    respond_by: date


class DisputeEnded(Crossing[Taken], frozen=True, kw_only=True):
    """How the network decided a contested chargeback."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    case_number: str
    result: Literal["won", "lost"]


class DisputeShown(Answer, frozen=True, kw_only=True):
    case_number: str
    payment_id: str
    reference: str
    client_body: str
    amount_yen: int
    reason_code: str
    respond_by: date
    status: DisputeStatus
    received_at: datetime
    answered_by: str
    ended_at: datetime | None


class AnswerDispute(Crossing[DisputeShown], frozen=True, kw_only=True):
    """Accept a chargeback, or contest it with ``grounds`` (what proves that the payment was
    right). Refusals: ``dispute_unknown``, ``dispute_over``, ``dispute_answered``, ``too_late``,
    ``grounds_wrong``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    case_number: str
    answer: Literal["accept", "contest"]
    grounds: str
    by: str


class ListDisputes(Crossing["DisputesShown"], frozen=True, kw_only=True):
    """Disputes by the day to answer by, open ones first."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    limit: int
    only_open: bool = True


class DisputesShown(Answer, frozen=True, kw_only=True):
    disputes: list[DisputeShown]


class ClearingRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of the network's clearing file. ``reference`` is the payer's reference that the
    authorisation carried; amounts in yen, above zero whatever ``kind``."""

    line: int
    kind: Literal["capture", "refund", "chargeback", "representment"]
    reference: str
    network_reference: str
    amount_yen: int


class SettleRows(Crossing["RowsSettled"], frozen=True, kw_only=True):
    """Settle the payments that the network's clearing of ``day`` names; the same row again changes
    nothing. At most ``MAX_CLEARING_ROWS`` rows. Refusals: ``too_many_rows``, ``row_wrong``."""

    receiver: ClassVar[str] = "payments"
    day: date
    rows: list[ClearingRow]


class RowsSettled(Answer, frozen=True, kw_only=True):
    settled: int
    settled_before: int
    differences: list[str]
    """Each row that fits no payment, or not in amount, in words with its line."""


MAX_CLEARING_ROWS = 1_000

ShowMoney.reply = MoneyShown
CapturePayment.reply = MoneyShown
VoidPayment.reply = MoneyShown
RefundPayment.reply = RefundShown
RefundOutcome.reply = Taken
ChargebackReceived.reply = Taken
DisputeEnded.reply = Taken
AnswerDispute.reply = DisputeShown
ListDisputes.reply = DisputesShown
SettleRows.reply = RowsSettled
