"""How a payment ends: captured, checked, given back, or without money. Each end settles the claim
in the ledger, forgets what is not needed any more and tells who must know."""

from __future__ import annotations

from datetime import datetime

from sekisho import evidence
from sekisho.payments import limits, post_orders
from sekisho.payments.charge_runs.outcome import charge_failed, charge_succeeded
from sekisho.payments.enrolment_status import enrolment_is_active, enrolment_is_refused
from sekisho.payments.enrolments.mails import mail_card_in_use
from sekisho.payments.forget_typed import after_the_mail
from sekisho.payments.ledger.write import expire, post, void
from sekisho.payments.lifecycle import State
from sekisho.payments.move_payment import Payment, move
from sekisho.payments.records.session import Rows
from sekisho.payments.room import Room


def captured(
    rows: Rows, payment: Payment, *, by: str, why: str, now: datetime, event: str = "captured"
) -> Payment:
    """The money was taken: post the claim, send the receipt. A one-off card is forgotten by the
    sweep ``CARD_KEPT_AFTER_CAPTURE`` later. ``event``: ``operator_honoured`` where people said
    so."""
    paid = move(
        rows,
        payment,
        State.CAPTURED,
        event,
        by=by,
        why=why,
        finished_at=now,
        due_at=None if payment.keeps_card else now + limits.CARD_KEPT_AFTER_CAPTURE,
    )
    post(rows, paid)
    if paid.kind == "charge":
        charge_succeeded(rows, paid, now)
    else:
        post_orders.mail_receipt(rows, paid, now)
    evidence.append(
        kind="payments.captured",
        subject=paid.id,
        facts={
            "client_body": paid.client_body,
            "reference": paid.reference,
            "total_yen": paid.total_yen,
        },
    )
    return paid


def check_is_good(room: Room, rows: Rows, payment: Payment, *, by: str, why: str) -> None:
    """The issuer says that an applicant's card is good: the enrolment is active, or has this card
    in place of another. A check of 1 yen is given back."""
    now = room.now()
    post_orders.forget_code(payment)
    fault = enrolment_is_active(rows, payment, by=by, now=now)
    if payment.total_yen:
        checked = move(
            rows,
            payment,
            State.CHECK_APPROVED,
            "card_good",
            by=by,
            why=why,
            due_at=now + limits.ASK_AGAIN_AFTER[0],
            asked=0,
        )
        post_orders.ask_to_reverse(room, checked, "card_check_done")
    else:
        checked = move(
            rows,
            payment,
            State.CHECKED,
            "card_good",
            by=by,
            why=why,
            finished_at=now,
            due_at=None,
        )
    if not fault:
        mail_card_in_use(rows, checked)
    else:
        needs_operator(rows, checked, fault, now=now, stop=False)


def ended(
    rows: Rows,
    payment: Payment,
    target: State,
    event: str,
    *,
    by: str,
    why: str,
    now: datetime,
) -> None:
    """The payment ended and holds no money: void the claim (expire it, when its time was over),
    forget the card of this attempt (an enrolment's good card is kept), and later what was typed. A
    payer who was told "unknown" gets a mail."""
    due_at = None if target == State.CHECKED else after_the_mail(payment, now)
    over = move(rows, payment, target, event, by=by, why=why, finished_at=now, due_at=due_at)
    if target == State.CANCELLED_BY_EXPIRY:
        expire(rows, over)
    else:
        void(rows, over)
    if target == State.CHECKED:
        return
    if over.kind == "charge":
        charge_failed(rows, over, event, now)
        return
    enrolment_is_refused(rows, over, by=by, why=event)
    post_orders.forget_card(over.id, over.card_token, "ended")
    if payment.state in (State.UNKNOWN, State.REVERSING):
        post_orders.mail_failed(over)


def give_back(
    room: Room,
    rows: Rows,
    payment: Payment,
    event: str,
    *,
    by: str,
    why: str,
) -> Payment:
    """Order that this payment's authorisation be given back, and return the payment as it is then;
    the bill is held until it is."""
    reversing = move(
        rows,
        payment,
        State.REVERSING,
        event,
        by=by,
        why=why,
        due_at=room.now() + limits.ASK_AGAIN_AFTER[0],
        asked=0,
    )
    post_orders.ask_to_reverse(room, reversing, post_orders.reversal_reason(event))
    post_orders.forget_code(reversing)
    evidence.append(
        kind="payments.authorisation_given_back",
        subject=payment.id,
        facts={"reference": payment.reference, "event": event},
    )
    return reversing


def give_back_other(room: Room, rows: Rows, payment: Payment, attempt: int) -> None:
    """A yes came for a card that this payment does not wait for any more: order it to be given
    back, once, and again by the sweep until the network says that it is."""
    ordered = rows.do(
        "UPDATE attempt SET give_back_at = %s, give_back_asked = 0"
        " WHERE payment_id = %s AND number = %s AND give_back_at IS NULL AND NOT given_back",
        [room.now() + limits.ASK_AGAIN_AFTER[0], payment.id, attempt],
    )
    if ordered:
        post_orders.ask_to_reverse(room, payment, "time_out", attempt=attempt)
        evidence.append(
            kind="payments.authorisation_given_back",
            subject=payment.id,
            facts={"reference": payment.reference, "event": "yes_unwanted", "attempt": attempt},
        )


def needs_operator(
    rows: Rows, payment: Payment, note: str, *, now: datetime, stop: bool = True
) -> None:
    """Put the payment on an operator's list with the facts. The machine asks no more, unless
    ``stop`` is false: then what the payment still waits for by itself goes on."""
    row = rows.one("SELECT operator_note FROM payment WHERE id = %s", [payment.id])
    before = row[0] if row else ""
    known = note in before
    after = before if known else f"{before}\n{now.isoformat()} {note}".strip()
    rows.do(
        "UPDATE payment SET operator_note = %s, due_at = CASE WHEN %s THEN NULL ELSE due_at END"
        " WHERE id = %s",
        [after[: limits.MAX_NOTE_CHARACTERS], stop, payment.id],
    )
    if not known:
        evidence.append(
            kind="payments.operator_called",
            subject=payment.id,
            facts={"reference": payment.reference, "state": payment.state, "note": note},
        )
