"""Takes orders at the doors: checked, written down with their trace number, answered at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.transaction import atomic

from sekisho.card_network import orders, statements
from sekisho.card_network.order_checks import (
    HandOver,
    check_amount,
    check_merchant,
    check_order,
    is_plain,
)
from sekisho.card_network.outcomes import tell_again
from sekisho.card_network.records.models import Order
from sekisho.crossings import card_network as asked
from sekisho.crossings.message import Refusal
from sekisho.database.pipeline import PipelinedTransaction

MAX_REFERENCE_CHARACTERS = 40
"""ISO 8583 field 62."""


def take_order(
    message: asked.Authenticate | asked.Authorise, *, now: datetime, hand_over: HandOver
) -> None:
    """Take an authentication or authorisation. Raises ``Refusal`` naming the field that is wrong,
    or ``order_differs``."""
    check_order(message, message.merchant_id)
    check_amount(message.amount_yen, least=0)
    if isinstance(message, asked.Authorise) and not is_plain(
        message.reference, MAX_REFERENCE_CHARACTERS
    ):
        raise Refusal(
            "reference_invalid",
            f"1 to {MAX_REFERENCE_CHARACTERS} printable ASCII characters",
            "reference",
        )
    order, values = orders.draft(message, now=now)
    with PipelinedTransaction() as transaction:
        draft = statements.put_in(transaction, order, values, proof_for=_proof_for(message))
    taken = statements.taken(transaction, draft)
    if taken is not None:
        hand_over(taken)
    else:
        tell_again(orders.known(order))


def _proof_for(message: asked.Authenticate | asked.Authorise) -> tuple[str, str, int] | None:
    """Return whose 3-D Secure authentication goes with an order; none without a payer present."""
    if isinstance(message, asked.Authenticate) or message.entry_mode != "ecommerce":
        return None
    return message.payment_id, message.signed_permit.permit.card_token, message.amount_yen


def take_capture(message: asked.Capture, *, now: datetime, hand_over: HandOver) -> None:
    """Take a capture of the approved authorisation of payment and attempt. Raises ``Refusal``
    ``authorisation_unknown``, ``authorisation_reversed`` or ``amount_invalid``."""
    check_order(message, message.merchant_id)
    check_amount(message.amount_yen, least=1)
    with PipelinedTransaction() as transaction:
        authorisation, is_reversed = statements.lock_authorisation(
            transaction, message.payment_id, message.attempt
        )
        if authorisation is None or authorisation.result != "approved":
            raise Refusal(
                "authorisation_unknown", "no approved authorisation of this payment", "payment_id"
            )
        if is_reversed:
            raise Refusal("authorisation_reversed", "it is being given back", "payment_id")
        if message.amount_yen > authorisation.amount_yen:
            raise Refusal(
                "amount_invalid",
                f"at most the {authorisation.amount_yen} yen authorised",
                "amount_yen",
            )
        check_merchant(authorisation, message.merchant_id)
        order, values = orders.draft(message, now=now, original=authorisation)
        draft = statements.put_in(transaction, order, values)
    taken = statements.taken(transaction, draft)
    if taken is not None:
        hand_over(taken)
    else:
        orders.say_again(orders.known(order), now=now)


def take_reversal(message: asked.Reverse, *, now: datetime, hand_over: HandOver) -> None:
    """Take the reversal of the authorisation of payment and attempt, if any. Raises ``Refusal``
    ``authorisation_captured``: what is captured is refunded, not reversed."""
    check_order(message, message.merchant_id)
    with atomic():
        authorisation = orders.find_authorisation(message.payment_id, message.attempt)
        if authorisation is not None:
            captures = orders.followers(authorisation, Order.Kind.CAPTURE)
            if any(capture.result != "refused" for capture in captures):
                raise Refusal("authorisation_captured", "refund it instead", "payment_id")
            check_merchant(authorisation, message.merchant_id)
        order, new = orders.take(message, now=now, original=authorisation)
    if new:
        hand_over(order)
    else:
        orders.say_again(order, now=now)


def take_inquiry(message: asked.Inquire, *, now: datetime) -> None:
    """Tell payments again what became of an authorisation, or have the network asked at once. An
    authorisation that never came is told as not sent, and is not sent if it comes later."""
    check_order(message, message.merchant_id)
    with atomic():
        authorisation = orders.take_place(message.payment_id, message.attempt, now=now)
        if authorisation is None:
            return
        if authorisation.result:
            tell_again(authorisation)
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
