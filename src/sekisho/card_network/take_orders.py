"""Takes orders at the doors: checked, written down with their trace number, answered at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from sekisho.card_network import orders
from sekisho.card_network.records.models import Order
from sekisho.crossings import card_network as asked
from sekisho.crossings.message import Refusal
from sekisho.vocabulary.money import yen

MAX_MERCHANT_CHARACTERS = 15
"""ISO 8583 field 42."""

MAX_REFERENCE_CHARACTERS = 40
"""ISO 8583 field 62."""

MAX_ATTEMPT = 1_000
MAX_ID_CHARACTERS = 100

HandOver = Callable[[Order], None]


def take_order(
    message: asked.Authenticate | asked.Authorise, *, now: datetime, hand_over: HandOver
) -> None:
    """Take an authentication or authorisation. Raises ``Refusal`` naming the field that is wrong,
    or ``order_differs``."""
    _check(message, message.merchant_id)
    _check_amount(message.amount_yen, least=0)
    if isinstance(message, asked.Authorise) and not _is_plain(
        message.reference, MAX_REFERENCE_CHARACTERS
    ):
        raise Refusal(
            "reference_invalid",
            f"1 to {MAX_REFERENCE_CHARACTERS} printable ASCII characters",
            "reference",
        )
    order, new = orders.take(message, now=now)
    if new:
        hand_over(order)
    else:
        orders.tell_again(order)


def take_capture(message: asked.Capture, *, now: datetime, hand_over: HandOver) -> None:
    """Take a capture of the approved authorisation of payment and attempt. Raises ``Refusal``
    ``authorisation_unknown``, ``authorisation_reversed`` or ``amount_invalid``."""
    _check(message, message.merchant_id)
    _check_amount(message.amount_yen, least=1)
    with transaction.atomic():
        authorisation = orders.find_authorisation(message.payment_id, message.attempt)
        if authorisation is None or authorisation.result != "approved":
            raise Refusal(
                "authorisation_unknown", "no approved authorisation of this payment", "payment_id"
            )
        if orders.followers(authorisation, Order.Kind.REVERSE):
            raise Refusal("authorisation_reversed", "it is being given back", "payment_id")
        if message.amount_yen > authorisation.amount_yen:
            raise Refusal(
                "amount_invalid",
                f"at most the {authorisation.amount_yen} yen authorised",
                "amount_yen",
            )
        _check_merchant(authorisation, message.merchant_id)
        order, new = orders.take(message, now=now, original=authorisation)
    if new:
        hand_over(order)
    else:
        orders.tell_again(order)


def take_reversal(message: asked.Reverse, *, now: datetime, hand_over: HandOver) -> None:
    """Take the reversal of the authorisation of payment and attempt, if any. Raises ``Refusal``
    ``authorisation_captured``: what is captured is refunded, not reversed."""
    _check(message, message.merchant_id)
    with transaction.atomic():
        authorisation = orders.find_authorisation(message.payment_id, message.attempt)
        if authorisation is not None:
            captures = orders.followers(authorisation, Order.Kind.CAPTURE)
            if any(capture.result != "refused" for capture in captures):
                raise Refusal("authorisation_captured", "refund it instead", "payment_id")
            _check_merchant(authorisation, message.merchant_id)
        order, new = orders.take(message, now=now, original=authorisation)
    if new:
        hand_over(order)
    else:
        orders.tell_again(order)


def take_inquiry(message: asked.Inquire, *, now: datetime) -> None:
    """Tell payments again what became of an authorisation, or have the network asked at once. An
    authorisation that never came is told as not sent, and is not sent if it comes later."""
    _check(message, message.merchant_id)
    with transaction.atomic():
        authorisation = orders.take_place(message.payment_id, message.attempt, now=now)
        if authorisation is None:
            return
        if authorisation.result:
            orders.tell_again(authorisation)
        else:
            orders.look_now(authorisation, now=now)


def end_challenge(message: asked.ChallengeReturned, *, until: datetime) -> None:
    """Wait for the challenge's result until ``until`` at most: the browser is back. Raises
    ``Refusal`` ``authentication_unknown``."""
    if not orders.end_challenge_soon(message.payment_id, message.attempt, until=until):
        raise Refusal(
            "authentication_unknown", "no such authentication of this payment", "payment_id"
        )


def result_deadline(now: datetime, result_s: float) -> datetime:
    """Return when waiting for a result ends whose browser is back ``now``."""
    return now + timedelta(seconds=result_s)


def _check(message: asked.Order, merchant_id: str) -> None:
    if not _is_plain(message.payment_id, MAX_ID_CHARACTERS):
        raise Refusal("payment_invalid", "printable ASCII characters", "payment_id")
    if not 0 <= message.attempt <= MAX_ATTEMPT:
        raise Refusal("attempt_invalid", f"from 0 to {MAX_ATTEMPT}", "attempt")
    if not _is_plain(merchant_id, MAX_MERCHANT_CHARACTERS):
        raise Refusal(
            "merchant_invalid",
            f"1 to {MAX_MERCHANT_CHARACTERS} printable ASCII characters",
            "merchant_id",
        )


def _check_amount(amount_yen: int, *, least: int) -> None:
    try:
        yen(amount_yen)
    except ValueError as problem:
        raise Refusal("amount_invalid", str(problem), "amount_yen") from None
    if amount_yen < least:
        raise Refusal("amount_invalid", f"at least {least} yen", "amount_yen")


def _check_merchant(authorisation: Order, merchant_id: str) -> None:
    if authorisation.merchant_id not in ("", merchant_id):
        raise Refusal("merchant_invalid", "the authorisation is another merchant's", "merchant_id")


def _is_plain(text: str, longest: int) -> bool:
    return (
        0 < len(text) <= longest and text.isascii() and text.isprintable() and text == text.strip()
    )
