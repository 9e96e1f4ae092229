"""Asks the network what became of a message (0600, answered by 0610). Asking changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.card_network import message as iso
from sekisho.card_network import orders
from sekisho.card_network.connector import Connector
from sekisho.card_network.errors import NoAnswer
from sekisho.card_network.message import Message, Stamp
from sekisho.card_network.records.models import Order
from sekisho.vocabulary.clock import TOKYO

INQUIRY_TRIES = 2


@dataclass(frozen=True, slots=True)
class Found:
    """What the network said: whether it knows the message, its response code and its state
    (``approved``, ``declined``, ``captured``, ``reversed``, ``refunded``)."""

    known: bool
    response_code: str
    state: str
    answer: Message


async def ask_again(connector: Connector, order: Order) -> Found:
    """Return what the network knows of the order's message.

    Raises ``NotSent`` when the network is not connected and ``NoAnswer`` when it does not say."""
    problem = NoAnswer("time_out")
    for _ in range(INQUIRY_TRIES):
        inquiry = await connector.scribe.write(lambda: _inquiry(connector, order))
        try:
            answer = await connector.link.exchange(inquiry, timeout_s=connector.patience.answer_s)
        except NoAnswer as no_answer:
            problem = no_answer
            continue
        code, state = iso.read_inquiry(answer)
        if answer.get("39") == iso.NOT_FOUND:
            return Found(False, "", "", answer)
        if state in ("approved", "declined", "captured", "reversed", "refunded"):
            return Found(True, code, state, answer)
        problem = NoAnswer("mismatched")
    raise problem


def _inquiry(connector: Connector, order: Order) -> Message:
    sent_at = connector.now().replace(microsecond=0)
    trace_number = orders.draw_trace_number()
    stamp = Stamp(
        connector.acquirer.acquirer_id,
        trace_number,
        sent_at,
        iso.retrieval_reference(trace_number, sent_at),
    )
    original = orders.stamp_of(order, connector.acquirer.acquirer_id)
    kind = "0100" if order.kind == Order.Kind.AUTHORISE else "0200"
    return Message(
        "0600",
        {
            **stamp.fields(sent_at.astimezone(TOKYO)),
            "41": f"{connector.acquirer.terminal_id:<8}",
            "42": f"{order.merchant_id:<15}",
            "90": iso.original_data(kind, original),
        },
    )
