"""Everything of one payment, for an operator."""

from __future__ import annotations

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    AttemptShown,
    ListUnpaidBills,
    PaymentEvent,
    PaymentHistory,
    ShowHistory,
    UnpaidBills,
)
from sekisho.payments.after_payment.show_money import disputes_of, refunds_of
from sekisho.payments.liability import liability
from sekisho.payments.lifecycle import public_reason, public_status
from sekisho.payments.records.session import EVERY_BODY, Row, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.vocabulary.identifiers import read_reference

MAX_SAMPLES = 20


def show_history(message: ShowHistory) -> PaymentHistory:
    """Return a payment's events, cards and entries by its id or the payer's reference (as typed).

    Raises ``Refusal`` ``reference_wrong``, ``payment_unknown``."""
    asked = message.reference.strip()
    if not asked.startswith(("pay_", "tpay_")):
        try:
            asked = read_reference(asked)
        except ValueError as error:
            raise Refusal("reference_wrong", str(error), "reference") from None
    with acting_for(EVERY_BODY, snapshot=True) as rows:
        payment = rows.one(
            "SELECT id, reference, client_body, site, kind, state, event, amount_yen, fee_yen,"
            " due_at, operator_note FROM payment WHERE id = %s OR reference = %s",
            [asked, asked],
        )
        if payment is None:
            raise Refusal("payment_unknown", "", "reference")
        return _history(rows, payment)


def _history(rows: Rows, payment: Row) -> PaymentHistory:
    payment_id, reference, client_body, site, kind, state, event, *more = payment
    amount_yen, fee_yen, due_at, operator_note = more
    return PaymentHistory(
        payment_id=payment_id,
        reference=reference,
        client_body=client_body,
        site=site,
        kind=kind,
        state=state,
        status=public_status(state),
        reason=public_reason(state, event),
        amount_yen=amount_yen,
        fee_yen=fee_yen,
        due_at=due_at,
        operator_note=operator_note,
        events=_events(rows, payment_id),
        attempts=_attempts(rows, payment_id),
        refunds=refunds_of(rows, payment_id),
        disputes=disputes_of(rows, payment_id),
        entries=_entries(rows, payment_id),
    )


def _events(rows: Rows, payment_id: str) -> list[PaymentEvent]:
    return [
        PaymentEvent(at=at, from_state=source, to_state=target, event=event, by=by, why=why)
        for at, source, target, event, by, why in rows.all(
            "SELECT at, from_state, to_state, event, moved_by, why FROM payment_event"
            " WHERE payment_id = %s ORDER BY step",
            [payment_id],
        )
    ]


def _attempts(rows: Rows, payment_id: str) -> list[AttemptShown]:
    return [
        AttemptShown(
            number=number,
            entered_at=entered_at,
            brand=brand,
            last_four=last_four,
            issuer_bin=issuer_bin,
            authentication=authentication,
            eci=eci,
            ds_transaction_id=ds_transaction_id,
            exemption=exemption,
            liability=liability(authentication, eci, exemption, authorisation),
            authorisation=authorisation,
            response_code=response_code,
            approval_code=approval_code,
            network_reference=network_reference,
            trace_number=trace_number,
            answered_at=answered_at,
            guard=guard,
        )
        for (
            number, entered_at, brand, last_four, issuer_bin, authentication, eci,
            ds_transaction_id, authorisation, response_code, approval_code, network_reference,
            trace_number, answered_at, exemption, guard,
        ) in rows.all(
            "SELECT number, entered_at, brand, last_four, issuer_bin, authentication, eci,"
            " ds_transaction_id, authorisation, response_code, approval_code, network_reference,"
            " trace_number, answered_at, exemption, guard FROM attempt"
            " WHERE payment_id = %s ORDER BY number",
            [payment_id],
        )
    ]  # fmt: skip


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
            # A slip's numbers find neither a twin's bill nor one made for a link.
            " AND b.payee_number <> '' AND starts_with(b.id, 'bill_')"
            " AND b.first_payable_at <= %s AND b.payable_until > %s"
            " AND NOT EXISTS (SELECT FROM payment p WHERE p.held_for = b.id)"
            " ORDER BY b.id LIMIT %s",
            [now, now, limit],
        )
        policies = rows.all(
            "SELECT o.policy_number FROM policy o WHERE NOT o.ended"
            " AND o.client_body NOT LIKE '%%\\_test' AND NOT EXISTS (SELECT"
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
