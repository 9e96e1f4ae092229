"""An authorisation: release the card, ask the network, write the outcome down.

What is not known is asked or undone, by one rule: before any reversal was written down an approval
found by inquiry is honoured; once one was, the authorisation is only ever given back
(docs/decisions/card-network-unknown-outcomes.md)."""

from __future__ import annotations

import logging
from datetime import timedelta

from sekisho.card_network import message as iso
from sekisho.card_network import orders
from sekisho.card_network.ask_again import ask_again
from sekisho.card_network.connection import Ticket
from sekisho.card_network.connector import Connector
from sekisho.card_network.errors import MessageBroken, NoAnswer, NotSent
from sekisho.card_network.message import Message
from sekisho.card_network.records.models import Authentication, Order, Proof
from sekisho.card_network.release import CardInHand, ReleaseRefused, held, release
from sekisho.card_network.undo import undo
from sekisho.crossings.card_network import Authorise, EntryMode
from sekisho.vocabulary.clock import TOKYO

LOG = logging.getLogger(__name__)

PURCHASE = "000000"
"""Field 3: goods and services, default accounts."""

_ENTRY: dict[EntryMode, tuple[str, str]] = {
    "ecommerce": ("810", "59"),
    "recurring": ("100", "59"),
    "moto": ("010", "08"),
}
"""Fields 22 and 25: how the number came in, under which conditions."""

UNAUTHENTICATED_ECI = {"mastercard": "00"}
"""Electronic commerce indicator without authentication; ``07`` for every other brand."""


async def authorise(connector: Connector, order: Order, *, fresh: bool) -> None:
    """Work one authorisation until its outcome is written down or it is put off.

    ``fresh``: this process took the order and has not worked on it; otherwise its request may have
    been sent, and the network is asked before anything else."""
    if not fresh and not await _was_never_sent(connector, order):
        return
    too_old = order.taken_at + timedelta(seconds=connector.patience.fresh_s) < connector.now()
    try:
        if too_old:
            raise NotSent(f"taken more than {connector.patience.fresh_s:.0f} s ago")
        await connector.link.wait_until_ready(connector.patience.ready_s)
        ticket = await _send(connector, order, fresh=fresh)
    except (NotSent, MessageBroken) as problem:
        LOG.warning("order %d was not sent: %s", order.id, problem)
        await _end_unsent(connector, order, fresh=fresh, result="not_sent")
    except ReleaseRefused as refusal:
        LOG.warning("order %d: the vault released nothing: %s", order.id, refusal.code)
        result = "code_gone" if refusal.code == "code_gone" else "not_sent"
        await _end_unsent(connector, order, fresh=fresh, result=result)
    else:
        await _wait_for_answer(connector, order, ticket)


async def _send(connector: Connector, order: Order, *, fresh: bool) -> Ticket:
    asked: Authorise = orders.read(order)
    proof = order.proof if fresh else await _proof_used_by(connector, order, asked)
    with held(await release(connector, asked.signed_permit)) as card:
        order.card = iso.masked_number(card.number.clear_text())
        return await connector.link.send(request_of(connector, order, asked, card, proof))


async def _wait_for_answer(connector: Connector, order: Order, ticket: Ticket) -> None:
    try:
        answer = await ticket.answer(connector.patience.answer_s)
    except NoAnswer as problem:
        LOG.warning("order %d: no answer (%s)", order.id, problem.why)
        if problem.why != "connection_lost":
            await undo(connector, order)
            return
        until = connector.now() + timedelta(seconds=connector.patience.put_off_s)
        await connector.scribe.write(lambda: orders.leave_unknown(order, until=until))
        await _was_never_sent(connector, order)
    else:
        await _write_answer(connector, order, answer)


async def _write_answer(connector: Connector, order: Order, answer: Message) -> None:
    approved = answer.get("39") == iso.APPROVED
    await connector.finish(
        order,
        "approved" if approved else "declined",
        response_code=answer.get("39"),
        approval_code=answer.get("38"),
        network_reference=answer.get("63"),
    )


