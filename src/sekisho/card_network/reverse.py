"""Gives an approved authorisation back on payments' order (0400, repeated as 0401)."""

from __future__ import annotations

from datetime import timedelta

from sekisho.card_network import message as iso
from sekisho.card_network import orders
from sekisho.card_network.connector import Connector
from sekisho.card_network.records.models import Order
from sekisho.card_network.say_until_answered import say_once
from sekisho.card_network.undo import reversal_of

UNKNOWN_AFTER_TRIES = 2
"""Reversals without an answer before payments is told that the outcome is unknown."""


async def reverse(connector: Connector, order: Order) -> None:
    """Say one reversal; write its outcome down, or put it off by the schedule. An authorisation
    that is still being worked on is waited for."""
    authorisation = order.original
    if authorisation is None or (
        authorisation.state == Order.State.DONE and authorisation.result != "approved"
    ):
        await _finish(connector, order, "nothing_to_reverse", "")
        return
    if authorisation.state != Order.State.DONE:
        until = connector.now() + timedelta(seconds=connector.patience.put_off_s)
        await connector.scribe.write(lambda: orders.put_off(order, until=until))
        return
    answer = await say_once(connector, order, reversal_of(connector, order, advice=False))
    if answer is None:
        if order.tries >= UNKNOWN_AFTER_TRIES or order.state == Order.State.STUCK:
            await connector.scribe.write(lambda: orders.tell_unknown(order))
        return
    code = answer.get("39")
    if code == iso.APPROVED:
        await _finish(connector, order, "reversed", code)
    elif code == iso.NOT_FOUND:
        await _finish(connector, order, "nothing_to_reverse", code)
    else:
        await connector.scribe.write(lambda: orders.give_up(order))
        await connector.scribe.write(lambda: orders.tell_unknown(order))


async def _finish(connector: Connector, order: Order, result: str, code: str) -> None:
    await connector.scribe.write(
        lambda: orders.finish(order, result, now=connector.now(), response_code=code)
    )
