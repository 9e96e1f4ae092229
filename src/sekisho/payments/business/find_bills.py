"""Bills as their own client body sees them: one, or a page of a search."""

from __future__ import annotations

from datetime import datetime
from typing import Any, LiteralString

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import BillsFound, BillShown, BillState, FindBills, ShowBill
from sekisho.payments.business.turn_pages import check_limit, one_page, read_id, write_cursor
from sekisho.payments.business.whose import bodies_of, check_filters
from sekisho.payments.lifecycle import PAID
from sekisho.payments.records.session import Row, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller
from sekisho.vocabulary.twins import is_twin

_COLUMNS: LiteralString = (
    "b.id, b.client_body, b.payee_number, b.payment_number, b.category_number, b.item_ja,"
    " b.item_en, b.fiscal_year, b.term, b.amount_yen, b.first_payable_at, b.due_date,"
    " b.payable_until, b.changed_at, b.withdrawn, h.state, h.id, h.reference"
)
_FROM: LiteralString = " FROM bill b LEFT JOIN payment h ON h.held_for = b.id"

_IN_STATE: dict[BillState, LiteralString] = {
    "paid": "h.state IN ('captured', 'settled')",
    "in_payment": "h.state NOT IN ('captured', 'settled')",
    "withdrawn": "h.id IS NULL AND b.withdrawn",
    "not_yet": "h.id IS NULL AND NOT b.withdrawn AND b.first_payable_at > %(now)s",
    "unpaid": "h.id IS NULL AND NOT b.withdrawn AND b.first_payable_at <= %(now)s"
    " AND b.payable_until > %(now)s",
    "expired": "h.id IS NULL AND NOT b.withdrawn AND b.payable_until <= %(now)s"
    " AND b.first_payable_at <= %(now)s",
}

_FILTERS: dict[str, LiteralString] = {
    "payment_number": "b.payment_number = %(payment_number)s AND b.payee_number = ANY(%(payees)s)",
    "fiscal_year": "b.fiscal_year = %(fiscal_year)s",
    "due_from": "b.due_date >= %(due_from)s",
    "due_to": "b.due_date <= %(due_to)s",
    "amount_from_yen": "b.amount_yen >= %(amount_from_yen)s",
    "amount_to_yen": "b.amount_yen <= %(amount_to_yen)s",
    "changed_from": "b.changed_at >= %(changed_from)s",
}


def show_bill_of_body(room: Room, caller: Caller, message: ShowBill) -> BillShown:
    """Return one bill. Raises ``Refusal`` ``bill_unknown``, ``client_body_unknown``."""
    bodies = bodies_of(room, caller, message.client_body)
    with acting_for(",".join(bodies)) as rows:
        return read_bill_shown(rows, message.bill_id, room.now())


def read_bill_shown(rows: Rows, bill_id: str, now: datetime) -> BillShown:
    """Return a bill within the walls, read in an open transaction. Raises ``Refusal``
    ``bill_unknown``."""
    row = None
    if bill_id.isascii() and bill_id.isprintable():
        row = rows.one("SELECT " + _COLUMNS + _FROM + " WHERE b.id = %s", [bill_id])
    if row is None:
        raise Refusal("bill_unknown", "", "bill_id")
    return _shown(row, now)


def find_bills(room: Room, caller: Caller, message: FindBills) -> BillsFound:
    """Return a page of the body's bills. Raises ``Refusal`` ``client_body_unknown``,
    ``cursor_wrong``, ``limit_wrong``, ``filter_wrong``."""
    bodies = bodies_of(room, caller, message.client_body)
    limit = check_limit(message.limit)
    check_filters(message)
    now = room.now()
    values = _values(room, message, bodies) | {"now": now, "rows": limit + 1}
    with acting_for(",".join(bodies)) as rows:
        # Newest first along the index, each bill's holder looked up: the planner would rather read
        # all payments than look up some thousands.
        rows.do("SET LOCAL enable_hashjoin = off")
        rows.do("SET LOCAL enable_mergejoin = off")
        found = rows.all(_statement(message, values), values)
    page, last = one_page(found, limit)
    return BillsFound(
        bills=[_shown(row, now) for row in page],
        next_cursor=write_cursor(last[0]) if last else None,
    )


def _values(room: Room, message: FindBills, bodies: list[str]) -> dict[str, Any]:
    payees = {n for rules in room.sites.values() for n in rules.section.payee_numbers}
    return {
        "bodies": bodies,
        "payees": ["", *sorted(payees)],
        "below": read_id(message.cursor),
        **{name: getattr(message, name) for name in _FILTERS},
    }


def _statement(message: FindBills, values: dict[str, Any]) -> LiteralString:
    conditions: list[LiteralString] = [
        text for name, text in _FILTERS.items() if values[name] is not None
    ]
    if message.state is not None:
        conditions.append(_IN_STATE[message.state])
    if values["below"] is not None:
        conditions.append("b.id < %(below)s")
    where: LiteralString = "".join(" AND " + condition for condition in conditions)
    # Each body's rows by its own index, newest first; only then together.
    return (
        "SELECT found.* FROM unnest(%(bodies)s::text[]) AS body CROSS JOIN LATERAL (SELECT "  # noqa: S608
        + _COLUMNS
        + _FROM
        + " WHERE b.client_body = body"
        + where
        + " ORDER BY b.id DESC LIMIT %(rows)s) AS found"
        " (" + _NAMES + ") ORDER BY id DESC LIMIT %(rows)s"
    )


_NAMES: LiteralString = (
    "id, client_body, payee_number, payment_number, category_number, item_ja, item_en,"
    " fiscal_year, term, amount_yen, first_payable_at, due_date, payable_until, changed_at,"
    " withdrawn, holder_state, holder_id, holder_reference"
)


def _shown(row: Row, now: datetime) -> BillShown:
    (bill_id, client_body, payee, number, category, item_ja, item_en, fiscal_year, term) = row[:9]
    amount_yen, first_at, due_date, until, changed_at, withdrawn, holder_state = row[9:16]
    return BillShown(
        bill_id=bill_id,
        client_body=client_body,
        test=is_twin(client_body),
        payee_number=payee,
        payment_number=number,
        category_number=category,
        item_ja=item_ja,
        item_en=item_en,
        fiscal_year=fiscal_year,
        term=term,
        amount_yen=amount_yen,
        first_payable_at=first_at,
        due_date=due_date,
        payable_until=until,
        changed_at=changed_at,
        state=_state(holder_state, withdrawn, first_at, until, now),
        payment_id=row[16],
        reference=row[17],
    )


def _state(
    holder: str | None, withdrawn: bool, first_at: datetime, until: datetime, now: datetime
) -> BillState:
    if holder is not None:
        return "paid" if holder in PAID else "in_payment"
    if withdrawn:
        return "withdrawn"
    if now < first_at:
        return "not_yet"
    return "unpaid" if now < until else "expired"
