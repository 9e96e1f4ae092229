"""The sweep: looks every few seconds at what is due. Sessions end, questions to the network are
asked again, cards of captured payments are forgotten. Each payment in a transaction of its own, so
that one that can't be moved holds nobody up; what is missed is due again at the next look."""

from __future__ import annotations

import logging
import threading
from datetime import datetime

from django.db import close_old_connections, connection

from sekisho.payments import limits, post_orders
from sekisho.payments.after_payment.look_at_due import look_at_disputes, look_at_refunds
from sekisho.payments.card_outcomes import unknown
from sekisho.payments.end_payment import ended, give_back, needs_operator
from sekisho.payments.enrolment_status import enrolment_is_refused
from sekisho.payments.forget_typed import forget_at, forget_typed
from sekisho.payments.guard.count import drop_old_counts
from sekisho.payments.lifecycle import ENDED_WITHOUT_MONEY, OPEN, State
from sekisho.payments.move_payment import Payment, lock_due_payment, lock_payment, move
from sekisho.payments.records.session import EVERY_BODY, Rows, acting_for
from sekisho.payments.room import Room

BY = "payments:sweep"

_ASKED_AGAIN = frozenset(
    {State.UNKNOWN, State.CAPTURE_REQUESTED, State.REVERSING, State.CHECK_APPROVED}
)

log = logging.getLogger("sekisho.payments.sweep")


def sweep(room: Room) -> int:
    """Do what is due now; return how many payments were looked at (``SWEEP_BATCH_PAYMENTS`` at
    most of each kind: when it is that many, there is more)."""
    now = room.now()
    with acting_for(EVERY_BODY) as rows:
        due = rows.all(
            "SELECT id FROM payment WHERE due_at <= %s ORDER BY due_at LIMIT %s",
            [now, limits.SWEEP_BATCH_PAYMENTS],
        )
        unwanted = rows.all(
            "SELECT payment_id, number FROM attempt WHERE give_back_at <= %s"
            " ORDER BY give_back_at LIMIT %s",
            [now, limits.SWEEP_BATCH_PAYMENTS],
        )
        _drop_old(rows, now)
    for (payment_id,) in due:
        with acting_for(EVERY_BODY) as rows:
            payment = lock_due_payment(rows, payment_id, now)
            if payment is not None:
                _look_at(room, rows, payment, now)
    for payment_id, attempt in unwanted:
        with acting_for(EVERY_BODY) as rows:
            _ask_to_give_back_again(room, rows, payment_id, attempt, now)
    return len(due) + len(unwanted) + look_at_refunds(room) + look_at_disputes(room)


def sweep_until(room: Room, stop: threading.Event) -> None:
    """Sweep every ``SWEEP_SECONDS`` until ``stop`` is set; a look that fails is tried again."""
    while not stop.is_set():
        try:
            close_old_connections()
            looked_at = sweep(room)
        except Exception:
            log.exception("the sweep failed; it is tried again")
            connection.close()
            looked_at = 0
        if looked_at < limits.SWEEP_BATCH_PAYMENTS:
            stop.wait(limits.SWEEP_SECONDS)
    connection.close()


def _look_at(room: Room, rows: Rows, payment: Payment, now: datetime) -> None:
    state = payment.state
    if state in OPEN:
        move(
            rows,
            payment,
            State.EXPIRED,
            "session_over",
            by=BY,
            finished_at=now,
            due_at=forget_at(payment, now),
        )
        enrolment_is_refused(rows, payment, by=BY, why="session_over")
        if payment.attempt:
            post_orders.forget_card(payment.id, None, "cancelled")
    elif state in (State.AUTHENTICATING, State.CHALLENGE):
        ended(
            rows,
            payment,
            State.CANCELLED_BY_EXPIRY,
            "authentication_too_late",
            by=BY,
            why="no authentication in time",
            now=now,
        )
    elif state == State.AUTHORISING:
        unknown(room, rows, payment, by=BY, why="the card network zone has not answered")
        post_orders.ask_what_became(room, payment)
    elif state == State.AUTHORISED:
        why = f"not captured by {payment.capture_by.isoformat() if payment.capture_by else now}"
        give_back(room, rows, payment, "capture_never_asked", by=BY, why=why)
    elif state in _ASKED_AGAIN:
        _ask_again(room, rows, payment, now)
    elif state == State.CAPTURED:
        if not payment.keeps_card:
            post_orders.forget_card(payment.id, payment.card_token, "settled")
        _due(rows, payment, None)
    elif state in ENDED_WITHOUT_MONEY:
        forget_typed(rows, payment)
        _due(rows, payment, None)
    else:
        _due(rows, payment, None)


