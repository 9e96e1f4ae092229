"""Lines of 消込: what each settled day did to one bill or policy, in the ledger's order."""

from __future__ import annotations

from typing import LiteralString

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    MAX_LINES_SHOWN,
    LinesShown,
    ReconciliationLine,
    ReconciliationLines,
)
from sekisho.payments.after_payment.asker import body_of
from sekisho.payments.records.session import EVERY_BODY, Row, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller

_LINES: LiteralString = (
    "SELECT i.transfer_id, i.kind, s.day, i.payment_id, coalesce(p.reference, ''),"
    " coalesce(b.payee_number, ''), coalesce(b.payment_number, ''),"
    " coalesce(b.category_number, ''), coalesce(b.fiscal_year, 0)::int, coalesce(b.term, ''),"
    " coalesce(y.policy_number, ''), i.bill_yen, i.fee_yen + i.fee_tax_yen,"
    " coalesce((CASE i.kind WHEN 'capture' THEN p.finished_at WHEN 'refund' THEN"
    " (SELECT r.finished_at FROM refund r WHERE r.id = i.about) WHEN 'dispute_lost' THEN"
    " (SELECT d.ended_at FROM dispute d WHERE d.case_number = i.about) END"
    " AT TIME ZONE 'Asia/Tokyo')::date, i.day), coalesce(s.payout_id, '')"
    " FROM (SELECT * FROM settlement_item WHERE transfer_id > %s AND transfer_id <= %s"
    " AND settlement_id = ANY(%s) AND bill_yen <> 0 ORDER BY transfer_id LIMIT %s) i"
    " JOIN settlement s ON s.id = i.settlement_id"
    " LEFT JOIN payment p ON p.id = i.payment_id LEFT JOIN bill b ON b.id = p.bill_id"
    " LEFT JOIN policy y ON y.id = p.policy_id"
    " ORDER BY i.transfer_id"
)

# Transfers are numbered as they come: a page reads on from the last one, whatever the day holds.
_DAYS: LiteralString = (
    "SELECT s.id, b.low, b.high FROM settlement s CROSS JOIN LATERAL"
    " (SELECT min(transfer_id) AS low, max(transfer_id) AS high FROM settlement_item"
    " WHERE settlement_id = s.id) b"
    " WHERE s.client_body = %s AND s.day BETWEEN %s AND %s AND b.low IS NOT NULL"
)


def reconciliation_lines(room: Room, caller: Caller, message: ReconciliationLines) -> LinesShown:
    """Return a page of lines; all of them add up to the days' ``net_yen``. Raises ``Refusal``
    ``payment_unknown``, ``day_wrong``."""
    body = body_of(room, caller, message.client_body)
    if body == EVERY_BODY:
        raise Refusal("payment_unknown", "say of which client body", "client_body")
    if message.since > message.until:
        raise Refusal("day_wrong", "since lies behind until", "since")
    limit = max(1, min(message.limit, MAX_LINES_SHOWN))
    with acting_for(body) as rows:
        days = rows.all(_DAYS, [body, message.since, message.until])
        if not days:
            return LinesShown(lines=[], next_after=0)
        after = max(message.after, min(low for _, low, _ in days) - 1)
        highest = max(high for _, _, high in days)
        found = rows.all(_LINES, [after, highest, [day[0] for day in days], limit + 1])
    lines = [_line(row) for row in found[:limit]]
    return LinesShown(lines=lines, next_after=lines[-1].number if len(found) > limit else 0)


def _line(row: Row) -> ReconciliationLine:
    return ReconciliationLine(
        number=row[0],
        kind=row[1],
        day=row[2],
        payment_id=row[3],
        reference=row[4],
        payee_number=row[5],
        payment_number=row[6],
        category_number=row[7],
        fiscal_year=row[8],
        term=row[9],
        policy_number=row[10],
        amount_yen=row[11],
        fee_yen=row[12],
        paid_on=row[13],
        payout_id=row[14],
    )
