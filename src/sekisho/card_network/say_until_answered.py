"""Says a message that may safely be repeated, and puts its order off by the schedule when it is
not answered."""

from __future__ import annotations

import logging
from datetime import timedelta

from sekisho.card_network import orders
from sekisho.card_network.connector import Connector
from sekisho.card_network.errors import NoAnswer, NotSent
from sekisho.card_network.message import Message
from sekisho.card_network.records.models import Order

LOG = logging.getLogger(__name__)

RETRIED_CODES = frozenset({"91", "96", "68", "22"})
"""Field 39: issuer or switch inoperative, system malfunction, response too late, suspected
malfunction. The network has not decided; the message is said again."""


async def say_once(connector: Connector, order: Order, request: Message) -> Message | None:
    """Send ``request``, which its order may repeat without effect. Return the answer, or ``None``
    when there was none and the order was put off or given up."""
    try:
        await connector.link.wait_until_ready(connector.patience.ready_s)
        answer = await connector.link.exchange(request, timeout_s=connector.patience.answer_s)
    except NotSent:
        until = connector.now() + timedelta(seconds=connector.patience.put_off_s)
        await connector.scribe.write(lambda: orders.put_off(order, until=until))
        return None
    except NoAnswer as problem:
        LOG.warning("%s of order %d: no answer (%s)", request.kind, order.id, problem.why)
    else:
        if answer.get("39") not in RETRIED_CODES:
            return answer
    await _put_off_by_schedule(connector, order)
    return None


async def _put_off_by_schedule(connector: Connector, order: Order) -> None:
    waits = connector.patience.ask_again_s
    if order.tries >= len(waits):
        await connector.scribe.write(lambda: orders.give_up(order))
        return
    until, tries = connector.now() + timedelta(seconds=waits[order.tries]), order.tries + 1
    await connector.scribe.write(lambda: orders.put_off(order, until=until, tries=tries))
