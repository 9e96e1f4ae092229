"""One bill given or withdrawn by its client body, by the same rules as a file of bills: a file of
one row is laid aside and judged."""

from __future__ import annotations

import psycopg

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import BillGiven, BillRow, BillShown, PutBill, WithdrawBill
from sekisho.payments import import_bills
from sekisho.payments.business.find_bills import read_bill_shown
from sekisho.payments.business.whose import (
    Said,
    check_by,
    check_text,
    is_key_taken,
    made_before,
    note_made,
    one_body,
    said,
)
from sekisho.payments.laid_aside import File
from sekisho.payments.lifecycle import PAID
from sekisho.payments.records.session import Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller
from sekisho.vocabulary.identifiers import new_id
from sekisho.vocabulary.money import MAX_AMOUNT_YEN

FIRST_FISCAL_YEAR, LAST_FISCAL_YEAR = 1989, 2200
MAX_ITEM_CHARACTERS, MAX_TERM_CHARACTERS, MAX_NUMBER_CHARACTERS = 100, 40, 20

_FIELD = {"amount": "amount_yen"}
"""Where a file's column has another name than the field."""


def put_bill(room: Room, caller: Caller, message: PutBill) -> BillShown:
    """Give a bill or change it. Raises ``Refusal`` as ``PutBill`` describes."""
    body, by = one_body(room, message.client_body), check_by(caller, message.by)
    deed = said(message, body, message.key)
    _check(message.bill)
    try:
        with acting_for(body) as rows:
            return _put(room, rows, deed, message.bill, by=by)
    except psycopg.errors.UniqueViolation as violation:
        if not is_key_taken(violation):
            raise
    with acting_for(body) as rows:
        return read_bill_shown(rows, made_before(rows, deed) or "", room.now())


def _check(given: BillGiven) -> None:
    """Check what the columns of the rows laid aside can't hold; the rest is judged by set."""
    for field in ("payee_number", "payment_number", "confirmation_number", "category_number"):
        check_text(getattr(given, field), field, most=MAX_NUMBER_CHARACTERS, code="wrong_length")
    for field in ("item_ja", "item_en"):
        check_text(getattr(given, field), field, most=MAX_ITEM_CHARACTERS)
    check_text(given.term, "term", most=MAX_TERM_CHARACTERS)
    if not FIRST_FISCAL_YEAR <= given.fiscal_year <= LAST_FISCAL_YEAR:
        detail = f"from {FIRST_FISCAL_YEAR} to {LAST_FISCAL_YEAR}"
        raise Refusal("year_wrong", detail, "fiscal_year")
    if not 1 <= given.amount_yen <= MAX_AMOUNT_YEN:
        raise Refusal("amount_out_of_bounds", f"from 1 to {MAX_AMOUNT_YEN} yen", "amount_yen")
    for field in ("first_payable_at", "payable_until"):
        if getattr(given, field).tzinfo is None:
            raise Refusal("date_wrong", "needs its time zone, such as +09:00", field)


def _put(room: Room, rows: Rows, deed: Said, given: BillGiven, *, by: str) -> BillShown:
    # One at a time for a client body, as files are committed: the same new number may be in both.
    rows.one("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [deed.client_body])
    before = made_before(rows, deed)
    if before is not None:
        return read_bill_shown(rows, before, room.now())
    file = File(new_id("import"), deed.client_body, "bills", deed.digest.hex())
    fields = {name: getattr(given, name) for name in given.__struct_fields__}
    import_bills.lay_aside(rows, file, [BillRow(line=1, **fields)])
    import_bills.lock_changed(rows, file)
    judged = import_bills.judge_rows(room, rows, file)
    for refused in judged.refused:
        raise Refusal(refused.code, refused.detail, _FIELD.get(refused.field, refused.field))
    import_bills.take_rows(room, rows, file, judged, by=by)
    found = rows.one(
        "SELECT id FROM bill WHERE client_body = %s AND payee_number = %s AND payment_number = %s",
        [deed.client_body, given.payee_number, given.payment_number],
    )
    shown = read_bill_shown(rows, found[0] if found else "", room.now())
    note_made(rows, deed, shown.bill_id)
    if judged.added or judged.changed:
        _tell(shown, "payments.bill_put", by)
    return shown


def withdraw_bill(room: Room, caller: Caller, message: WithdrawBill) -> BillShown:
    """Take a bill back. Raises ``Refusal`` as ``WithdrawBill`` describes."""
    body, by = one_body(room, message.client_body), check_by(caller, message.by)
    with acting_for(body) as rows:
        withdraw(room, rows, message.bill_id, by=by)
        return read_bill_shown(rows, message.bill_id, room.now())


def withdraw(room: Room, rows: Rows, bill_id: str, *, by: str) -> None:
    """Withdraw a bill within the walls; nothing more where it was withdrawn before. Raises
    ``Refusal`` ``bill_unknown``, ``bill_paid``, ``bill_in_payment``."""
    shown = read_bill_shown(rows, bill_id, room.now())
    # Locked as the import and "pay" do, bill first: then nobody can begin to hold it.
    locked = rows.one("SELECT withdrawn FROM bill WHERE id = %s FOR NO KEY UPDATE", [bill_id])
    holder = rows.one("SELECT state, reference FROM payment WHERE held_for = %s", [bill_id])
    if holder is not None:
        code = "bill_paid" if holder[0] in PAID else "bill_in_payment"
        raise Refusal(code, holder[1], "bill_id")
    if locked is None or locked[0]:
        return
    rows.do("UPDATE bill SET withdrawn = true, changed_at = now() WHERE id = %s", [bill_id])
    import_bills.cancel_open_payments(room, rows, [bill_id], by=by)
    _tell(shown, "payments.bill_withdrawn", by)


def _tell(bill: BillShown, kind: str, by: str) -> None:
    evidence.append(
        kind=kind,
        subject=bill.bill_id,
        facts={
            "client_body": bill.client_body,
            "payment_number": bill.payment_number,
            "amount_yen": bill.amount_yen,
            "by": by,
        },
    )
