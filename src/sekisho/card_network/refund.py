"""Gives captured money back: a refund request (0200, repeated as 0201 under the same trace number)
that names the authorisation, no card.

A refund without an answer is never reversed and never sent as a second one: it is said again until
the network answers, which takes it once (docs/decisions/card-network-refunds-and-disputes.md)."""

from __future__ import annotations

from sekisho.card_network import message as iso
from sekisho.card_network import orders
from sekisho.card_network.connector import Connector
from sekisho.card_network.message import Message
from sekisho.card_network.records.models import Order
from sekisho.card_network.say_until_answered import say_once
from sekisho.vocabulary.clock import TOKYO

RETURN_OF_GOODS = "200000"
"""Field 3."""

UNKNOWN_AFTER_TRIES = 2
"""Refunds without an answer before payments is told that the outcome is unknown."""


async def refund(connector: Connector, order: Order) -> None:
    """Say one refund; write its outcome down, or put it off by the schedule."""
    answer = await say_once(connector, order, request_of(connector, order))
    if answer is None:
        if order.tries >= UNKNOWN_AFTER_TRIES or order.state == Order.State.STUCK:
            await connector.scribe.write(lambda: orders.tell_unknown(order))
        return
    code = answer.get("39")
    await connector.scribe.write(
        lambda: orders.finish(
            order,
            "refunded" if code == iso.APPROVED else "refused",
            now=connector.now(),
            response_code=code,
            network_reference=answer.get("63"),
        )
    )


def request_of(connector: Connector, order: Order) -> Message:
    """Return the 0200 of a refund order, or its repeat. Field 62 is the refund's id."""
    assert order.original is not None
    assert order.sent_at is not None
    acquirer = connector.acquirer
    original = orders.stamp_of(order.original, acquirer.acquirer_id)
    return Message(
        f"020{1 if order.tries else 0}",
        {
            **orders.stamp_of(order, acquirer.acquirer_id).fields(order.sent_at.astimezone(TOKYO)),
            "3": RETURN_OF_GOODS,
            "4": f"{order.amount_yen:012d}",
            "18": acquirer.category_of(order.merchant_id),
            "41": f"{acquirer.terminal_id:<8}",
            "42": f"{order.merchant_id:<15}",
            "49": iso.YEN,
            "62": order.part,
            "90": iso.original_data("0100", original),
        },
    )
