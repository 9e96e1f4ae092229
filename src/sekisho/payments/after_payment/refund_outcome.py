"""What became of a refund: done, refused, or nobody knows yet. An unknown one still counts as given
back, so that it can't be given twice; the network is asked until it says, then an operator."""

from __future__ import annotations

from datetime import datetime

from sekisho import evidence
from sekisho.crossings.message import Refusal, Taken
from sekisho.crossings.payments import RefundOutcome
from sekisho.payments import limits, post_orders
from sekisho.payments.after_payment.refund import Refund, refund_facts
from sekisho.payments.end_payment import needs_operator
from sekisho.payments.ledger.write import post_refund, void_refund
from sekisho.payments.move_payment import Payment, lock_payment
from sekisho.payments.records.session import EVERY_BODY, Rows, acting_for
from sekisho.payments.room import Room

BY = "card_network"

UNDER_WAY = ("asked", "unknown")


def refund_outcome(room: Room, message: RefundOutcome) -> Taken:
    """The network gave the money back, refuses to, or nobody knows. Raises ``Refusal``
    ``payment_unknown``, ``refund_unknown``."""
    now = room.now()
    with acting_for(EVERY_BODY) as rows:
        payment = lock_payment(rows, message.payment_id)
        if payment is None:
            raise Refusal("payment_unknown", "", "payment_id")
        refund = read_refund(rows, payment, message.refund_id)
        if refund is None:
            raise Refusal("refund_unknown", "", "refund_id")
        done = message.result == "refunded"
        if message.result == "unknown":
            if refund.state == "asked":
                _unknown(rows, payment, refund, now)
        elif refund.state in UNDER_WAY:
            _note(rows, refund, message)
            finish_refund(rows, payment, refund, done=done, by=BY, why=_why(message), now=now)
        elif done != (refund.state == "done"):
            note = f"refund {refund.id} is {refund.state}, then the network said {message.result}"
            needs_operator(rows, payment, note, now=now, stop=False)
    return Taken()


def _why(message: RefundOutcome) -> str:
    return f"{message.result}, response code {message.response_code or 'none'}"


def read_refund(rows: Rows, payment: Payment, refund_id: str) -> Refund | None:
    """Return a refund of a payment whose lock is held."""
    row = rows.one(
        "SELECT id, payment_id, amount_yen, fee_yen, state, attempt, asked FROM refund"
        " WHERE id = %s AND payment_id = %s",
        [refund_id, payment.id],
    )
    return Refund(*row) if row else None


def _note(rows: Rows, refund: Refund, message: RefundOutcome) -> None:
    rows.do(
        "UPDATE refund SET response_code = %s, network_reference = %s WHERE id = %s",
        [message.response_code, message.network_reference, refund.id],
    )


def _unknown(rows: Rows, payment: Payment, refund: Refund, now: datetime) -> None:
    rows.do(
        "UPDATE refund SET state = 'unknown', due_at = %s, asked = 0 WHERE id = %s",
        [now + limits.ASK_AGAIN_AFTER[0], refund.id],
    )
    evidence.append(
        kind="payments.refund_unknown", subject=payment.id, facts=refund_facts(payment, refund)
    )


def finish_refund(
    rows: Rows,
    payment: Payment,
    refund: Refund,
    *,
    done: bool,
    by: str,
    why: str,
    now: datetime,
) -> None:
    """End a refund under way: post its claim in the ledger and tell the payer, or void it, and what
    it held may be given back again."""
    state = "done" if done else "refused"
    rows.do(
        "UPDATE refund SET state = %s, finished_at = %s, due_at = NULL WHERE id = %s",
        [state, now, refund.id],
    )
    if done:
        post_refund(rows, payment, refund.id)
        post_orders.mail_refund(rows, payment, refund.id, refund.total_yen, now)
    else:
        void_refund(rows, payment, refund.id)
    evidence.append(
        kind=f"payments.refund_{state}",
        subject=payment.id,
        facts={**refund_facts(payment, refund), "by": by, "why": why},
    )


def ask_about_due_refund(room: Room, rows: Rows, payment: Payment, refund: Refund) -> None:
    """Say the order again, or call an operator when it was said often enough."""
    now = room.now()
    if refund.asked >= len(limits.ASK_AGAIN_AFTER):
        note = f"refund {refund.id} is {refund.state}: the network was asked {refund.asked} times"
        rows.do("UPDATE refund SET due_at = NULL WHERE id = %s", [refund.id])
        needs_operator(rows, payment, note, now=now, stop=False)
        return
    post_orders.ask_to_refund(room, payment, refund.id, refund.attempt, refund.total_yen)
    asked = refund.asked + 1
    pause = limits.ASK_AGAIN_AFTER[min(asked, len(limits.ASK_AGAIN_AFTER) - 1)]
    rows.do(
        "UPDATE refund SET asked = %s, due_at = %s WHERE id = %s", [asked, now + pause, refund.id]
    )


def ask_refunds_again(rows: Rows, payment: Payment, now: datetime) -> int:
    """Begin the questions about a payment's refunds anew, as an operator decided; return how many
    there are."""
    return rows.do(
        "UPDATE refund SET asked = 0, due_at = %s"
        " WHERE payment_id = %s AND state IN ('asked', 'unknown') AND due_at IS NULL",
        [now, payment.id],
    )


def decide_refunds(
    rows: Rows, payment: Payment, *, done: bool, by: str, why: str, now: datetime
) -> int:
    """End the refunds that the network never told of, as two operators decided from its records;
    return how many there were."""
    stuck = rows.all(
        "SELECT id, payment_id, amount_yen, fee_yen, state, attempt, asked FROM refund"
        " WHERE payment_id = %s AND state IN ('asked', 'unknown') AND due_at IS NULL",
        [payment.id],
    )
    for row in stuck:
        finish_refund(rows, payment, Refund(*row), done=done, by=by, why=why, now=now)
    return len(stuck)
