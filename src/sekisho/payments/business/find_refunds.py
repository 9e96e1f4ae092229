"""Refunds as their own client body sees them, a page of a search at a time."""

from __future__ import annotations

from typing import Any, LiteralString

from sekisho.crossings.payments import FindRefunds, RefundLine, RefundsFound
from sekisho.payments.business.turn_pages import (
    check_limit,
    one_page,
    read_moment_and_id,
    write_cursor,
)
from sekisho.payments.business.whose import bodies_of, check_filters
from sekisho.payments.records.session import Row, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller

_FILTERS: dict[str, LiteralString] = {
    "refund_id": "r.id = %(refund_id)s",
    "payment_id": "r.payment_id = %(payment_id)s",
    "status": "r.state = %(status)s",
    "asked_from": "r.asked_at >= %(asked_from)s",
    "asked_to": "r.asked_at < %(asked_to)s",
    "before_at": "(r.asked_at, r.id) < (%(before_at)s, %(before_id)s)",
}


def find_refunds(room: Room, caller: Caller, message: FindRefunds) -> RefundsFound:
    """Return a page of the body's refunds. Raises ``Refusal`` ``client_body_unknown``,
    ``cursor_wrong``, ``limit_wrong``, ``filter_wrong``."""
    bodies = bodies_of(room, caller, message.client_body)
    limit = check_limit(message.limit)
    check_filters(message)
    values: dict[str, Any] = {
        name: getattr(message, name) for name in _FILTERS if hasattr(message, name)
    }
    place = read_moment_and_id(message.cursor)
    if place is not None:
        values["before_at"], values["before_id"] = place
    where: LiteralString = "".join(
        " AND " + text for name, text in _FILTERS.items() if values.get(name) is not None
    )
    statement: LiteralString = (
        "SELECT one.* FROM unnest(%(bodies)s::text[]) AS body CROSS JOIN LATERAL ("  # noqa: S608
        "SELECT r.id, r.client_body, r.payment_id, p.reference, b.payment_number, r.amount_yen,"
        " r.fee_yen, r.state, r.reason, r.asked_by, r.asked_at, r.finished_at,"
        " r.settled_at IS NOT NULL FROM refund r JOIN payment p ON p.id = r.payment_id"
        " LEFT JOIN bill b ON b.id = p.bill_id WHERE r.client_body = body"
        + where
        + " ORDER BY r.asked_at DESC, r.id DESC LIMIT %(rows)s) AS one (id, client_body,"
        " payment_id, reference, payment_number, amount_yen, fee_yen, state, reason, asked_by,"
        " asked_at, finished_at, settled) ORDER BY one.asked_at DESC, one.id DESC LIMIT %(rows)s"
    )
    with acting_for(",".join(bodies)) as rows:
        found = rows.all(statement, {**values, "bodies": bodies, "rows": limit + 1})
    page, last = one_page(found, limit)
    return RefundsFound(
        refunds=[_line(row) for row in page],
        next_cursor=write_cursor(last[10], last[0]) if last else None,
    )


def _line(row: Row) -> RefundLine:
    refund_id, client_body, payment_id, reference, number, amount_yen, fee_yen, state = row[:8]
    reason, asked_by, asked_at, finished_at, settled = row[8:]
    zone, _, person = asked_by.partition(":")
    return RefundLine(
        refund_id=refund_id,
        client_body=client_body,
        payment_id=payment_id,
        reference=reference,
        payment_number=number,
        amount_yen=amount_yen,
        fee_yen=fee_yen,
        status=state,
        reason=reason,
        asked_by=person if zone == "client_desk" else zone,
        asked_at=asked_at,
        finished_at=finished_at,
        settled=settled,
    )
