"""Captures an approved authorisation: an advice (0220, repeated as 0221 under the same trace
number), which the network takes once however often it hears it."""

from __future__ import annotations

from sekisho.card_network import message as iso
from sekisho.card_network import orders
from sekisho.card_network.connector import Connector
from sekisho.card_network.message import Message
from sekisho.card_network.records.models import Order
from sekisho.card_network.say_until_answered import say_once
from sekisho.vocabulary.clock import TOKYO

UNKNOWN_AFTER_TRIES = 2
"""Captures without an answer before payments is told that the outcome is unknown."""


async def capture(connector: Connector, order: Order) -> None:
    """Say one capture; write its outcome down, or put it off by the schedule."""
    answer = await say_once(connector, order, advice_of(connector, order))
    if answer is None:
        if order.tries >= UNKNOWN_AFTER_TRIES or order.state == Order.State.STUCK:
            await connector.scribe.write(lambda: orders.tell_unknown(order))
        return
    code = answer.get("39")
    result = "captured" if code == iso.APPROVED else "refused"
    await connector.finish(order, result, response_code=code, network_reference=answer.get("63"))


def advice_of(connector: Connector, order: Order) -> Message:
    """Return the 0220 of a capture order, or its repeat."""
    assert order.original is not None
    assert order.sent_at is not None
    acquirer = connector.acquirer
    original = orders.stamp_of(order.original, acquirer.acquirer_id)
    fields = {
        **orders.stamp_of(order, acquirer.acquirer_id).fields(order.sent_at.astimezone(TOKYO)),
        "3": "000000",
        "4": f"{order.amount_yen:012d}",
        "18": acquirer.category_of(order.merchant_id),
        "38": order.original.approval_code,
        "41": f"{acquirer.terminal_id:<8}",
        "42": f"{order.merchant_id:<15}",
        "49": iso.YEN,
        "90": iso.original_data("0100", original),
    }
    return Message(
        f"022{1 if order.tries else 0}", {name: text for name, text in fields.items() if text}
    )
