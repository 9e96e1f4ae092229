"""Gives an authorisation back whose answer did not come: a reversal advice (0420, repeated as 0421
under the same trace number) until the network acknowledges it.

An acknowledged reversal also closes the trace number: a request that was still on its way is
refused when it arrives. So nobody is charged, and the outcome is known."""

from __future__ import annotations

from sekisho.card_network import message as iso
from sekisho.card_network import orders
from sekisho.card_network.connector import Connector
from sekisho.card_network.message import Message
from sekisho.card_network.records.models import Order
from sekisho.card_network.say_until_answered import say_once
from sekisho.vocabulary.clock import TOKYO


async def undo(connector: Connector, authorisation: Order) -> None:
    """Write the undo of ``authorisation`` down and say it for the first time."""
    order = await connector.scribe.write(
        lambda: orders.begin_undo(authorisation, now=connector.now())
    )
    if order is not None:
        await say_undo(connector, order)


async def say_undo(connector: Connector, order: Order) -> None:
    """Say the reversal of an undo order once; finish it, or put it off by the schedule."""
    authorisation = order.original
    assert authorisation is not None
    answer = await say_once(connector, order, reversal_of(connector, order, advice=True))
    if answer is None:
        await connector.scribe.write(lambda: orders.tell_unknown(authorisation))
        return
    code = answer.get("39")
    if code not in (iso.APPROVED, iso.NOT_FOUND):
        await connector.scribe.write(lambda: orders.give_up(order))
        await connector.scribe.write(lambda: orders.tell_unknown(authorisation))
        return

    def write() -> None:
        result = "reversed" if code == iso.APPROVED else "not_sent"
        orders.finish(order, result, now=connector.now(), response_code=code)
        orders.finish(authorisation, result, now=connector.now(), response_code=code)

    await connector.scribe.write(write)


def reversal_of(connector: Connector, order: Order, *, advice: bool) -> Message:
    """Return the reversal that carries ``order`` out: an advice (0420) of the connector's own or a
    request (0400) on payments' order; from its second time on marked as a repeat."""
    assert order.original is not None
    assert order.sent_at is not None
    acquirer = connector.acquirer
    original = orders.stamp_of(order.original, acquirer.acquirer_id)
    return Message(
        f"04{'2' if advice else '0'}{1 if order.tries else 0}",
        {
            **orders.stamp_of(order, acquirer.acquirer_id).fields(order.sent_at.astimezone(TOKYO)),
            "3": "000000",
            "4": f"{order.amount_yen:012d}",
            "41": f"{acquirer.terminal_id:<8}",
            "42": f"{order.merchant_id:<15}",
            "49": iso.YEN,
            "90": iso.original_data("0100", original),
        },
    )
