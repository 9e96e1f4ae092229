"""Settlement: the network's clearing is matched with payments, refunds and disputes, line by line,
each line in a transaction of its own. A line that fits nothing, or not in amount, changes nothing
and is named. The same line again is known; the same money in another line is named too."""

from __future__ import annotations

from datetime import date, datetime

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    MAX_CLEARING_ROWS,
    ClearingRow,
    RowsSettled,
    SettleRows,
)
from sekisho.payments import limits, post_orders
from sekisho.payments.after_payment.refund import Refund, refund_facts
from sekisho.payments.after_payment.refund_outcome import finish_refund
from sekisho.payments.end_payment import captured
from sekisho.payments.ledger.case_text import case_text
from sekisho.payments.ledger.write import settle, settle_dispute, settle_refund, settle_win
from sekisho.payments.lifecycle import State
from sekisho.payments.move_payment import Payment, lock_payment, move
from sekisho.payments.payouts.differences import close_by_itself
from sekisho.payments.payouts.note_rows import note_row, row_key, rows_noted
from sekisho.payments.records.session import EVERY_BODY, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.vocabulary.clock import business_date

BY = "clearing"


class _Differs(Exception):
    """Why a line fits nothing; its transaction is given up."""


class _Unknown(_Differs):
    """We have nothing of the kind."""


def settle_rows(room: Room, message: SettleRows) -> RowsSettled:
    """Settle what the clearing of ``day`` names. Raises ``Refusal`` ``too_many_rows``,
    ``row_wrong`` (field ``rows.N.…``), ``day_wrong``; then nothing was settled."""
    _check(message, business_date(room.now()))
    settled = before = 0
    differences = []
    noted = rows_noted(message.day)
    for row in message.rows:
        try:
            with acting_for(EVERY_BODY) as rows:
                new = _settle_row(rows, message.day, row, room.now())
                if row_key(message.day, row) in noted:
                    why = "the line was settled since"
                    close_by_itself(rows, row_key(message.day, row), why, room.now())
            settled, before = settled + new, before + (not new)
        except _Differs as why:
            known = not isinstance(why, _Unknown)
            note_row(message.day, row, str(why), known=known, now=room.now())
            differences.append(f"line {row.line}: {row.kind} {row.reference}: {why}")
    return RowsSettled(settled=settled, settled_before=before, differences=differences)


def _check(message: SettleRows, today: date) -> None:
    if len(message.rows) > MAX_CLEARING_ROWS:
        raise Refusal("too_many_rows", f"at most {MAX_CLEARING_ROWS}", "rows")
    if message.day > today:
        raise Refusal("day_wrong", "a clearing of the future", "day")
    for at, row in enumerate(message.rows):
        if row.amount_yen < 1:
            raise Refusal("row_wrong", f"line {row.line}: yen above 0", f"rows.{at}.amount_yen")
        if not 1 <= len(row.network_reference) <= limits.MAX_CASE_NUMBER_CHARACTERS:
            detail = f"line {row.line}: 1 to {limits.MAX_CASE_NUMBER_CHARACTERS} characters"
            raise Refusal("row_wrong", detail, f"rows.{at}.network_reference")


def _settle_row(rows: Rows, day: date, row: ClearingRow, now: datetime) -> bool:
    """Settle one line; return false when it was settled before. Raises ``_Differs``."""
    found = rows.one("SELECT id FROM payment WHERE reference = %s", [row.reference])
    payment = lock_payment(rows, found[0]) if found else None
    if payment is None:
        raise _Unknown("no payment has this reference")
    if _known(rows, day, row, payment):
        return False
    match row.kind:
        case "capture":
            _settle_capture(rows, payment, row, now)
        case "refund":
            _settle_refund(rows, payment, row, now)
        case "chargeback":
            _check_case(rows, payment, row, ("open", "accepted", "contested", "won", "lost"))
            settle_dispute(rows, payment, row.network_reference)
            _tell_case(payment, row, "payments.dispute_settled")
        case "representment":
            _check_case(rows, payment, row, ("won",))
            settle_win(rows, payment, row.network_reference)
            _tell_case(payment, row, "payments.win_settled")
    rows.do(
        "INSERT INTO clearing_line (payment_id, kind, network_reference, client_body, day, line,"
        " amount_yen, matched_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            payment.id,
            row.kind,
            row.network_reference,
            payment.client_body,
            day,
            row.line,
            row.amount_yen,
            now,
        ],
    )
    return True


