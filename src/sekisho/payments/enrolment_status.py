"""An enrolment goes with its card check: active when the card is good, refused when it ended
otherwise, applied again when another card is tried."""

from __future__ import annotations

from sekisho.payments.move_payment import Payment
from sekisho.payments.records.session import Rows


def enrolment_is_active(rows: Rows, payment: Payment) -> bool:
    """Make the enrolment active with the card in use. Returns False, and the enrolment is refused,
    when the policy has another active one by now."""
    rows.one("SELECT id FROM policy WHERE id = %s FOR NO KEY UPDATE", [payment.policy_id])
    made = rows.do(
        "UPDATE enrolment e SET status = 'active', card_token = %s WHERE id = %s"
        " AND NOT EXISTS (SELECT FROM enrolment o WHERE o.policy_id = e.policy_id"
        " AND o.id <> e.id AND o.status = 'active')",
        [payment.card_token, payment.enrolment_id],
    )
    if not made:
        enrolment_is_refused(rows, payment)
    return bool(made)


def enrolment_is_refused(rows: Rows, payment: Payment) -> None:
    """The card check ended without a good card."""
    _set(rows, payment, "refused", "applied")


def enrolment_is_applied(rows: Rows, payment: Payment) -> None:
    """Another card is tried."""
    _set(rows, payment, "applied", "refused")


def _set(rows: Rows, payment: Payment, status: str, before: str) -> None:
    if payment.enrolment_id is not None:
        rows.do(
            "UPDATE enrolment SET status = %s WHERE id = %s AND status = %s",
            [status, payment.enrolment_id, before],
        )
