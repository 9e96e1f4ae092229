"""Where a payment's money is: captured, given back, disputed, left."""

from __future__ import annotations

from typing import LiteralString, NamedTuple

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import DisputeShown, MoneyShown, RefundShown, ShowMoney
from sekisho.payments.after_payment.asker import body_of
from sekisho.payments.lifecycle import PAID, State
from sekisho.payments.move_payment import Payment, lock_payment, read_payment
from sekisho.payments.records.session import Row, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller
from sekisho.vocabulary.identifiers import read_reference


class Left(NamedTuple):
    """What may still be given back, in yen, of bill and fee apart, and of both together (lost
    disputes took a part already)."""

    amount_yen: int
    fee_yen: int
    total_yen: int
    refunded_yen: int


def show_money(room: Room, caller: Caller, message: ShowMoney) -> MoneyShown:
    """Return where the money of a payment is. Raises ``Refusal`` ``payment_unknown``."""
    with acting_for(body_of(room, caller, message.client_body)) as rows:
        payment = read_payment(rows, _id_of(rows, message.payment_id))
        if payment is None:
            raise Refusal("payment_unknown", "", "payment_id")
        return money_of(rows, payment)


def lock_asked_for(rows: Rows, payment_id: str) -> Payment:
    """Return the payment that a person named by id or reference, locked. Raises ``Refusal``
    ``payment_unknown``, for another client body's payment too."""
    payment = lock_payment(rows, _id_of(rows, payment_id))
    if payment is None:
        raise Refusal("payment_unknown", "", "payment_id")
    return payment


def _id_of(rows: Rows, typed: str) -> str:
    if typed.startswith(("pay_", "tpay_")):
        return typed
    try:
        reference = read_reference(typed)
    except ValueError as error:
        raise Refusal("payment_unknown", str(error), "payment_id") from None
    row = rows.one("SELECT id FROM payment WHERE reference = %s", [reference])
    return row[0] if row else ""


def money_of(rows: Rows, payment: Payment) -> MoneyShown:
    """Return where the money of ``payment`` is."""
    left = left_of(rows, payment)
    return MoneyShown(
        payment_id=payment.id,
        reference=payment.reference,
        state=payment.state,
        captured_yen=payment.total_yen if payment.state in PAID else 0,
        refunded_yen=left.refunded_yen,
        left_yen=left.total_yen,
        capture_by=payment.capture_by if payment.state == State.AUTHORISED else None,
    )


def left_of(rows: Rows, payment: Payment) -> Left:
    """Return what is left of a payment's captured money; the caller holds its lock when it acts on
    the figure."""
    if payment.state not in PAID:
        return Left(0, 0, 0, 0)
    row = rows.one(
        "SELECT coalesce(sum(amount_yen), 0)::bigint, coalesce(sum(fee_yen), 0)::bigint,"
        " (SELECT coalesce(sum(amount_yen), 0)::bigint FROM dispute"
        " WHERE payment_id = %s AND status IN ('accepted', 'lost'))"
        " FROM refund WHERE payment_id = %s AND state <> 'refused'",
        [payment.id, payment.id],
    )
    amount, fee, charged_back = row or (0, 0, 0)
    # A lost dispute takes of the bill first, then of the fee, as the ledger has it.
    of_bill = payment.amount_yen - amount - charged_back
    of_fee = max(0, payment.fee_yen - fee + min(0, of_bill))
    of_bill = max(0, of_bill)
    return Left(of_bill, of_fee, of_bill + of_fee, amount + fee)


REFUND_COLUMNS: LiteralString = (
    "r.id, r.payment_id, r.amount_yen, r.fee_yen, r.state, r.asked_at, r.finished_at"
)


def refund_shown(row: Row, left_yen: int) -> RefundShown:
    """Return a refund from its ``REFUND_COLUMNS``."""
    refund_id, payment_id, amount_yen, fee_yen, state, asked_at, finished_at = row
    return RefundShown(
        refund_id=refund_id,
        payment_id=payment_id,
        amount_yen=amount_yen,
        fee_yen=fee_yen,
        status=state,
        asked_at=asked_at,
        finished_at=finished_at,
        left_yen=left_yen,
    )


def refunds_of(rows: Rows, payment_id: str) -> list[RefundShown]:
    """Return a payment's refunds, oldest first; each with what was left after it."""
    payment = read_payment(rows, payment_id)
    if payment is None:
        return []
    left, shown = payment.total_yen, []
    for row in rows.all(
        "SELECT " + REFUND_COLUMNS + " FROM refund r WHERE r.payment_id = %s"  # noqa: S608
        " ORDER BY r.asked_at, r.id",
        [payment_id],
    ):
        if row[4] != "refused":
            left -= row[2] + row[3]
        shown.append(refund_shown(row, left))
    return shown


DISPUTE_COLUMNS: LiteralString = (
    "d.case_number, d.payment_id, p.reference, d.client_body, d.amount_yen, d.reason_code,"
    " d.respond_by, d.status, d.received_at, d.answered_by, d.ended_at"
    " FROM dispute d JOIN payment p ON p.id = d.payment_id"
)


def dispute_shown(row: Row) -> DisputeShown:
    """Return a dispute from its ``DISPUTE_COLUMNS``."""
    (case_number, payment_id, reference, client_body, amount_yen, reason_code) = row[:6]
    respond_by, status, received_at, answered_by, ended_at = row[6:]
    return DisputeShown(
        case_number=case_number,
        payment_id=payment_id,
        reference=reference,
        client_body=client_body,
        amount_yen=amount_yen,
        reason_code=reason_code,
        respond_by=respond_by,
        status=status,
        received_at=received_at,
        answered_by=answered_by,
        ended_at=ended_at,
    )


def disputes_of(rows: Rows, payment_id: str) -> list[DisputeShown]:
    """Return a payment's disputes, oldest first."""
    found = rows.all(
        "SELECT " + DISPUTE_COLUMNS + " WHERE d.payment_id = %s ORDER BY d.received_at",
        [payment_id],
    )
    return [dispute_shown(row) for row in found]
