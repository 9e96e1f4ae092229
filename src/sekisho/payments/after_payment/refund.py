"""Refund: captured money goes back, in part or whole. Two people who refund the same payment are
told apart by what they saw as left; the payment's row is locked while the sum is taken, and the
database takes it again (``refund_within_captured``)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import psycopg

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import RefundPayment, RefundShown
from sekisho.payments import limits, post_orders
from sekisho.payments.after_payment.asker import body_of, check_reason, person
from sekisho.payments.after_payment.show_money import (
    REFUND_COLUMNS,
    left_of,
    lock_asked_for,
    refund_shown,
)
from sekisho.payments.ledger.write import open_refund
from sekisho.payments.lifecycle import PAID
from sekisho.payments.move_payment import Payment
from sekisho.payments.records.session import Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller
from sekisho.vocabulary.identifiers import new_id

_KEY = "refund_key"
"""The unique constraint by which a key makes one refund of a client body."""


class Refund(NamedTuple):
    """A refund as its verbs need it; amounts in yen."""

    id: str
    payment_id: str
    amount_yen: int
    fee_yen: int
    state: str
    attempt: int
    asked: int

    @property
    def total_yen(self) -> int:
        return self.amount_yen + self.fee_yen


def refund_payment(room: Room, caller: Caller, message: RefundPayment) -> RefundShown:
    """Order that money be given back. Raises ``Refusal`` as ``RefundPayment`` describes, and
    ``key_wrong``, ``by_wrong``."""
    by, reason = person(caller, message.by), check_reason(message.reason)
    if not 1 <= len(message.key) <= limits.MAX_KEY_CHARACTERS:
        raise Refusal("key_wrong", f"1 to {limits.MAX_KEY_CHARACTERS} characters", "key")
    body = body_of(room, caller, message.client_body)
    try:
        with acting_for(body) as rows:
            payment = lock_asked_for(rows, message.payment_id)
            shown = _same_as_before(rows, payment, message, reason)
            return shown or _refund(room, rows, payment, message, by=by, reason=reason)
    except psycopg.errors.UniqueViolation as violation:
        # The same key came at once for another payment; for this one its lock holds us apart.
        if violation.diag.constraint_name != _KEY:
            raise
    raise Refusal("key_reused", "this key made another refund", "key")


def _same_as_before(
    rows: Rows, payment: Payment, message: RefundPayment, reason: str
) -> RefundShown | None:
    row = rows.one(
        "SELECT " + REFUND_COLUMNS + ", r.reason FROM refund r"  # noqa: S608 - constants
        " WHERE r.client_body = %s AND r.key = %s",
        [payment.client_body, message.key],
    )
    if row is None:
        return None
    made = refund_shown(row[:-1], left_of(rows, payment).total_yen)
    if (made.payment_id, made.amount_yen, made.fee_yen, row[-1]) != (
        payment.id,
        message.amount_yen,
        message.fee_yen,
        reason,
    ):
        raise Refusal("key_reused", "this key made another refund", "key")
    return made


def _refund(
    room: Room, rows: Rows, payment: Payment, message: RefundPayment, *, by: str, reason: str
) -> RefundShown:
    left = _check(rows, payment, message)
    refund = Refund(
        id=new_id("rfd"),
        payment_id=payment.id,
        amount_yen=message.amount_yen,
        fee_yen=message.fee_yen,
        state="asked",
        attempt=payment.attempt,
        asked=0,
    )
    now = room.now()
    _write(rows, payment, refund, message.key, by=by, reason=reason, now=now)
    open_refund(rows, payment, refund.id, refund.amount_yen, refund.fee_yen)
    post_orders.ask_to_refund(room, payment, refund.id, refund.attempt, refund.total_yen)
    evidence.append(
        kind="payments.refund_asked",
        subject=payment.id,
        facts={**refund_facts(payment, refund), "by": by, "reason": reason},
    )
    return RefundShown(
        refund_id=refund.id,
        payment_id=payment.id,
        amount_yen=refund.amount_yen,
        fee_yen=refund.fee_yen,
        status="asked",
        asked_at=now,
        finished_at=None,
        left_yen=left - refund.total_yen,
    )


def _check(rows: Rows, payment: Payment, message: RefundPayment) -> int:
    """Return what is left in yen, if the refund may be."""
    if payment.state not in PAID:
        raise Refusal("not_captured", f"the payment is {payment.state}")
    if rows.one(
        "SELECT 1 FROM dispute WHERE payment_id = %s AND status IN ('open', 'contested')",
        [payment.id],
    ):
        raise Refusal("in_dispute", "a chargeback is open: answer it instead")
    left = left_of(rows, payment)
    if left.total_yen != message.left_yen:
        raise Refusal("left_changed", f"{left.total_yen} yen are left", "left_yen")
    if not 0 <= message.amount_yen <= left.amount_yen:
        raise Refusal("amount_wrong", f"0 to {left.amount_yen} yen of the bill", "amount_yen")
    if not 0 <= message.fee_yen <= left.fee_yen:
        raise Refusal("amount_wrong", f"0 to {left.fee_yen} yen of the fee", "fee_yen")
    if not 0 < message.amount_yen + message.fee_yen <= left.total_yen:
        raise Refusal("amount_wrong", f"1 to {left.total_yen} yen together", "amount_yen")
    return left.total_yen


def _write(
    rows: Rows,
    payment: Payment,
    refund: Refund,
    key: str,
    *,
    by: str,
    reason: str,
    now: datetime,
) -> None:
    rows.do(
        "INSERT INTO refund (id, client_body, key, payment_id, attempt, amount_yen, fee_yen,"
        " reason, asked_by, asked_at, state, due_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'asked', %s)",
        [
            refund.id,
            payment.client_body,
            key,
            payment.id,
            refund.attempt,
            refund.amount_yen,
            refund.fee_yen,
            reason,
            by,
            now,
            now + limits.ASK_AGAIN_AFTER[0],
        ],
    )


def refund_facts(payment: Payment, refund: Refund) -> dict[str, str | int]:
    """Return what evidence says of every step of a refund."""
    return {
        "client_body": payment.client_body,
        "reference": payment.reference,
        "refund_id": refund.id,
        "amount_yen": refund.amount_yen,
        "fee_yen": refund.fee_yen,
    }
