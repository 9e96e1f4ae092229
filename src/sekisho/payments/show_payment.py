"""What a payer may see of a payment: one query, coarse status, no network word."""

from __future__ import annotations

from typing import Any, LiteralString, cast

import msgspec

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    BillFacts,
    Challenge,
    EnrolmentFacts,
    PaymentShown,
    PolicyFacts,
    ShowPayment,
)
from sekisho.payments.charge_fee import Fee
from sekisho.payments.guard.puzzle import read_puzzle
from sekisho.payments.lifecycle import State, public_reason, public_status
from sekisho.payments.read_bill import bill_facts
from sekisho.payments.records.session import Row, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller
from sekisho.vocabulary.twins import is_of_twin

_PAYMENT: LiteralString = (
    "p.id, p.reference, p.kind, p.state, p.event, p.amount_yen, p.fee_yen, p.fee_tax_yen,"
    " p.total_yen, p.started_at, p.expires_at, p.finished_at, p.email_token IS NOT NULL"
)
_CARD: LiteralString = "a.brand, a.last_four, a.acs_url, a.creq"
_BILL: LiteralString = (
    "b.id, b.item_ja, b.item_en, b.fiscal_year, b.term, b.first_payable_at, b.due_date,"
    " b.payable_until"
)
_ENROLMENT: LiteralString = (
    "e.id, e.applied_on, e.first_charge_month, e.status, o.id, o.policy_number, o.product_ja,"
    " o.product_en, o.yearly_premium_yen, o.joined_month"
)
_PAYMENT_COLUMNS, _CARD_COLUMNS, _BILL_COLUMNS = 13, 4, 8

_SELECT: LiteralString = (
    "SELECT "  # noqa: S608 - put together from the constants above
    + _PAYMENT
    + ", "
    + _CARD
    + ", "
    + _BILL
    + ", "
    + _ENROLMENT
    + " FROM payment p"
    " LEFT JOIN attempt a ON a.payment_id = p.id AND a.number = p.attempt"
    " LEFT JOIN bill b ON b.id = p.bill_id"
    " LEFT JOIN enrolment e ON e.id = p.enrolment_id"
    " LEFT JOIN policy o ON o.id = e.policy_id"
    " WHERE p.id = %s AND p.site = %s AND p.kind <> 'charge'"
)


def show_payment(room: Room, caller: Caller, message: ShowPayment) -> PaymentShown:
    """Return what the payer may see. Raises ``Refusal`` ``payment_unknown``, for another site's
    payment too."""
    rules = room.site_of(caller, message.payment_id)
    with acting_for(rules.client_body) as rows:
        return read_shown(rows, message.payment_id, rules.site)


def read_shown(rows: Rows, payment_id: str, site: str) -> PaymentShown:
    """Return what the payer may see, read in an open transaction. Raises as ``show_payment``."""
    row = rows.one(_SELECT, [payment_id, site])
    if row is None:
        raise Refusal("payment_unknown")
    card_at = _PAYMENT_COLUMNS
    bill_at = card_at + _CARD_COLUMNS
    enrolment_at = bill_at + _BILL_COLUMNS
    shown = _shown(
        row[:card_at], row[card_at:bill_at], row[bill_at:enrolment_at], row[enrolment_at:]
    )
    if shown.status == "succeeded":
        return msgspec.structs.replace(shown, refunded_yen=_refunded_yen(rows, payment_id))
    if shown.status != "card_entered":
        return shown
    return msgspec.structs.replace(shown, puzzle=read_puzzle(rows, payment_id))


def _refunded_yen(rows: Rows, payment_id: str) -> int:
    given = rows.one(
        "SELECT coalesce(sum(amount_yen + fee_yen), 0)::bigint FROM refund"
        " WHERE payment_id = %s AND state = 'done'",
        [payment_id],
    )
    return int(given[0]) if given else 0


def _shown(payment: Row, card: Row, bill: Row, enrolment: Row) -> PaymentShown:
    (payment_id, reference, kind, state, event, amount_yen, fee_yen, fee_tax_yen, total_yen) = (
        payment[:9]
    )
    started_at, expires_at, finished_at, mail_wanted = payment[9:]
    brand, last_four, acs_url, creq = card
    if state == State.CREATED:
        # The card of an earlier attempt is forgotten: there is none now.
        brand = last_four = None
    return PaymentShown(
        payment_id=payment_id,
        reference=reference,
        purpose="payment" if kind == "bill" else "enrolment",
        status=public_status(state),
        reason=public_reason(state, event),
        bill=_bill(bill, amount_yen, Fee(fee_yen, fee_tax_yen)),
        total_yen=total_yen,
        card_brand=brand,
        card_last_four=last_four,
        challenge=Challenge(acs_url=acs_url, creq=creq) if state == State.CHALLENGE else None,
        started_at=started_at,
        expires_at=expires_at,
        finished_at=finished_at,
        mail_wanted=mail_wanted,
        enrolment=_enrolment(enrolment),
        test=is_of_twin(payment_id),
    )


def _bill(columns: Row, amount_yen: int, fee: Fee) -> BillFacts | None:
    return bill_facts(columns, amount_yen=amount_yen, fee=fee) if columns[0] else None


def _enrolment(columns: Row) -> EnrolmentFacts | None:
    if columns[0] is None:
        return None
    enrolment_id, applied_on, first_charge_month, status, *policy = columns
    return EnrolmentFacts(
        enrolment_id=enrolment_id,
        policy=policy_facts(policy),
        applied_on=applied_on,
        first_charge_month=first_charge_month,
        status=cast(Any, status),
    )


def policy_facts(columns: Row | list[Any]) -> PolicyFacts:
    """Return the facts of a policy from its columns (id, number, products, premium, month)."""
    policy_id, number, product_ja, product_en, premium, joined_month = columns
    return PolicyFacts(
        policy_id=policy_id,
        policy_number=number,
        product_ja=product_ja,
        product_en=product_en,
        yearly_premium_yen=premium,
        joined_month=joined_month,
    )
