"""What the vault and the card network tell payments of a payment under way."""

from __future__ import annotations

from typing import ClassVar, Literal

from sekisho.crossings.message import Crossing, Taken
from sekisho.crossings.payments.shown import Challenge


class CardEntered(Crossing[Taken], frozen=True, kw_only=True):
    """The vault took a card for a payment. Refusal: ``payment_over``."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    card_token: str
    subject: str
    brand: str
    last_four: str
    issuer_bin: str
    fingerprint: bytes
    """Keyed fingerprint of the number (HMAC by a vault key): for counting, never for finding."""


class AuthenticationOutcome(Crossing[Taken], frozen=True, kw_only=True):
    """What 3-D Secure said of the payer (EMV 3DS transStatus Y, A, C, N, R, U in this order)."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    attempt: int
    result: Literal["authenticated", "attempted", "challenge", "failed", "rejected", "unavailable"]
    eci: str
    ds_transaction_id: str
    challenge: Challenge | None = None


class AuthorisationOutcome(Crossing[Taken], frozen=True, kw_only=True):
    """``not_sent``: the request surely never left, nothing was taken. ``unknown``: it may have
    arrived. A later outcome for the same attempt may turn *unknown* into another."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    attempt: int
    result: Literal["approved", "declined", "unknown", "not_sent", "reversed", "code_gone"]
    response_code: str
    approval_code: str
    network_reference: str
    trace_number: str


class CaptureOutcome(Crossing[Taken], frozen=True, kw_only=True):
    """What the network said to the capture."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    attempt: int
    result: Literal["captured", "refused", "unknown"]
    response_code: str


class ReversalOutcome(Crossing[Taken], frozen=True, kw_only=True):
    """What the network said to the reversal."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    attempt: int
    result: Literal["reversed", "nothing_to_reverse", "unknown"]
    response_code: str


CardEntered.reply = Taken
AuthenticationOutcome.reply = Taken
AuthorisationOutcome.reply = Taken
CaptureOutcome.reply = Taken
ReversalOutcome.reply = Taken
