"""Forget what a payer typed for a payment that ended without money: the e-mail, an applicant's
items. Nothing needs them once the mail that says so has left; with money taken they stay for the
receipt and for refunds."""

from __future__ import annotations

from datetime import datetime

from sekisho.payments import limits, post_orders
from sekisho.payments.move_payment import Payment
from sekisho.payments.records.session import Rows


def forget_at(payment: Payment, when: datetime) -> datetime | None:
    """Return when the sweep must have it forgotten, ``when`` if there is anything. A charge has
    what its enrolment keeps: that is not forgotten with it."""
    if payment.kind == "charge":
        return None
    return when if payment.email_token or payment.enrolment_id else None


def after_the_mail(payment: Payment, now: datetime) -> datetime | None:
    """Return when to forget it of a payment that has just ended: not before the mail has left, nor
    while another card may be tried."""
    return forget_at(payment, max(payment.expires_at, now + limits.ITEMS_KEPT_AFTER_END))


def forget_typed(rows: Rows, payment: Payment) -> None:
    """Have the vault forget it; an enrolment that became active meanwhile keeps its applicant."""
    token = payment.email_token
    if payment.enrolment_id is not None:
        row = rows.one(
            "SELECT subject FROM enrolment WHERE id = %s AND status = 'refused'",
            [payment.enrolment_id],
        )
        token = row[0] if row else None
    if token:
        post_orders.forget_items(payment, token)