async def _was_never_sent(connector: Connector, order: Order) -> bool:
    """Ask the network about an order whose request may have been sent. Return True when it knows
    no such request; otherwise the outcome is written down, undone or put off here."""
    undos = await connector.scribe.write(lambda: orders.followers(order, Order.Kind.UNDO))
    if undos:
        return False  # its undo is an order of its own and decides
    try:
        await connector.link.wait_until_ready(connector.patience.ready_s)
        found = await ask_again(connector, order)
    except NotSent:
        await _leave_unknown(connector, order)
        return False
    except NoAnswer:
        await undo(connector, order)
        return False
    if not found.known:
        if order.state == Order.State.UNKNOWN:
            await undo(connector, order)  # it may still be on its way: close its trace number
            return False
        return True
    await _take_found(connector, order, found.response_code, found.state, found.answer)
    return False


async def _take_found(
    connector: Connector, order: Order, code: str, state: str, answer: Message
) -> None:
    honoured_until = order.taken_at + timedelta(seconds=connector.patience.honour_s)
    if state == "declined" or (state == "approved" and connector.now() <= honoured_until):
        await connector.scribe.write(
            lambda: orders.finish(
                order,
                "approved" if state == "approved" else "declined",
                now=connector.now(),
                response_code=code,
                approval_code=answer.get("38"),
                network_reference=answer.get("63"),
            )
        )
    else:
        await undo(connector, order)


async def _end_unsent(connector: Connector, order: Order, *, fresh: bool, result: str) -> None:
    """End an order that this process did not send. One that an earlier life may have sent has its
    trace number closed at the network first: a request still on its way is then refused."""
    if fresh:
        await connector.scribe.write(lambda: orders.finish(order, result, now=connector.now()))
    else:
        await undo(connector, order)


async def _leave_unknown(connector: Connector, order: Order) -> None:
    until = connector.now() + timedelta(seconds=connector.patience.put_off_s)

    def write() -> None:
        orders.put_off(order, until=until)
        orders.tell_unknown(order)

    await connector.scribe.write(write)


async def _proof_used_by(connector: Connector, order: Order, asked: Authorise) -> Proof | None:
    """Return the 3-D Secure authentication that the order used up when it was taken, for an order
    of an earlier life; none for a payment without a payer present."""
    if asked.entry_mode != "ecommerce":
        return None

    def find() -> Proof | None:
        used = Authentication.objects.filter(used_by=order).first()
        return Proof(used.eci, used.value, used.ds_id) if used else None

    return await connector.scribe.write(find)


def request_of(
    connector: Connector,
    order: Order,
    asked: Authorise,
    card: CardInHand,
    proof: Proof | None,
) -> Message:
    """Return the 0100 of an order. Raises ``MessageBroken`` naming a field that does not fit."""
    entry_mode, condition = _ENTRY[asked.entry_mode]
    elements = {"92": card.security_code.clear_text() if card.security_code else ""}
    if asked.entry_mode == "ecommerce":
        elements["42"] = UNAUTHENTICATED_ECI.get(card.number.brand, "07")
    if proof is not None:
        elements["42"] = proof.eci
        elements["43"] = proof.value
        elements["66"] = f"2{proof.ds_id}"
    assert order.sent_at is not None
    fields = {
        **orders.stamp_of(order, connector.acquirer.acquirer_id).fields(
            order.sent_at.astimezone(TOKYO)
        ),
        "2": card.number.clear_text(),
        "3": PURCHASE,
        "4": f"{asked.amount_yen:012d}",
        "14": card.expiry.clear_text(),
        "18": connector.acquirer.category_of(asked.merchant_id),
        "22": entry_mode,
        "25": condition if asked.amount_yen else iso.ACCOUNT_VERIFICATION,
        "41": f"{connector.acquirer.terminal_id:<8}",
        "42": f"{asked.merchant_id:<15}",
        "49": iso.YEN,
        "62": asked.reference,
    }
    if any(elements.values()):
        fields["48"] = iso.additional_data(elements)
    return Message("0100", fields)
