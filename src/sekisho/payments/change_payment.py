"""What a payer may do besides paying: another card, more time, giving up, coming back from the
issuer's challenge."""

from __future__ import annotations

from typing import cast

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    CancelPayment,
    ExtendPayment,
    FinishChallenge,
    Language,
    PaymentShown,
    PaymentStarted,
    ReopenCardForm,
)
from sekisho.payments import limits, post_orders
from sekisho.payments.end_payment import ended
from sekisho.payments.enrolment_status import enrolment_is_applied, enrolment_is_refused
from sekisho.payments.forget_typed import forget_at
from sekisho.payments.lifecycle import HOLDING, OPEN, REOPENABLE, State
from sekisho.payments.move_payment import Payment, lock_payment, move
from sekisho.payments.open_card_form import Started, check_addresses, open_card_form
from sekisho.payments.records.session import Rows, acting_for
from sekisho.payments.room import Room, who
from sekisho.payments.show_payment import read_shown
from sekisho.payments.site_rules import SiteRules
from sekisho.transport.doors import Caller


def reopen_card_form(room: Room, caller: Caller, message: ReopenCardForm) -> PaymentStarted:
    """Open a fresh card form. Raises ``Refusal`` ``payment_unknown``, ``cards_closed``,
    ``payment_over`` (also when the time or the number of cards is used up, or the bill was paid
    otherwise)."""
    rules = room.site_of(caller, message.payment_id)
    check_addresses(message.parent_origin, message.return_url)
    with acting_for(rules.client_body) as rows:
        room.card_entries.refuse_closed(rows, rules.site)
        payment = _reopened(room, rows, rules, message.payment_id, by=who(caller))
    started = Started(
        payment.id,
        payment.reference,
        "payment" if payment.kind == "bill" else "enrolment",
        cast(Language, payment.language),
        payment.total_yen,
        payment.started_at,
        payment.expires_at,
    )
    return open_card_form(
        rules, started, parent_origin=message.parent_origin, return_url=message.return_url
    )


def _reopened(room: Room, rows: Rows, rules: SiteRules, payment_id: str, *, by: str) -> Payment:
    payment = _mine(rows, rules, payment_id)
    if (
        payment.state not in REOPENABLE
        or payment.expires_at <= room.now()
        or payment.attempt >= limits.CARDS_PER_PAYMENT_LIMIT
        or _is_taken(rows, payment)
    ):
        raise Refusal("payment_over")
    if payment.state == State.CREATED:
        return payment
    if payment.state == State.CARD_ENTERED:
        post_orders.forget_card(payment.id, payment.card_token, "replaced")
    else:
        enrolment_is_applied(rows, payment, by=by)
    return move(
        rows,
        payment,
        State.CREATED,
        "another_card",
        by=by,
        finished_at=None,
        due_at=payment.expires_at,
    )


def _is_taken(rows: Rows, payment: Payment) -> bool:
    """Whether the bill or policy is held by another payment, withdrawn, or enrolled by now."""
    return (
        rows.one(
            "SELECT 1 WHERE EXISTS (SELECT FROM payment WHERE held_for = %s)"
            " OR EXISTS (SELECT FROM bill WHERE id = %s AND (withdrawn OR amount_yen <> %s))"
            " OR EXISTS (SELECT FROM enrolment WHERE policy_id = %s AND status = 'active'"
            " AND id <> (SELECT CASE WHEN card_change THEN enrolment_id ELSE '' END"
            " FROM payment WHERE id = %s))",
            [
                payment.bill_id or payment.policy_id,
                payment.bill_id,
                payment.amount_yen,
                payment.policy_id,
                payment.id,
            ],
        )
        is not None
    )


def finish_challenge(room: Room, caller: Caller, message: FinishChallenge) -> PaymentShown:
    """The browser is back from the issuer; the result comes by the network. Raises ``Refusal``
    ``payment_unknown``, ``cres_wrong``."""
    rules = room.site_of(caller, message.payment_id)
    if len(message.cres) > limits.MAX_CRES_CHARACTERS:
        raise Refusal("cres_wrong", "too large", "cres")
    with acting_for(rules.client_body) as rows:
        payment = _mine(rows, rules, message.payment_id)
        if payment.state == State.CHALLENGE:
            move(rows, payment, State.AUTHENTICATING, "challenge_returned", by=who(caller))
            post_orders.tell_challenge_returned(payment, message.cres)
        return read_shown(rows, payment.id, rules.site)


def cancel_payment(room: Room, caller: Caller, message: CancelPayment) -> PaymentShown:
    """The payer gives up; possible until the issuer is asked for money. Raises ``Refusal``
    ``payment_unknown``, ``payment_in_flight``, ``payment_over``."""
    rules = room.site_of(caller, message.payment_id)
    with acting_for(rules.client_body) as rows:
        payment = _mine(rows, rules, message.payment_id)
        target, event, now = State.CANCELLED_BY_PAYER, "payer_cancelled", room.now()
        if payment.state in OPEN:
            due_at = forget_at(payment, now)
            move(rows, payment, target, event, by=who(caller), finished_at=now, due_at=due_at)
            enrolment_is_refused(rows, payment, by=who(caller), why=event)
            if payment.attempt:
                post_orders.forget_card(payment.id, None, "cancelled")
        elif payment.state in (State.AUTHENTICATING, State.CHALLENGE):
            ended(rows, payment, target, event, by=who(caller), why="", now=now)
        elif payment.state != target:
            in_flight = payment.state in HOLDING - {State.CAPTURED, State.SETTLED}
            raise Refusal("payment_in_flight" if in_flight else "payment_over")
        return read_shown(rows, payment.id, rules.site)


def extend_payment(room: Room, caller: Caller, message: ExtendPayment) -> PaymentShown:
    """Give the payer as much time again from now (WCAG 2.2, 2.2.1), ``EXTENSIONS_LIMIT`` times;
    within ``EXTENSION_PAUSE`` of the start or the last time it changes nothing. Raises
    ``Refusal`` ``payment_unknown``, ``payment_over``, ``extended_enough``."""
    rules = room.site_of(caller, message.payment_id)
    now = room.now()
    with acting_for(rules.client_body) as rows:
        payment = _mine(rows, rules, message.payment_id)
        if payment.state not in REOPENABLE or payment.expires_at <= now:
            raise Refusal("payment_over")
        expires_at = now + rules.payment_time
        if expires_at - payment.expires_at < limits.EXTENSION_PAUSE:
            # Said twice, or pressed twice: the time is as full as it gets.
            return read_shown(rows, payment.id, rules.site)
        if payment.extensions >= limits.EXTENSIONS_LIMIT:
            raise Refusal("extended_enough")
        rows.do(
            "UPDATE payment SET expires_at = %s, extensions = extensions + 1,"
            " due_at = CASE WHEN state = ANY(%s) THEN %s::timestamptz"
            " ELSE greatest(due_at, %s::timestamptz) END WHERE id = %s",
            [expires_at, [state.value for state in OPEN], expires_at, expires_at, payment.id],
        )
        return read_shown(rows, payment.id, rules.site)


def _mine(rows: Rows, rules: SiteRules, payment_id: str) -> Payment:
    payment = lock_payment(rows, payment_id, site=rules.site)
    if payment is None:
        raise Refusal("payment_unknown")
    return payment
