"""Bills come in from their client body.

Rules: a new number is added; an unpaid bill changes, and open payments of it are cancelled *by the
client body* since their payer agreed to another amount; a bill that is paid or being paid stays as
it was and the row is refused; a row may withdraw a bill, and a later row bring it back; a number
that stands twice in the file is refused, wherever its rows differ all of them."""

from __future__ import annotations

from typing import LiteralString

from sekisho.crossings.message import Taken
from sekisho.crossings.payments import BillRow, ImportBills, ImportResult
from sekisho.payments import post_orders
from sekisho.payments.import_verdicts import BILL_VERDICTS, judge, over
from sekisho.payments.laid_aside import File, open_file
from sekisho.payments.lifecycle import OPEN, State
from sekisho.payments.records.session import Rows
from sekisho.payments.room import Room
from sekisho.vocabulary.identifiers import new_id
from sekisho.vocabulary.money import MAX_AMOUNT_YEN
from sekisho.vocabulary.twins import id_prefix

_COLUMNS = (
    "payee_number",
    "payment_number",
    "confirmation_number",
    "category_number",
    "item_ja",
    "item_en",
    "fiscal_year",
    "term",
    "amount_yen",
    "first_payable_at",
    "due_date",
    "payable_until",
    "withdrawn",
)

_WITHDRAW: LiteralString = (
    "UPDATE bill b SET withdrawn = true, changed_at = now() FROM judged j"
    " WHERE b.id = j.known_id AND j.judgement = 'withdraw' RETURNING b.id"
)
_CHANGE: LiteralString = (
    "UPDATE bill b SET confirmation_number = j.confirmation_number,"
    " category_number = j.category_number, item_ja = j.item_ja, item_en = j.item_en,"
    " fiscal_year = j.fiscal_year, term = j.term, amount_yen = j.amount_yen,"
    " first_payable_at = j.first_payable_at, due_date = j.due_date,"
    " payable_until = j.payable_until, withdrawn = false, changed_at = now() FROM judged j"
    " WHERE b.id = j.known_id AND j.judgement = 'change' RETURNING b.id"
)
_ADD: LiteralString = (
    "INSERT INTO bill (id, client_body, payee_number, payment_number, confirmation_number,"
    " category_number, item_ja, item_en, fiscal_year, term, amount_yen, first_payable_at,"
    " due_date, payable_until) SELECT bill_id, client_body, payee_number, payment_number,"
    " confirmation_number, category_number, item_ja, item_en, fiscal_year, term, amount_yen,"
    " first_payable_at, due_date, payable_until FROM judged WHERE judgement = 'add'"
)


def lay_bills_aside(room: Room, message: ImportBills) -> Taken:
    """Lay rows aside; a line that was laid aside before is left as it is. Raises as
    ``open_file``."""
    with open_file(message.import_id, "bills", [row.line for row in message.rows]) as (rows, file):
        lay_aside(rows, file, message.rows)
    return Taken()


def lay_aside(rows: Rows, file: File, bills: list[BillRow]) -> None:
    """Lay rows aside in an open transaction."""
    rows.do(
        "INSERT INTO bill_staged (line, bill_id, payee_number, payment_number,"
        " confirmation_number, category_number, item_ja, item_en, fiscal_year, term,"
        " amount_yen, first_payable_at, due_date, payable_until, withdrawn, import_id,"
        " client_body) SELECT *, %s, %s FROM unnest(%s::int[], %s::text[], %s::text[],"
        " %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[], %s::text[],"
        " %s::bigint[], %s::timestamptz[], %s::date[], %s::timestamptz[], %s::bool[])"
        " ON CONFLICT DO NOTHING",
        [file.id, file.client_body, *_columns(bills, file.client_body)],
    )


def _columns(bills: list[BillRow], client_body: str) -> list[list[object]]:
    prefix = id_prefix("bill", client_body)
    return [
        [bill.line for bill in bills],
        [new_id(prefix) for _ in bills],
        *([getattr(bill, name) for bill in bills] for name in _COLUMNS),
    ]


def _values(room: Room, file: File) -> dict[str, object]:
    payees = {
        number
        for rules in room.sites.values()
        if rules.client_body == file.client_body
        for number in rules.section.payee_numbers
    }
    return {"import_id": file.id, "payees": sorted(payees), "most_yen": MAX_AMOUNT_YEN}


def lock_changed(rows: Rows, file: File) -> None:
    """Lock every known bill of the file, in one order, so that none goes into payment between the
    verdict and the change."""
    rows.do(
        "SELECT b.id FROM bill b JOIN bill_staged s ON s.client_body = b.client_body"
        " AND s.payee_number = b.payee_number AND s.payment_number = b.payment_number"
        " WHERE s.import_id = %s AND (s.confirmation_number, s.category_number, s.item_ja,"
        " s.item_en, s.fiscal_year, s.term, s.amount_yen, s.first_payable_at, s.due_date,"
        " s.payable_until, s.withdrawn) IS DISTINCT FROM (b.confirmation_number,"
        " b.category_number, b.item_ja, b.item_en, b.fiscal_year, b.term, b.amount_yen,"
        " b.first_payable_at, b.due_date, b.payable_until, b.withdrawn)"
        " ORDER BY b.id FOR NO KEY UPDATE OF b",
        [file.id],
    )


def judge_rows(room: Room, rows: Rows, file: File) -> ImportResult:
    """Return what would become of the rows."""
    return judge(rows, BILL_VERDICTS, _values(room, file), take=False)


def take_rows(room: Room, rows: Rows, file: File, judged: ImportResult, *, by: str) -> None:
    """Add, change and withdraw what was judged so; forget the rows laid aside. Every verdict is a
    look at all rows, so a kind that nothing was judged to be is passed over."""
    values = _values(room, file)
    touched = rows.all(over(BILL_VERDICTS, _WITHDRAW), values) if judged.withdrawn else []
    if judged.changed:
        touched += rows.all(over(BILL_VERDICTS, _CHANGE), values)
    if judged.added:
        rows.do(over(BILL_VERDICTS, _ADD), values)
    rows.do("DELETE FROM bill_staged WHERE import_id = %s", [file.id])
    cancel_open_payments(room, rows, [row[0] for row in touched], by=by)


def cancel_open_payments(room: Room, rows: Rows, bill_ids: list[str], *, by: str) -> None:
    """End the payments of changed or withdrawn bills that hold no money: what their payers agreed
    to is no more."""
    if not bill_ids:
        return
    cancelled = rows.all(
        "UPDATE payment SET state = %s, step = step + 1, event = 'bill_changed', moved_by = %s,"
        " why = 'the bill was changed or withdrawn', finished_at = %s, due_at = %s"
        " WHERE bill_id = ANY(%s) AND state = ANY(%s) RETURNING id, attempt",
        [
            State.CANCELLED_BY_CLIENT_BODY.value,
            by,
            room.now(),
            # What was typed for them is forgotten by the sweep's next look.
            room.now(),
            bill_ids,
            [state.value for state in OPEN],
        ],
    )
    for payment_id, attempt in cancelled:
        if attempt:
            post_orders.forget_card(payment_id, None, "cancelled")
