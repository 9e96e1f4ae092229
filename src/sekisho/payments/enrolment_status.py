"""An enrolment goes with its card check: active when the card is good, refused when it ended
otherwise, applied again when another card is tried. The check of another card for an active
enrolment changes its card, and leaves it as it is when the card is not good."""

from __future__ import annotations

from datetime import datetime

from sekisho.payments import post_orders
from sekisho.payments.enrolments.life import Step, take_step
from sekisho.payments.move_payment import Payment
from sekisho.payments.records.session import Row, Rows

_CARD = ", card_token = %s, card_payment = %s, brand = %s, last_four = %s, expires_month = ''"


def enrolment_is_active(rows: Rows, payment: Payment, *, by: str, now: datetime) -> str:
    """Make the enrolment active with the card in use, or give an active one this card; the card
    before is forgotten. Returns ``""``; otherwise why it could not be, the new card is forgotten
    and what was applied for is refused."""
    # Policy before enrolment, as the import locks them.
    policy = rows.one(
        "SELECT ended FROM policy WHERE id = %s FOR NO KEY UPDATE", [payment.policy_id]
    )
    before = rows.one(
        "SELECT status, card_token, card_payment, EXISTS (SELECT FROM enrolment o"
        " WHERE o.policy_id = e.policy_id AND o.id <> e.id AND o.status = 'active')"
        " FROM enrolment e WHERE id = %s FOR NO KEY UPDATE",
        [payment.enrolment_id],
    )
    fault = _fault(policy, before)
    if fault or before is None or payment.enrolment_id is None:
        enrolment_is_refused(rows, payment, by=by, why=fault)
        post_orders.forget_card(payment.id, payment.card_token, "ended")
        return fault or "there is no such enrolment"
    status, old_token, old_payment, _ = before
    step = (
        Step("active", "active", "card_changed")
        if status == "active"
        else Step("applied", "active", "card_good")
    )
    card = f"{payment.brand} **** {payment.last_four}"
    values = [payment.card_token, payment.id, payment.brand, payment.last_four]
    take_step(rows, payment.enrolment_id, step, by=by, why=card, changes=_CARD, values=values)
    # A link is good for one change.
    rows.do(
        "UPDATE card_link SET closed_at = %s WHERE enrolment_id = %s AND closed_at IS NULL",
        [now, payment.enrolment_id],
    )
    if old_token and old_token != payment.card_token:
        post_orders.forget_card(old_payment, old_token, "replaced")
    return ""


def _fault(policy: Row | None, before: Row | None) -> str:
    if policy is None or before is None:
        return "there is no such enrolment"
    if policy[0]:
        return "the policy ended"
    if before[3]:
        return "the policy has another active enrolment"
    if before[0] not in ("applied", "active"):
        return f"the enrolment was {before[0]}"
    return ""


def enrolment_is_refused(
    rows: Rows, payment: Payment, *, by: str = "payments", why: str = ""
) -> None:
    """The card check ended without a good card; an active enrolment keeps the card it has."""
    if payment.enrolment_id is not None:
        step = Step("applied", "refused", "card_refused")
        take_step(rows, payment.enrolment_id, step, by=by, why=why)


def enrolment_is_applied(rows: Rows, payment: Payment, *, by: str = "payments") -> None:
    """Another card is tried."""
    if payment.enrolment_id is not None:
        take_step(rows, payment.enrolment_id, Step("refused", "applied", "another_card"), by=by)