def _known(rows: Rows, day: date, row: ClearingRow, payment: Payment) -> bool:
    matched = rows.one(
        "SELECT day, line, amount_yen FROM clearing_line"
        " WHERE payment_id = %s AND kind = %s AND network_reference = %s",
        [payment.id, row.kind, row.network_reference],
    )
    if matched is None:
        return False
    if matched != (day, row.line, row.amount_yen):
        earlier, line, amount_yen = matched
        raise _Differs(
            f"{row.amount_yen} yen again: line {line} of {earlier} settled {amount_yen} yen"
        )
    return True


def _settle_capture(rows: Rows, payment: Payment, row: ClearingRow, now: datetime) -> None:
    if row.amount_yen != payment.total_yen:
        raise _Differs(f"{row.amount_yen} yen; the payment is over {payment.total_yen} yen")
    kept = rows.one(
        "SELECT network_reference FROM attempt WHERE payment_id = %s AND number = %s",
        [payment.id, payment.attempt],
    )
    if kept is not None and kept[0] and kept[0] != row.network_reference:
        raise _Differs(f"network reference {row.network_reference}; we have {kept[0]}")
    if payment.state == State.CAPTURE_REQUESTED:
        # The network paid what it was asked to capture: its answer got lost on the way.
        payment = captured(rows, payment, by=BY, why="the clearing has it", now=now)
    if payment.state != State.CAPTURED:
        raise _Differs(f"the payment is {payment.state}")
    settled = move(rows, payment, State.SETTLED, "settled", by=BY, due_at=None)
    settle(rows, settled, row.amount_yen)
    if not settled.keeps_card:
        post_orders.forget_card(settled.id, settled.card_token, "settled")
    evidence.append(
        kind="payments.settled",
        subject=settled.id,
        facts={
            "client_body": settled.client_body,
            "reference": settled.reference,
            "total_yen": settled.total_yen,
        },
    )


def _settle_refund(rows: Rows, payment: Payment, row: ClearingRow, now: datetime) -> None:
    refund = _refund_of(rows, payment, row)
    if refund.state in ("asked", "unknown"):
        rows.do(
            "UPDATE refund SET network_reference = %s WHERE id = %s",
            [row.network_reference, refund.id],
        )
        why = "the clearing has it"
        finish_refund(rows, payment, refund, done=True, by=BY, why=why, now=now)
    elif refund.state != "done":
        raise _Differs(f"refund {refund.id} is {refund.state}")
    rows.do("UPDATE refund SET settled_at = %s WHERE id = %s", [now, refund.id])
    settle_refund(rows, payment, refund.id)
    evidence.append(
        kind="payments.refund_settled", subject=payment.id, facts=refund_facts(payment, refund)
    )


def _refund_of(rows: Rows, payment: Payment, row: ClearingRow) -> Refund:
    """Return the refund that the line is about: by the network's number, else the one under way of
    this amount whose answer never came."""
    found = rows.one(
        "SELECT id, payment_id, amount_yen, fee_yen, state, attempt, asked FROM refund"
        " WHERE payment_id = %s AND settled_at IS NULL AND (network_reference = %s"
        " OR (network_reference = '' AND state IN ('asked', 'unknown')"
        " AND amount_yen + fee_yen = %s))"
        " ORDER BY network_reference <> %s, asked_at LIMIT 1",
        [payment.id, row.network_reference, row.amount_yen, row.network_reference],
    )
    if found is None:
        raise _Unknown("the payment has no such refund")
    refund = Refund(*found)
    if refund.total_yen != row.amount_yen:
        raise _Differs(f"{row.amount_yen} yen; refund {refund.id} is of {refund.total_yen} yen")
    return refund


def _check_case(rows: Rows, payment: Payment, row: ClearingRow, fitting: tuple[str, ...]) -> None:
    """Check the dispute that the line is about. Raises ``_Differs``."""
    case = rows.one(
        "SELECT status, amount_yen FROM dispute WHERE case_number = %s AND payment_id = %s",
        [row.network_reference, payment.id],
    )
    if case is None:
        raise _Unknown(f"no dispute {row.network_reference} of this payment")
    status, amount_yen = case
    if status not in fitting:
        raise _Differs(f"dispute {row.network_reference} is {status}")
    if amount_yen != row.amount_yen:
        raise _Differs(f"{row.amount_yen} yen; the dispute is over {amount_yen} yen")


def _tell_case(payment: Payment, row: ClearingRow, kind: str) -> None:
    evidence.append(
        kind=kind,
        subject=payment.id,
        facts={
            "client_body": payment.client_body,
            "reference": payment.reference,
            "case_number": case_text(row.network_reference),
            "amount_yen": row.amount_yen,
        },
    )
