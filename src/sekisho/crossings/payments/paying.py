"""A payer finds a bill and pays it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sekisho.crossings.card_network import BrowserFacts
from sekisho.crossings.message import Answer, Crossing
from sekisho.crossings.payments.shown import BillFacts, Language, PaymentShown


class FindBill(Crossing["BillFound"], frozen=True, kw_only=True):
    """Find a bill by the four numbers of the slip, digits only.

    Refusals: ``number_wrong`` (field), ``bill_unknown``, ``bill_paid``, ``bill_in_payment``,
    ``bill_withdrawn``, ``bill_not_yet``, ``bill_expired``, ``bill_over_limit``, ``site_closed``,
    ``too_many_tries``, ``cards_closed``. Their ``detail`` is the reference of the earlier payment
    for ``bill_paid`` and ``bill_in_payment``, and a moment (ISO 8601) for ``bill_not_yet``,
    ``site_closed`` and ``too_many_tries`` (when it opens or may be tried again), else empty."""

    receiver: ClassVar[str] = "payments"
    payee_number: str
    payment_number: str
    confirmation_number: str
    category_number: str
    source: str
    """Keyed hash of the payer's network address, made by the site: tries are counted by it."""
    session: str
    """Keyed hash of the payer's session."""


class BillFound(Answer, frozen=True, kw_only=True):
    bill: BillFacts


class StartPayment(Crossing["PaymentStarted"], frozen=True, kw_only=True):
    """Begin to pay a bill; said again with the same ``key`` it gives the same payment. An earlier
    payment of the bill that holds no money is cancelled; refused as ``FindBill`` otherwise, and
    ``amount_changed`` when the bill's total is no longer ``total_yen``. With ``link_id`` refused
    as ``OpenLink`` too."""

    receiver: ClassVar[str] = "payments"
    key: str
    bill_id: str
    total_yen: int
    """What the payer saw and agreed to."""
    language: Language
    sealed_email: bytes | None
    """Box of ``{"email": …}`` sealed to the vault, or nothing if no mail is wanted."""
    parent_origin: str
    return_url: str
    """Site page for after the card form; ``{payment_id}`` in it is filled in."""
    source: str
    session: str
    link_id: str = ""
    """Of the link by which the payer came; empty: by the slip's numbers."""


class PaymentStarted(Answer, frozen=True, kw_only=True):
    payment_id: str
    reference: str
    total_yen: int
    card_form_url: str
    expires_at: datetime


class ReopenCardForm(Crossing["PaymentStarted"], frozen=True, kw_only=True):
    """A fresh card form for a payment that was declined softly, whose code is gone, or whose
    payer wants another card. Refusals: ``payment_unknown``, ``payment_over``, ``cards_closed``."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    parent_origin: str
    return_url: str


class ShowPayment(Crossing[PaymentShown], frozen=True, kw_only=True):
    """Show a payment of the caller's site. Refusal: ``payment_unknown`` (also for another's)."""

    receiver: ClassVar[str] = "payments"
    payment_id: str


class FindPayment(Crossing[PaymentShown], frozen=True, kw_only=True):
    """Find a payment by what its payer has in hand: the reference and the number it was for (a
    bill's payment number or a policy's number). Refusals: ``payment_unknown`` (nobody learns which
    of the two was wrong, nor of another site's), ``too_many_tries`` (detail: a moment)."""

    receiver: ClassVar[str] = "payments"
    reference: str
    number: str
    source: str
    session: str


class ConfirmPayment(Crossing[PaymentShown], frozen=True, kw_only=True):
    """The payer agreed to pay with the card entered. Said again it changes nothing. The answer
    may still be ``card_entered``, with a ``puzzle`` to solve first. Refusals: ``payment_unknown``,
    ``cards_closed``."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    notification_url: str
    browser: BrowserFacts
    proof: str | None = None
    """What the browser worked out for the ``puzzle`` that an earlier answer showed."""
    source: str = ""
    session: str = ""
    """As in ``StartPayment``: tries are counted by both; empty ones are not."""


class FinishChallenge(Crossing[PaymentShown], frozen=True, kw_only=True):
    """The browser is back from the challenge with ``cres``."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    cres: str


class CancelPayment(Crossing[PaymentShown], frozen=True, kw_only=True):
    """The payer gives up before the card is charged. Refusals: ``payment_over``,
    ``payment_in_flight``."""

    receiver: ClassVar[str] = "payments"
    payment_id: str


class ExtendPayment(Crossing[PaymentShown], frozen=True, kw_only=True):
    """More time to finish (WCAG 2.2, 2.2.1), up to a limit. Refusal: ``payment_over``,
    ``extended_enough``."""

    receiver: ClassVar[str] = "payments"
    payment_id: str


FindBill.reply = BillFound
StartPayment.reply = PaymentStarted
ReopenCardForm.reply = PaymentStarted
ShowPayment.reply = PaymentShown
FindPayment.reply = PaymentShown
ConfirmPayment.reply = PaymentShown
FinishChallenge.reply = PaymentShown
CancelPayment.reply = PaymentShown
ExtendPayment.reply = PaymentShown
