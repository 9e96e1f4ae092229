"""Close a business day: what the network's file of it settled becomes a settlement of each client
body, over the items that the database wrote with every line."""

from __future__ import annotations

from datetime import date, datetime

from sekisho import evidence
from sekisho.payments.body_events import tell_body
from sekisho.payments.records.session import EVERY_BODY, Rows, acting_for

CLOSE_LOCK = 7235011
"""Advisory lock: one closes at a time."""

_CLOSE = (
    "WITH taken AS (UPDATE settlement_item SET settlement_id = %(id)s WHERE client_body = %(body)s"
    " AND day <= %(day)s AND settlement_id IS NULL RETURNING *)"
    " INSERT INTO settlement (id, client_body, day, closed_at, captures, captured_yen, bills_yen,"
    " refunds, refunded_yen, refunded_bills_yen, chargebacks, chargeback_yen, representments,"
    " represented_yen, disputes_lost, disputes_lost_yen, corrections_yen, captured_fee_yen,"
    " fee_yen, fee_tax_yen, disputes_yen, clearing_yen, ledger_yen, net_yen)"
    " SELECT %(id)s, %(body)s, %(day)s, %(now)s,"
    " count(*) FILTER (WHERE kind = 'capture'),"
    " coalesce(sum(clearing_yen) FILTER (WHERE kind = 'capture'), 0),"
    " coalesce(sum(bill_yen) FILTER (WHERE kind = 'capture'), 0),"
    " count(*) FILTER (WHERE kind = 'refund'),"
    " coalesce(-sum(clearing_yen) FILTER (WHERE kind = 'refund'), 0),"
    " coalesce(-sum(bill_yen) FILTER (WHERE kind = 'refund'), 0),"
    " count(*) FILTER (WHERE kind = 'chargeback'),"
    " coalesce(-sum(clearing_yen) FILTER (WHERE kind = 'chargeback'), 0),"
    " count(*) FILTER (WHERE kind = 'representment'),"
    " coalesce(sum(clearing_yen) FILTER (WHERE kind = 'representment'), 0),"
    " count(*) FILTER (WHERE kind = 'dispute_lost'),"
    " coalesce(-sum(bill_yen) FILTER (WHERE kind = 'dispute_lost'), 0),"
    " coalesce(sum(bill_yen) FILTER (WHERE kind = 'correction'), 0),"
    " coalesce(sum(fee_yen + fee_tax_yen) FILTER (WHERE kind = 'capture'), 0),"
    " sum(fee_yen), sum(fee_tax_yen), sum(disputes_yen), sum(clearing_yen),"
    " coalesce(sum(bank_yen) FILTER (WHERE kind <> 'correction'), 0), sum(bill_yen)"
    " FROM taken HAVING count(*) > 0"
    " RETURNING net_yen, clearing_yen, ledger_yen, captures"
)


def close_day(day: date, now: datetime) -> list[str]:
    """Close ``day`` for every client body that has something to settle up to it; return those
    bodies. A day is closed once: what comes later is of a later day."""
    with acting_for(EVERY_BODY) as rows:
        bodies = [
            row[0]
            for row in rows.all(
                "SELECT DISTINCT client_body FROM settlement_item"
                " WHERE settlement_id IS NULL AND day <= %s ORDER BY 1",
                [day],
            )
        ]
    return [body for body in bodies if _close(body, day, now)]


def _close(body: str, day: date, now: datetime) -> bool:
    settlement_id = f"{body}:{day.isoformat()}"
    with acting_for(EVERY_BODY, long=True) as rows:
        rows.do("SELECT pg_advisory_xact_lock(%s)", [CLOSE_LOCK])
        if rows.one("SELECT 1 FROM settlement WHERE id = %s", [settlement_id]) is not None:
            return False
        values = {"id": settlement_id, "body": body, "day": day, "now": now}
        closed = rows.one(_CLOSE, values)
        if closed is None:
            return False
        _tell(rows, body, day, closed[0], closed[3])
    return True


def _tell(rows: Rows, body: str, day: date, net_yen: int, captures: int) -> None:
    evidence.append(
        kind="payments.settlement_closed",
        subject=f"{body}:{day.isoformat()}",
        facts={
            "client_body": body,
            "day": day.isoformat(),
            "captures": captures,
            "net_yen": net_yen,
        },
    )
    tell_body(
        rows,
        body,
        "settlement.closed",
        f"{body}:{day.isoformat()}",
        {"day": day.isoformat(), "captures": captures, "net_yen": net_yen},
    )
