"""What the sweep looks at besides payments: refunds that nobody answered, disputes whose time is
over. Each in a transaction of its own."""

from __future__ import annotations

from sekisho.payments import limits
from sekisho.payments.after_payment.dispute import look_at_due_dispute
from sekisho.payments.after_payment.refund_outcome import (
    UNDER_WAY,
    ask_about_due_refund,
    read_refund,
)
from sekisho.payments.move_payment import lock_payment
from sekisho.payments.records.session import EVERY_BODY, acting_for
from sekisho.payments.room import Room


def look_at_refunds(room: Room) -> int:
    """Ask again about refunds that are due; return how many were looked at."""
    now = room.now()
    with acting_for(EVERY_BODY) as rows:
        due = rows.all(
            "SELECT id, payment_id FROM refund WHERE due_at <= %s ORDER BY due_at LIMIT %s",
            [now, limits.SWEEP_BATCH_PAYMENTS],
        )
    for refund_id, payment_id in due:
        with acting_for(EVERY_BODY) as rows:
            payment = lock_payment(rows, payment_id)
            refund = read_refund(rows, payment, refund_id) if payment else None
            if payment is not None and refund is not None and refund.state in UNDER_WAY:
                ask_about_due_refund(room, rows, payment, refund)
    return len(due)


def look_at_disputes(room: Room) -> int:
    """End disputes that nobody answered in time, call an operator for those that the network does
    not decide; return how many were looked at."""
    with acting_for(EVERY_BODY) as rows:
        due = rows.all(
            "SELECT case_number FROM dispute WHERE due_at <= %s ORDER BY due_at LIMIT %s",
            [room.now(), limits.SWEEP_BATCH_PAYMENTS],
        )
    for (case_number,) in due:
        with acting_for(EVERY_BODY) as rows:
            look_at_due_dispute(room, rows, case_number)
    return len(due)
