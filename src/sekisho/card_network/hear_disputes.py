"""Hears what the network says of chargebacks: written down, told to payments, then acknowledged.

The network repeats an advice until it is answered, so the answer goes after the commit. What is
unknown, foreign or malformed is answered with a code and rings an alarm: somebody claims money."""

from __future__ import annotations

import logging
import time
from datetime import datetime

from sekisho.card_network import dispute_messages as said
from sekisho.card_network import message as iso
from sekisho.card_network import orders
from sekisho.card_network.connector import Connector
from sekisho.card_network.dispute_messages import ChargebackSaid, DecisionSaid
from sekisho.card_network.errors import MessageBroken
from sekisho.card_network.message import Message
from sekisho.card_network.records.models import Chargeback, Order
from sekisho.crossings.payments import ChargebackReceived, DisputeEnded
from sekisho.evidence.alarm import raise_alarm
from sekisho.transport.outbox import post

LOG = logging.getLogger(__name__)

MAX_ALARMS_PER_HOUR = 20
"""Alarms about advices that can't be taken; past it they are in the log only."""

_alarms: dict[int, int] = {}


async def hear(connector: Connector, advice: Message) -> Message | None:
    """Take a chargeback (0422) or a decision (0622) and return the answer; ``None`` for one that
    can't be judged yet, which the network says again."""
    code = await connector.scribe.write(lambda: _take(connector, advice))
    return None if code is None else said.answer_to(advice, code)


def _take(connector: Connector, advice: Message) -> str | None:
    code: str | None
    try:
        if advice.kind in said.DECISION:
            decision = said.read_decision(advice)
            code, case = take_decision(decision, now=connector.now()), decision.case_number
        else:
            chargeback = said.read_chargeback(advice)
            code, case = take_chargeback(connector, chargeback), chargeback.case_number
    except MessageBroken as problem:
        _alarm(advice.kind, "", str(problem))
        return iso.FORMAT_ERROR
    if code not in (None, said.TAKEN):
        _alarm(advice.kind, case, f"answered {code}")
    return code


def take_chargeback(connector: Connector, case: ChargebackSaid) -> str | None:
    """Write a chargeback down and tell payments, once. Return field 39 of the answer; ``None``
    while the capture it is about has no outcome here."""
    known = Chargeback.objects.filter(case_number=case.case_number).first()
    if known is not None:
        same = (known.amount_yen, known.reason_code, known.respond_by)
        return (
            said.TAKEN
            if same == (case.amount_yen, case.reason_code, case.respond_by)
            else said.DIFFERS
        )
    authorisation = _find_original(connector, case)
    if authorisation is None:
        return iso.NOT_FOUND
    captures = orders.followers(authorisation, Order.Kind.CAPTURE)
    if any(not one.result for one in captures):
        return None
    captured_yen = orders.captured_yen(authorisation)
    if not captured_yen:
        return iso.NOT_FOUND
    if authorisation.merchant_id != case.merchant_id:
        return said.WRONG_MERCHANT
    # Not the sum of all cases: a new one may overtake the news that an earlier one was won.
    if not 0 < case.amount_yen <= captured_yen:
        return said.WRONG_AMOUNT
    Chargeback.objects.create(
        case_number=case.case_number,
        authorisation=authorisation,
        payment_id=authorisation.payment_id,
        amount_yen=case.amount_yen,
        reason_code=case.reason_code,
        respond_by=case.respond_by,
        received_at=connector.now(),
    )
    post(
        ChargebackReceived(
            payment_id=authorisation.payment_id,
            case_number=case.case_number,
            amount_yen=case.amount_yen,
            reason_code=case.reason_code,
            respond_by=case.respond_by,
        )
    )
    return said.TAKEN


def take_decision(decision: DecisionSaid, *, now: datetime) -> str:
    """Write the network's decision of a case down and tell payments, once. Return field 39 of the
    answer."""
    case = Chargeback.objects.select_for_update().filter(case_number=decision.case_number).first()
    if case is None:
        return iso.NOT_FOUND
    if case.result:
        return said.TAKEN if case.result == decision.result else said.DIFFERS
    Chargeback.objects.filter(case_number=case.case_number).update(
        result=decision.result, ended_at=now
    )
    post(
        DisputeEnded(
            payment_id=case.payment_id, case_number=case.case_number, result=decision.result
        )
    )
    return said.TAKEN


def _find_original(connector: Connector, case: ChargebackSaid) -> Order | None:
    if case.original_acquirer != connector.acquirer.acquirer_id:
        return None
    authorisation = (
        Order.objects.select_for_update()
        .filter(
            kind=Order.Kind.AUTHORISE,
            trace_number=case.original_trace_number,
            retrieval_reference=case.retrieval_reference,
        )
        .order_by("-id")
        .first()
    )
    if authorisation is None:
        return None
    stamp = orders.stamp_of(authorisation, case.original_acquirer)
    return authorisation if stamp.moment == case.original_moment else None


def _alarm(kind: str, case_number: str, why: str) -> None:
    LOG.warning("%s about case %s: %s", kind, case_number or "?", why)
    hour = int(time.monotonic() // 3_600)
    raised = _alarms.get(hour, 0)
    _alarms.clear()
    _alarms[hour] = raised + 1
    if raised < MAX_ALARMS_PER_HOUR:
        raise_alarm(
            kind="card_network.dispute_refused",
            subject=case_number or "unknown",
            facts={"message": kind, "why": why},
        )
