"""Says our word in a chargeback (0220, repeated as 0221 under the same trace number): contested
with grounds, or accepted. What follows is the network's decision, a message of its own."""

from __future__ import annotations

from sekisho import evidence
from sekisho.card_network import dispute_messages as said
from sekisho.card_network import message as iso
from sekisho.card_network import orders
from sekisho.card_network.connector import Connector
from sekisho.card_network.message import Message
from sekisho.card_network.records.models import Order
from sekisho.card_network.say_until_answered import say_once
from sekisho.crossings.card_network import AnswerChargeback
from sekisho.vocabulary.clock import TOKYO


async def answer_chargeback(connector: Connector, order: Order) -> None:
    """Say the answer once; finish it, or put it off by the schedule."""
    answer = await say_once(connector, order, word_of(connector, order))
    if answer is None:
        return
    code = answer.get("39")

    def write() -> None:
        result = "taken" if code == iso.APPROVED else "refused"
        orders.finish(order, result, now=connector.now(), response_code=code)
        if result == "refused":
            evidence.append(
                kind="card_network.answer_refused",
                subject=order.part,
                facts={"payment": order.payment_id, "response_code": code},
            )

    await connector.scribe.write(write)


def word_of(connector: Connector, order: Order) -> Message:
    """Return the 0220 of an answer, or its repeat."""
    assert order.original is not None
    assert order.sent_at is not None
    asked: AnswerChargeback = orders.read(order)
    acquirer = connector.acquirer
    original = orders.stamp_of(order.original, acquirer.acquirer_id)
    return Message(
        f"022{1 if order.tries else 0}",
        {
            **orders.stamp_of(order, acquirer.acquirer_id).fields(order.sent_at.astimezone(TOKYO)),
            **said.our_word(asked.case_number, asked.grounds),
            "4": f"{order.amount_yen:012d}",
            "41": f"{acquirer.terminal_id:<8}",
            "42": f"{order.merchant_id:<15}",
            "49": iso.YEN,
            "90": iso.original_data("0100", original),
        },
    )
