"""Events for client bodies, read in the order in which they were committed.

A row is shown once every transaction that began before its own has ended (``pg_snapshot_xmin``, as
the evidence chain reads its lines): so nothing older appears behind what was read already. What a
payment, refund or dispute is about never changes; it is joined to the event here rather than
written beside every step."""

from __future__ import annotations

import re
from typing import Any, LiteralString

import msgspec

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    MAX_EVENTS_PER_ANSWER,
    BodyEvent,
    EventsShown,
    NewEvents,
)
from sekisho.payments.business.turn_pages import check_limit
from sekisho.payments.lifecycle import public_reason, public_status
from sekisho.payments.records.session import EVERY_BODY, Row, acting_for

_AFTER = re.compile(r"([0-9]{1,20})\.([0-9]{1,19})")
_MAX_XID, _MAX_ID = 2**64 - 1, 2**63 - 1

_SELECT: LiteralString = (
    "SELECT e.xid::text, e.id, replace(e.event_id::text, '-', ''), e.client_body, e.at, e.kind,"
    " e.object_id, e.facts::text, p.id, p.reference, p.bill_id, b.payment_number, p.link_id,"
    " p.amount_yen, p.fee_yen, p.total_yen, r.amount_yen, r.fee_yen, d.amount_yen, d.reason_code,"
    " d.respond_by FROM (SELECT * FROM body_event"
    " WHERE (xid, id) > (%s::text::xid8, %s) AND xid < pg_snapshot_xmin(pg_current_snapshot())"
    " ORDER BY xid, id LIMIT %s) AS e"
    " LEFT JOIN refund r ON starts_with(e.kind, 'refund.') AND r.id = e.object_id"
    " LEFT JOIN dispute d ON starts_with(e.kind, 'dispute.') AND d.case_number = e.object_id"
    " LEFT JOIN payment p ON p.id = coalesce(r.payment_id, d.payment_id,"
    " CASE WHEN starts_with(e.kind, 'payment.') THEN e.object_id END)"
    " LEFT JOIN bill b ON b.id = p.bill_id ORDER BY e.xid, e.id"
)


def new_events(message: NewEvents) -> EventsShown:
    """Return what happened after ``message.after``. Raises ``Refusal`` ``after_wrong``,
    ``limit_wrong``."""
    xid, last_id = _read_after(message.after)
    limit = check_limit(message.limit, MAX_EVENTS_PER_ANSWER)
    with acting_for(EVERY_BODY) as rows:
        found = rows.all(_SELECT, [str(xid), last_id, limit])
    return EventsShown(
        events=[_event(row) for row in found],
        after=f"{found[-1][0]}.{found[-1][1]}" if found else message.after,
    )


def _read_after(after: str) -> tuple[int, int]:
    if not after:
        return 0, 0
    read = _AFTER.fullmatch(after)
    xid, last_id = (int(part) for part in read.groups()) if read else (-1, -1)
    if read is None or xid > _MAX_XID or last_id > _MAX_ID:
        raise Refusal("after_wrong", "is no `after` of an earlier answer", "after")
    return xid, last_id


def _event(row: Row) -> BodyEvent:
    _, _, event_id, client_body, at, kind, object_id, told = row[:8]
    facts = msgspec.json.decode(told, type=dict[str, Any])
    if kind.startswith("payment."):
        facts = _payment(row[8:16], facts)
    elif kind.startswith("refund."):
        facts = {**_about(row[8:13]), "amount_yen": row[16], "fee_yen": row[17], **facts}
    elif kind.startswith("dispute."):
        until = row[20].isoformat() if row[20] else None
        facts = {
            **_about(row[8:13]),
            "amount_yen": row[18],
            "reason_code": row[19],
            "respond_by": until,
            **facts,
        }
    return BodyEvent(
        event_id=f"event_{event_id}",
        client_body=client_body,
        at=at,
        kind=kind,
        object_id=object_id,
        facts=facts,
    )


def _about(columns: Row) -> dict[str, Any]:
    payment_id, reference, bill_id, number, link_id = columns
    return {
        "payment_id": payment_id,
        "reference": reference,
        "bill_id": bill_id,
        "payment_number": number,
        "link_id": link_id,
    }


def _payment(columns: Row, told: dict[str, Any]) -> dict[str, Any]:
    """What a payment's event says: the state and event of its step, in a payer's coarse words."""
    amount_yen, fee_yen, total_yen = columns[5:]
    state, event = told["state"], told["event"]
    return {
        **_about(columns[:5]),
        "amount_yen": amount_yen,
        "fee_yen": fee_yen,
        "total_yen": total_yen,
        "status": public_status(state),
        "reason": public_reason(state, event),
    }
