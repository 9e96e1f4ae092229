"""Void: the client body gives an authorisation back that was not captured."""

from __future__ import annotations

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import MoneyShown, VoidPayment
from sekisho.payments.after_payment.asker import body_of, check_reason, person
from sekisho.payments.after_payment.show_money import lock_asked_for, money_of
from sekisho.payments.end_payment import give_back
from sekisho.payments.lifecycle import State
from sekisho.payments.move_payment import Payment
from sekisho.payments.records.session import acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller


def void_payment(room: Room, caller: Caller, message: VoidPayment) -> MoneyShown:
    """Give an authorisation back that waits for its capture; said again it is the same. Raises
    ``Refusal`` ``payment_unknown``, ``not_voidable``, ``reason_wrong``, ``by_wrong``."""
    by, reason = person(caller, message.by), check_reason(message.reason)
    with acting_for(body_of(room, caller, message.client_body)) as rows:
        payment = lock_asked_for(rows, message.payment_id)
        if payment.state == State.AUTHORISED:
            payment = give_back(room, rows, payment, "void_asked", by=by, why=reason)
        elif not _voided(payment):
            raise Refusal("not_voidable", f"the payment is {payment.state}")
        return money_of(rows, payment)


def _voided(payment: Payment) -> bool:
    return (payment.state, payment.event) in (
        (State.REVERSING, "void_asked"),
        (State.CANCELLED_BY_CLIENT_BODY, "voided"),
    )