def _ask_again(room: Room, rows: Rows, payment: Payment, now: datetime) -> None:
    """Ask the network once more, or call an operator when it was asked often enough."""
    if payment.asked >= len(limits.ASK_AGAIN_AFTER):
        waited = "days" if payment.state == State.UNKNOWN else "long"
        needs_operator(
            rows,
            payment,
            f"{payment.state}: the network was asked {payment.asked} times, {waited} enough",
            now=now,
        )
        return
    match payment.state:
        case State.UNKNOWN:
            post_orders.ask_what_became(room, payment)
        case State.CAPTURE_REQUESTED:
            post_orders.ask_to_capture(room, payment)
        case State.CHECK_APPROVED:
            post_orders.ask_to_reverse(room, payment, "card_check_done")
        case _:
            reason = post_orders.reversal_reason(payment.event)
            post_orders.ask_to_reverse(room, payment, reason)
    asked = payment.asked + 1
    pause = limits.ASK_AGAIN_AFTER[min(asked, len(limits.ASK_AGAIN_AFTER) - 1)]
    rows.do(
        "UPDATE payment SET asked = %s, due_at = %s WHERE id = %s",
        [asked, now + pause, payment.id],
    )


def _due(rows: Rows, payment: Payment, due_at: datetime | None) -> None:
    rows.do("UPDATE payment SET due_at = %s WHERE id = %s", [due_at, payment.id])


def _ask_to_give_back_again(
    room: Room, rows: Rows, payment_id: str, attempt: int, now: datetime
) -> None:
    payment = lock_payment(rows, payment_id)
    row = rows.one(
        "SELECT give_back_asked FROM attempt WHERE payment_id = %s AND number = %s"
        " AND give_back_at <= %s",
        [payment_id, attempt, now],
    )
    if payment is None or row is None:
        return
    asked = row[0] + 1
    due_at = None
    if asked < len(limits.ASK_AGAIN_AFTER):
        due_at = now + limits.ASK_AGAIN_AFTER[asked]
        post_orders.ask_to_reverse(room, payment, "time_out", attempt=attempt)
    else:
        note = f"card {attempt}: an unwanted approval could not be given back"
        needs_operator(rows, payment, note, now=now, stop=False)
    rows.do(
        "UPDATE attempt SET give_back_at = %s, give_back_asked = %s"
        " WHERE payment_id = %s AND number = %s",
        [due_at, asked, payment_id, attempt],
    )


def _drop_old(rows: Rows, now: datetime) -> None:
    """Forget counts of wrong answers and of the guard whose window is long over, and rows of files
    that nobody committed."""
    drop_old_counts(rows, now)
    rows.do(
        "DELETE FROM wrong_answer WHERE (scope, key) IN (SELECT scope, key FROM wrong_answer"
        " WHERE since < %s LIMIT %s)",
        [now - 24 * limits.WRONG_ANSWERS_WINDOW, limits.SWEEP_BATCH_PAYMENTS],
    )
    old = rows.all(
        "SELECT id FROM import_file f WHERE committed_at IS NULL AND opened_at < %s"
        " AND (EXISTS (SELECT FROM bill_staged s WHERE s.import_id = f.id)"
        " OR EXISTS (SELECT FROM policy_staged s WHERE s.import_id = f.id)) LIMIT 1",
        [now - limits.IMPORTS_KEPT],
    )
    for (import_id,) in old:
        rows.do("DELETE FROM bill_staged WHERE import_id = %s", [import_id])
        rows.do("DELETE FROM policy_staged WHERE import_id = %s", [import_id])
