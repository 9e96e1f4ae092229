"""Payments as their own client body sees them, a page of a search at a time."""

from __future__ import annotations

from typing import Any, LiteralString

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import FindPayments, PaymentLine, PaymentsFound
from sekisho.payments.business.turn_pages import (
    check_limit,
    one_page,
    read_moment_and_id,
    write_cursor,
)
from sekisho.payments.business.whose import bodies_of, check_filters
from sekisho.payments.lifecycle import State, public_reason, public_status, states_of
from sekisho.payments.records.session import Row, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller
from sekisho.vocabulary.identifiers import read_reference
from sekisho.vocabulary.twins import is_twin

PAYMENT_IDS = ("pay_", "tpay_")

_COLUMNS: LiteralString = (
    "p.id, p.reference, p.client_body, p.site, p.kind, p.state, p.event, p.amount_yen, p.fee_yen,"
    " p.fee_tax_yen, p.total_yen, p.bill_id, b.payment_number, b.item_ja, b.item_en,"
    " o.policy_number, o.product_ja, o.product_en, a.brand, a.last_four, p.started_at,"
    " p.finished_at"
)
_WITH_CARD: LiteralString = " LEFT JOIN attempt a ON a.payment_id = p.id AND a.number = p.attempt"
_REFUNDED: LiteralString = (
    " (SELECT coalesce(sum(r.amount_yen + r.fee_yen), 0)::bigint FROM refund r"
    " WHERE r.payment_id = p.id AND r.state = 'done')"
)

_FILTERS: dict[str, LiteralString] = {
    "payment_id": "p.id = %(payment_id)s",
    "reference": "p.reference = %(reference)s",
    "payment_number": "p.bill_id = ANY(ARRAY(SELECT n.id FROM bill n WHERE n.client_body = body"
    " AND n.payee_number = ANY(%(payees)s) AND n.payment_number = %(payment_number)s))",
    "policy_number": "p.policy_id = ANY(ARRAY(SELECT n.id FROM policy n WHERE n.client_body = body"
    " AND n.policy_number = %(policy_number)s))",
    "states": "p.state = ANY(%(states)s)",
    "kind": "p.kind = %(kind)s",
    "started_from": "p.started_at >= %(started_from)s",
    "started_to": "p.started_at < %(started_to)s",
    "finished_from": "p.finished_at >= %(finished_from)s",
    "finished_to": "p.finished_at < %(finished_to)s",
    "amount_from_yen": "p.total_yen >= %(amount_from_yen)s",
    "amount_to_yen": "p.total_yen <= %(amount_to_yen)s",
    "brand": "a.client_body = body AND a.brand = %(brand)s AND p.state <> 'created'",
    "last_four": "a.client_body = body AND a.last_four = %(last_four)s AND p.state <> 'created'",
    "before_at": "(p.started_at, p.id) < (%(before_at)s, %(before_id)s)",
}


def find_payments(room: Room, caller: Caller, message: FindPayments) -> PaymentsFound:
    """Return a page of the body's payments. Raises ``Refusal`` ``client_body_unknown``,
    ``cursor_wrong``, ``limit_wrong``, ``filter_wrong``."""
    bodies = bodies_of(room, caller, message.client_body)
    limit = check_limit(message.limit)
    check_filters(message)
    values = _values(room, message)
    if values is None:
        return PaymentsFound(payments=[], next_cursor=None)
    with acting_for(",".join(bodies)) as rows:
        found = _search(rows, bodies, values, limit + 1)
    page, last = one_page(found, limit)
    return PaymentsFound(
        payments=[payment_line(row) for row in page],
        next_cursor=write_cursor(last[20], last[0]) if last else None,
    )


def read_line(rows: Rows, bodies: list[str], payment_id: str) -> PaymentLine:
    """Return one payment within the walls. Raises ``Refusal`` ``payment_unknown``."""
    found = _search(rows, bodies, {"payment_id": payment_id}, 1)
    if not found:
        raise Refusal("payment_unknown", "", "payment_id")
    return payment_line(found[0])


def _values(room: Room, message: FindPayments) -> dict[str, Any] | None:
    """Return the filters' values; ``None`` when no payment can hold them."""
    values: dict[str, Any] = {
        name: getattr(message, name) for name in _FILTERS if hasattr(message, name)
    }
    place = read_moment_and_id(message.cursor)
    if place is not None:
        values["before_at"], values["before_id"] = place
    if message.status is not None:
        values["states"] = states_of(message.status)
    if message.payment_number is not None:
        payees = {n for rules in room.sites.values() for n in rules.section.payee_numbers}
        values["payees"] = ["", *sorted(payees)]
    if message.reference is not None:
        values["reference"] = None
        typed = message.reference.strip()
        if typed.startswith(PAYMENT_IDS):
            values["payment_id"] = typed
        else:
            try:
                values["reference"] = read_reference(typed)
            except ValueError:
                return None
    return values


def _search(rows: Rows, bodies: list[str], values: dict[str, Any], most: int) -> list[Row]:
    given = [name for name in _FILTERS if values.get(name) is not None]
    where: LiteralString = "".join(" AND " + _FILTERS[name] for name in given)
    # The card's row only where it is asked for: else it would be read for every payment passed by.
    by_card: LiteralString = _WITH_CARD if "brand" in given or "last_four" in given else ""
    # Each body's rows by its own index, newest first; only then together, and only these whole.
    statement: LiteralString = (
        "SELECT "  # noqa: S608 - put together from the constants above
        + _COLUMNS
        + ","
        + _REFUNDED
        + " FROM (SELECT one.* FROM unnest(%(bodies)s::text[]) AS body CROSS JOIN LATERAL"
        " (SELECT p.id, p.started_at FROM payment p"
        + by_card
        + " WHERE p.client_body = body"
        + where
        + " ORDER BY p.started_at DESC, p.id DESC LIMIT %(rows)s) AS one"
        " ORDER BY one.started_at DESC, one.id DESC LIMIT %(rows)s) AS found"
        " JOIN payment p ON p.id = found.id"
        + _WITH_CARD
        + " LEFT JOIN bill b ON b.id = p.bill_id LEFT JOIN policy o ON o.id = p.policy_id"
        " ORDER BY p.started_at DESC, p.id DESC"
    )
    return rows.all(statement, {**values, "bodies": bodies, "rows": most})


def payment_line(row: Row) -> PaymentLine:
    """Return a payment from its columns."""
    (payment_id, reference, client_body, site, kind, state, event, amount, fee, tax, total) = row[
        :11
    ]
    bill_id, number, item_ja, item_en, policy_number, product_ja, product_en = row[11:18]
    brand, last_four, started_at, finished_at, refunded_yen = row[18:]
    if state == State.CREATED:
        # The card of an earlier attempt is forgotten: there is none now.
        brand = last_four = None
    return PaymentLine(
        payment_id=payment_id,
        reference=reference,
        client_body=client_body,
        test=is_twin(client_body),
        site=site,
        kind=kind,
        status=public_status(state),
        reason=public_reason(state, event),
        amount_yen=amount,
        fee_yen=fee,
        fee_tax_yen=tax,
        total_yen=total,
        refunded_yen=refunded_yen,
        bill_id=bill_id,
        payment_number=number,
        item_ja=item_ja or product_ja or "",
        item_en=item_en or product_en or "",
        policy_number=policy_number,
        brand=brand,
        last_four=last_four,
        started_at=started_at,
        finished_at=finished_at,
        settled=state == State.SETTLED,
    )
