"""Disputes: the network took captured money back for now. The client body accepts or contests in
time; no answer is an acceptance, as the network counts it. A contest ends by the network's word."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sekisho import evidence
from sekisho.crossings.message import Refusal, Taken
from sekisho.crossings.payments import (
    AnswerDispute,
    ChargebackReceived,
    DisputeEnded,
    DisputeShown,
    DisputesShown,
    ListDisputes,
)
from sekisho.payments import limits, post_orders
from sekisho.payments.after_payment.asker import body_of, holds_card_number, person
from sekisho.payments.after_payment.show_money import DISPUTE_COLUMNS, dispute_shown
from sekisho.payments.end_payment import captured, needs_operator
from sekisho.payments.errors import TooEarly
from sekisho.payments.ledger.case_text import case_text
from sekisho.payments.ledger.write import lose_dispute, open_dispute, win_dispute
from sekisho.payments.lifecycle import PAID, State
from sekisho.payments.move_payment import Payment, lock_payment
from sekisho.payments.records.session import EVERY_BODY, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller
from sekisho.vocabulary.clock import TOKYO

BY = "card_network"


class Dispute(NamedTuple):
    """A dispute as its verbs need it."""

    case_number: str
    payment_id: str
    amount_yen: int
    respond_by: date
    status: str
    attempt: int


def chargeback_received(room: Room, message: ChargebackReceived) -> Taken:
    """Open a dispute; the same case again changes nothing. What fits no captured payment is an
    operator's. Raises ``Refusal`` ``payment_unknown``, ``case_differs``."""
    now = room.now()
    with acting_for(EVERY_BODY) as rows:
        payment = lock_payment(rows, message.payment_id)
        if payment is None:
            raise Refusal("payment_unknown", "", "payment_id")
        known = _read(rows, message.case_number)
        if known is not None:
            if (known.payment_id, known.amount_yen) != (payment.id, message.amount_yen):
                raise Refusal("case_differs", "this case is of another payment", "case_number")
            return Taken()
        if payment.state == State.CAPTURE_REQUESTED:
            # Only captured money can be charged back; the capture's own outcome is still to come.
            why = f"chargeback {message.case_number}"
            payment = captured(rows, payment, by=BY, why=why, now=now)
        if payment.state not in PAID or not 0 < message.amount_yen <= payment.total_yen:
            note = (
                f"chargeback {message.case_number} of {message.amount_yen} yen does not fit:"
                f" the payment is {payment.state} over {payment.total_yen} yen"
            )
            needs_operator(rows, payment, note, now=now, stop=False)
            return Taken()
        _open(rows, payment, message, now)
    return Taken()


def _open(rows: Rows, payment: Payment, message: ChargebackReceived, now: datetime) -> None:
    rows.do(
        "INSERT INTO dispute (case_number, client_body, payment_id, attempt, amount_yen,"
        " reason_code, respond_by, status, received_at, due_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, 'open', %s, %s)",
        [
            message.case_number,
            payment.client_body,
            payment.id,
            payment.attempt,
            message.amount_yen,
            message.reason_code,
            message.respond_by,
            now,
            _end_of(message.respond_by),
        ],
    )
    open_dispute(rows, payment, message.case_number, message.amount_yen)
    _tell(
        payment,
        "opened",
        message.case_number,
        message.amount_yen,
        reason_code=message.reason_code,
        respond_by=message.respond_by.isoformat(),
    )


def _end_of(day: date) -> datetime:
    """Return the end of a business day."""
    return datetime.combine(day + timedelta(days=1), time(), TOKYO)


def answer_dispute(room: Room, caller: Caller, message: AnswerDispute) -> DisputeShown:
    """Accept or contest; the same answer again changes nothing. Raises ``Refusal`` as
    ``AnswerDispute`` describes."""
    by, now = person(caller, message.by), room.now()
    grounds = _checked_grounds(message) if message.answer == "contest" else ""
    with acting_for(body_of(room, caller, message.client_body)) as rows:
        payment, dispute = _locked(rows, message.case_number)
        answered = "accepted" if message.answer == "accept" else "contested"
        if dispute.status in ("won", "lost"):
            raise Refusal("dispute_over", f"it is {dispute.status}")
        if dispute.status == "open":
            if _end_of(dispute.respond_by) <= now:
                raise Refusal("too_late", f"to be answered by {dispute.respond_by.isoformat()}")
            if answered == "accepted":
                accept(room, rows, payment, dispute, by=by, now=now)
            else:
                _contest(room, rows, payment, dispute, grounds, by=by, now=now)
        elif dispute.status != answered:
            raise Refusal("dispute_answered", f"it is {dispute.status}")
        row = rows.one(
            "SELECT " + DISPUTE_COLUMNS + " WHERE d.case_number = %s", [dispute.case_number]
        )
        assert row is not None
        return dispute_shown(row)


def _checked_grounds(message: AnswerDispute) -> str:
    grounds, most = message.grounds.strip(), limits.MAX_GROUNDS_BYTES
    if not 1 <= len(grounds.encode()) <= most:
        raise Refusal("grounds_wrong", f"1 to {most} bytes of UTF-8", "grounds")
    if holds_card_number(grounds):
        raise Refusal("grounds_wrong", "holds what looks like a card number", "grounds")
    return grounds


