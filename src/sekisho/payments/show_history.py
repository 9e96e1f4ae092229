"""Everything of one payment, for an operator."""

from __future__ import annotations

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    ListUnpaidBills,
    PaymentEvent,
    PaymentHistory,
    ShowHistory,
    UnpaidBills,
)
from sekisho.payments.records.session import EVERY_BODY, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.vocabulary.identifiers import read_reference

MAX_SAMPLES = 20


def show_history(message: ShowHistory) -> PaymentHistory:
    """Return a payment's events and entries by its id or the payer's reference (as typed).

    Raises ``Refusal`` ``reference_wrong``, ``payment_unknown``."""
    asked = message.reference.strip()
    if not asked.startswith("pay_"):
        try:
            asked = read_reference(asked)
        except ValueError as error:
            raise Refusal("reference_wrong", str(error), "reference") from None
    with acting_for(EVERY_BODY) as rows:
        payment = rows.one(
            "SELECT id, reference, client_body, site, state, amount_yen, fee_yen FROM payment"
            " WHERE id = %s OR reference = %s",
            [asked, asked],
        )
        if payment is None:
            raise Refusal("payment_unknown", "", "reference")
        return PaymentHistory(
            payment_id=payment[0],
            reference=payment[1],
            client_body=payment[2],
            site=payment[3],
            state=payment[4],
            amount_yen=payment[5],
            fee_yen=payment[6],
            events=_events(rows, payment[0]),
            entries=_entries(rows, payment[0]),
        )


def _events(rows: Rows, payment_id: str) -> list[PaymentEvent]:
    return [
        PaymentEvent(at=at, from_state=source, to_state=target, by=by, why=why)
        for at, source, target, by, why in rows.all(
            "SELECT at, from_state, to_state, moved_by, CASE WHEN why = '' THEN event"
            " ELSE event || ': ' || why END FROM payment_event WHERE payment_id = %s"
            " ORDER BY step",
            [payment_id],
        )
    ]


def _entries(rows: Rows, payment_id: str) -> list[dict[str, str | int]]:
    return [
        {"transfer": transfer, "kind": kind, "account": account, "amount_yen": amount}
        for transfer, kind, account, amount in rows.all(
            "SELECT t.id, t.kind, coalesce(e.account, ''), coalesce(e.amount_yen, 0)"
            " FROM transfer t LEFT JOIN entry e ON e.transfer_id = t.id WHERE t.payment_id = %s"
            " ORDER BY t.id, e.leg",
            [payment_id],
        )
    ]


def list_unpaid_bills(room: Room, message: ListUnpaidBills) -> UnpaidBills:
    """Return a few bills that can be paid now and policies that can be enrolled."""
    limit, now = max(0, min(message.limit, MAX_SAMPLES)), room.now()
    with acting_for(EVERY_BODY) as rows:
        bills = rows.all(
            "SELECT b.payee_number, b.payment_number, b.confirmation_number, b.category_number,"
            " b.item_ja, b.item_en, b.amount_yen FROM bill b WHERE NOT b.withdrawn"
            " AND b.first_payable_at <= %s AND b.payable_until > %s"
            " AND NOT EXISTS (SELECT FROM payment p WHERE p.held_for = b.id)"
            " ORDER BY b.id LIMIT %s",
            [now, now, limit],
        )
        policies = rows.all(
            "SELECT o.policy_number FROM policy o WHERE NOT o.ended AND NOT EXISTS (SELECT"
            " FROM enrolment e WHERE e.policy_id = o.id AND e.status = 'active')"
            " ORDER BY o.id LIMIT %s",
            [limit],
        )
    names = (
        "payee_number",
        "payment_number",
        "confirmation_number",
        "category_number",
        "item_ja",
        "item_en",
        "amount_yen",
    )
    return UnpaidBills(
        bills=[dict(zip(names, bill, strict=True)) for bill in bills],
        policies=[policy[0] for policy in policies],
    )
