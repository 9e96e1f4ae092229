"""Delayed capture: an authorised payment waits until the client body wants the money, or its time
is over. Captured in the background: the order is said again by ``ASK_AGAIN_AFTER``, then it is an
operator's."""

from __future__ import annotations

from datetime import datetime

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import CapturePayment, MoneyShown
from sekisho.payments import limits, post_orders
from sekisho.payments.after_payment.asker import body_of, person
from sekisho.payments.after_payment.show_money import lock_asked_for, money_of
from sekisho.payments.lifecycle import PAID, State
from sekisho.payments.move_payment import Payment, move
from sekisho.payments.records.session import Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller


def capture_payment(room: Room, caller: Caller, message: CapturePayment) -> MoneyShown:
    """Capture a payment that waits for it; said again it is the same. Raises ``Refusal``
    ``payment_unknown``, ``not_capturable`` (also when its time is over), ``by_wrong``."""
    by, now = person(caller, message.by), room.now()
    with acting_for(body_of(room, caller, message.client_body)) as rows:
        payment = lock_asked_for(rows, message.payment_id)
        if payment.state == State.AUTHORISED:
            if payment.capture_by is not None and payment.capture_by <= now:
                raise Refusal("not_capturable", f"its time was over at {payment.capture_by}")
            payment = request_capture(room, rows, payment, by=by, now=now)
        elif payment.state != State.CAPTURE_REQUESTED and payment.state not in PAID:
            raise Refusal("not_capturable", f"the payment is {payment.state}")
        return money_of(rows, payment)


def request_capture(room: Room, rows: Rows, payment: Payment, *, by: str, now: datetime) -> Payment:
    """Order the capture of an authorised payment and return it as it is then."""
    requested = move(
        rows,
        payment,
        State.CAPTURE_REQUESTED,
        "capture_asked",
        by=by,
        due_at=now + limits.ASK_AGAIN_AFTER[0],
        asked=0,
    )
    post_orders.ask_to_capture(room, requested)
    return requested