def accept(
    room: Room, rows: Rows, payment: Payment, dispute: Dispute, *, by: str, now: datetime
) -> None:
    """The money stays with the cardholder: by the client body's word, or none came in time."""
    _answer(rows, dispute, "accepted", "", by=by, now=now, due_at=None)
    rows.do("UPDATE dispute SET ended_at = %s WHERE case_number = %s", [now, dispute.case_number])
    lose_dispute(rows, payment, dispute.case_number)
    post_orders.answer_chargeback(room, payment, dispute, "accept", "")
    _tell(payment, "accepted", dispute.case_number, dispute.amount_yen, by=by)


def _contest(
    room: Room,
    rows: Rows,
    payment: Payment,
    dispute: Dispute,
    grounds: str,
    *,
    by: str,
    now: datetime,
) -> None:
    due_at = now + limits.DISPUTE_DECISION_LIMIT
    _answer(rows, dispute, "contested", grounds, by=by, now=now, due_at=due_at)
    post_orders.answer_chargeback(room, payment, dispute, "contest", grounds)
    _tell(payment, "contested", dispute.case_number, dispute.amount_yen, by=by, grounds=grounds)


def _answer(
    rows: Rows,
    dispute: Dispute,
    status: str,
    grounds: str,
    *,
    by: str,
    now: datetime,
    due_at: datetime | None,
) -> None:
    rows.do(
        "UPDATE dispute SET status = %s, grounds = %s, answered_by = %s, answered_at = %s,"
        " due_at = %s WHERE case_number = %s",
        [status, grounds, by, now, due_at, dispute.case_number],
    )


def dispute_ended(room: Room, message: DisputeEnded) -> Taken:
    """The network decided. Raises ``TooEarly`` when the chargeback itself is still on its way: the
    sender says it again."""
    now = room.now()
    with acting_for(EVERY_BODY) as rows:
        if _read(rows, message.case_number) is None:
            raise TooEarly(f"case {message.case_number} has not been received yet")
        payment, dispute = _locked(rows, message.case_number)
        if dispute.status in ("open", "contested"):
            rows.do(
                "UPDATE dispute SET status = %s, ended_at = %s, due_at = NULL"
                " WHERE case_number = %s",
                [message.result, now, dispute.case_number],
            )
            if message.result == "won":
                win_dispute(rows, payment, dispute.case_number)
            else:
                lose_dispute(rows, payment, dispute.case_number)
            _tell(payment, message.result, dispute.case_number, dispute.amount_yen, by=BY)
        elif (dispute.status == "won") != (message.result == "won"):
            note = f"dispute {dispute.case_number} is {dispute.status}, then {message.result}"
            needs_operator(rows, payment, note, now=now, stop=False)
    return Taken()


def look_at_due_dispute(room: Room, rows: Rows, case_number: str) -> None:
    """No answer in time counts as accepted; no decision in time is an operator's."""
    payment, dispute = _locked(rows, case_number)
    now = room.now()
    if dispute.status == "open":
        accept(room, rows, payment, dispute, by="payments:sweep", now=now)
        return
    rows.do("UPDATE dispute SET due_at = NULL WHERE case_number = %s", [case_number])
    if dispute.status == "contested":
        days = limits.DISPUTE_DECISION_LIMIT.days
        note = f"dispute {case_number} was contested {days} days ago and not decided"
        needs_operator(rows, payment, note, now=now, stop=False)


def list_disputes(room: Room, caller: Caller, message: ListDisputes) -> DisputesShown:
    """Return disputes by the day to answer by, open ones first; at most ``MAX_DISPUTES_SHOWN``."""
    limit = max(0, min(message.limit, limits.MAX_DISPUTES_SHOWN))
    with acting_for(body_of(room, caller, message.client_body)) as rows:
        found = rows.all(
            "SELECT " + DISPUTE_COLUMNS + " WHERE d.ended_at IS NULL OR NOT %s"
            " ORDER BY d.ended_at IS NOT NULL, d.respond_by, d.case_number LIMIT %s",
            [message.only_open, limit],
        )
    return DisputesShown(disputes=[dispute_shown(row) for row in found])


def _read(rows: Rows, case_number: str) -> Dispute | None:
    row = rows.one(
        "SELECT case_number, payment_id, amount_yen, respond_by, status, attempt FROM dispute"
        " WHERE case_number = %s",
        [case_number],
    )
    return Dispute(*row) if row else None


def _locked(rows: Rows, case_number: str) -> tuple[Payment, Dispute]:
    """Lock the payment first, as everybody does, then read the case as it is now."""
    found = _read(rows, case_number)
    payment = lock_payment(rows, found.payment_id) if found else None
    dispute = _read(rows, case_number)
    if payment is None or dispute is None:
        raise Refusal("dispute_unknown", "", "case_number")
    return payment, dispute


def _tell(
    payment: Payment, what: str, case_number: str, amount_yen: int, **facts: str | int
) -> None:
    evidence.append(
        kind=f"payments.dispute_{what}",
        subject=payment.id,
        facts={
            "client_body": payment.client_body,
            "reference": payment.reference,
            "case_number": case_text(case_number),
            "amount_yen": amount_yen,
            **facts,
        },
    )
