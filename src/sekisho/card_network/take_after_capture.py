"""Takes orders about captured money at the doors: refunds, and answers to chargebacks."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sekisho.card_network import orders
from sekisho.card_network.order_checks import (
    HandOver,
    check_amount,
    check_merchant,
    check_order,
    is_plain,
)
from sekisho.card_network.records.models import Chargeback, Order
from sekisho.crossings import card_network as asked
from sekisho.crossings.message import Refusal

MAX_REFUND_ID_CHARACTERS = 40
"""ISO 8583 field 62."""


def take_refund(message: asked.Refund, *, now: datetime, hand_over: HandOver) -> None:
    """Take a refund of the capture of payment and attempt; several may share one capture. Raises
    ``Refusal`` ``not_captured``, ``amount_invalid`` (over what is left of the capture) or
    ``order_differs``."""
    check_order(message, message.merchant_id)
    check_amount(message.amount_yen, least=1)
    if not is_plain(message.refund_id, MAX_REFUND_ID_CHARACTERS):
        raise Refusal(
            "refund_invalid",
            f"1 to {MAX_REFUND_ID_CHARACTERS} printable ASCII characters",
            "refund_id",
        )
    with transaction.atomic():
        authorisation = orders.find_authorisation(message.payment_id, message.attempt)
        captured_yen = orders.captured_yen(authorisation) if authorisation else 0
        if authorisation is None or not captured_yen:
            raise Refusal("not_captured", "nothing of this payment is captured", "payment_id")
        check_merchant(authorisation, message.merchant_id)
        refunds = orders.followers(authorisation, Order.Kind.REFUND)
        if all(refund.part != message.refund_id for refund in refunds):
            given = sum(one.amount_yen for one in refunds if one.result != "refused")
            if message.amount_yen > captured_yen - given:
                raise Refusal(
                    "amount_invalid",
                    f"at most the {captured_yen - given} yen that are left of the capture",
                    "amount_yen",
                )
        order, new = orders.take(message, now=now, original=authorisation)
    if new:
        hand_over(order)
    else:
        orders.say_again(order, now=now)


def take_answer(message: asked.AnswerChargeback, *, now: datetime, hand_over: HandOver) -> None:
    """Take the answer to a chargeback. Raises ``Refusal`` ``case_unknown``, ``case_over``,
    ``amount_invalid``, ``grounds_invalid`` or ``order_differs`` (another answer was given)."""
    check_order(message, message.merchant_id)
    check_amount(message.amount_yen, least=1)
    _check_grounds(message)
    with transaction.atomic():
        authorisation = orders.find_authorisation(message.payment_id, message.attempt)
        case = Chargeback.objects.filter(
            case_number=message.case_number, authorisation=authorisation
        ).first()
        if authorisation is None or case is None:
            raise Refusal("case_unknown", "no such chargeback of this payment", "case_number")
        check_merchant(authorisation, message.merchant_id)
        if message.amount_yen > case.amount_yen:
            raise Refusal("amount_invalid", f"at most {case.amount_yen} yen", "amount_yen")
        answers = orders.followers(authorisation, Order.Kind.ANSWER)
        if case.result and all(one.part != message.case_number for one in answers):
            raise Refusal("case_over", f"the network has decided: {case.result}", "case_number")
        order, new = orders.take(message, now=now, original=authorisation)
    if new:
        hand_over(order)
    else:
        orders.say_again(order, now=now)


def _check_grounds(message: asked.AnswerChargeback) -> None:
    size = len(message.grounds.encode(errors="replace"))
    if message.answer == "contest" and not 0 < size <= asked.MAX_GROUNDS_BYTES:
        raise Refusal("grounds_invalid", f"1 to {asked.MAX_GROUNDS_BYTES} bytes", "grounds")
    if message.answer == "accept" and size:
        raise Refusal("grounds_invalid", "an accepted chargeback has none", "grounds")
