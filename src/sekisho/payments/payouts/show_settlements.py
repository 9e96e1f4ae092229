"""Settled days as they are shown, one by one and by the month."""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import LiteralString

import msgspec

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    ListSettlements,
    MonthFigures,
    MonthlyFigures,
    SettlementShown,
    SettlementsShown,
    ShowSettlement,
)
from sekisho.crossings.payments.settlements import MAX_SETTLEMENTS_SHOWN
from sekisho.payments.after_payment.asker import body_of
from sekisho.payments.payouts.show_payouts import for_asker, payouts_where
from sekisho.payments.records.session import EVERY_BODY, Row, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller

_COLUMNS: LiteralString = (
    "SELECT s.client_body, s.day, s.closed_at, s.captures, s.captured_yen, s.refunds,"
    " s.refunded_yen, s.chargebacks, s.chargeback_yen, s.representments, s.represented_yen,"
    " s.disputes_lost, s.disputes_lost_yen, s.corrections_yen, s.fee_yen, s.fee_tax_yen,"
    " s.disputes_yen, s.clearing_yen, s.ledger_yen, s.net_yen, coalesce(s.payout_id, ''),"
    " (SELECT count(*)::int FROM difference d WHERE d.client_body = s.client_body"
    " AND d.day = s.day AND d.state <> 'closed'), s.bills_yen, s.refunded_bills_yen"
)
_FROM: LiteralString = " FROM settlement s"
_FIRST = date(1, 1, 1)
_LAST = date(9999, 12, 31)
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def list_settlements(room: Room, caller: Caller, message: ListSettlements) -> SettlementsShown:
    """Return settled days, newest first. Raises ``Refusal`` ``after_wrong``."""
    limit = max(1, min(message.limit, MAX_SETTLEMENTS_SHOWN))
    before_day, before_body = _read_after(message.after)
    with acting_for(body_of(room, caller, message.client_body), snapshot=True) as rows:
        found = rows.all(
            _COLUMNS + ", NULL" + _FROM + " WHERE s.day BETWEEN %s AND %s"
            " AND (s.day < %s OR (s.day = %s AND s.client_body > %s))"
            " ORDER BY s.day DESC, s.client_body LIMIT %s",
            [
                message.since or _FIRST,
                message.until or _LAST,
                before_day,
                before_day,
                before_body,
                limit + 1,
            ],
        )
    shown = [settlement_of(row) for row in found[:limit]]
    last = shown[-1] if len(found) > limit else None
    return SettlementsShown(
        settlements=shown, next_after=f"{last.day.isoformat()}:{last.client_body}" if last else ""
    )


def _read_after(after: str) -> tuple[date, str]:
    if not after:
        return _LAST, ""
    day, _, body = after.partition(":")
    try:
        return date.fromisoformat(day), body
    except ValueError:
        raise Refusal("after_wrong", "is not the next_after of a page", "after") from None


def show_settlement(room: Room, caller: Caller, message: ShowSettlement) -> SettlementShown:
    """Return one day, what its payout counts for it included. Raises ``Refusal``
    ``settlement_unknown``."""
    with acting_for(body_of(room, caller, message.client_body), snapshot=True) as rows:
        found = rows.all(
            _COLUMNS + ", CASE WHEN s.payout_id IS NOT NULL THEN"  # noqa: S608 - constants
            " (SELECT sum(i.bill_yen)::bigint FROM settlement_item i"
            " WHERE i.settlement_id = s.id) END" + _FROM + " WHERE s.day = %s LIMIT 2",
            [message.day],
        )
    if len(found) != 1:
        detail = "say of which client body" if found else "nothing was settled on this day"
        raise Refusal("settlement_unknown", detail, "client_body" if found else "day")
    return settlement_of(found[0])


def settlement_of(row: Row) -> SettlementShown:
    """Return a row of ``_COLUMNS`` and the payout's sum (or NULL) as its doors show it."""
    return SettlementShown(
        client_body=row[0],
        day=row[1],
        state="closed",
        closed_at=row[2],
        captures=row[3],
        captured_yen=row[4],
        refunds=row[5],
        refunded_yen=row[6],
        chargebacks=row[7],
        chargeback_yen=row[8],
        representments=row[9],
        represented_yen=row[10],
        disputes_lost=row[11],
        disputes_lost_yen=row[12],
        corrections_yen=row[13],
        fee_yen=row[14],
        fee_tax_yen=row[15],
        disputes_yen=row[16],
        clearing_yen=row[17],
        ledger_yen=row[18],
        net_yen=row[19],
        payout_id=row[20],
        differences_open=row[21],
        bills_yen=row[22],
        refunded_bills_yen=row[23],
        payout_yen=row[24] if row[24] is not None else row[19] if row[20] else None,
    )


def monthly_figures(room: Room, caller: Caller, message: MonthlyFigures) -> MonthFigures:
    """Return a month of one body. Raises ``Refusal`` ``month_wrong``, ``payment_unknown``."""
    parts = _MONTH.fullmatch(message.month)
    if parts is None or parts[1] == "0000":
        raise Refusal("month_wrong", "as 2026-11", "month")
    first = date(int(parts[1]), int(parts[2]), 1)
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    body = body_of(room, caller, message.client_body)
    if body == EVERY_BODY:
        raise Refusal("payment_unknown", "say of which client body", "client_body")
    with acting_for(body, snapshot=True) as rows:
        found = _month(rows, body, message.month, first, last)
    return msgspec.structs.replace(found, payouts=[for_asker(caller, one) for one in found.payouts])


def _month(rows: Rows, body: str, month: str, first: date, last: date) -> MonthFigures:
    days = rows.all(
        _COLUMNS + ", NULL" + _FROM + " WHERE s.day BETWEEN %s AND %s ORDER BY s.day",
        [first, last],
    )
    sums = rows.one(
        "SELECT coalesce(sum(captures), 0)::int, coalesce(sum(captured_yen), 0)::bigint,"
        " coalesce(sum(bills_yen), 0)::bigint, coalesce(sum(fee_yen), 0)::bigint,"
        " coalesce(sum(fee_tax_yen), 0)::bigint, coalesce(sum(refunds), 0)::int,"
        " coalesce(sum(refunded_bills_yen), 0)::bigint,"
        " coalesce(sum(refunded_yen - refunded_bills_yen), 0)::bigint,"
        " coalesce(sum(disputes_lost), 0)::int, coalesce(sum(disputes_lost_yen), 0)::bigint,"
        " coalesce(sum(corrections_yen), 0)::bigint, coalesce(sum(net_yen), 0)::bigint"
        " FROM settlement WHERE day BETWEEN %s AND %s",
        [first, last],
    )
    assert sums is not None
    opening, paid = _opening_and_paid(rows, first, last)
    return MonthFigures(
        client_body=body,
        month=month,
        final=_is_final(rows, first, last),
        days=[settlement_of(day) for day in days],
        captures=sums[0],
        captured_yen=sums[1],
        bills_yen=sums[2],
        fee_yen=sums[3],
        fee_tax_yen=sums[4],
        refunds=sums[5],
        refunded_yen=sums[6],
        refunded_fee_yen=sums[7],
        disputes_lost=sums[8],
        disputes_lost_yen=sums[9],
        corrections_yen=sums[10],
        net_yen=sums[11],
        opening_owed_yen=opening,
        paid_yen=paid,
        closing_owed_yen=opening + sums[11] - paid,
        payouts=payouts_where(
            rows,
            " WHERE p.state <> 'dropped' AND ((p.made_on BETWEEN %s AND %s)"
            " OR (p.state <> 'made' AND p.last_day BETWEEN %s AND %s))",
            [first, last, first, last],
        ),
    )


def _opening_and_paid(rows: Rows, first: date, last: date) -> tuple[int, int]:
    found = rows.one(
        "SELECT (SELECT coalesce(sum(net_yen), 0)::bigint FROM settlement WHERE day < %s)"
        " - (SELECT coalesce(sum(amount_yen), 0)::bigint FROM payout WHERE made_on < %s),"
        " (SELECT coalesce(sum(amount_yen), 0)::bigint FROM payout"
        " WHERE made_on BETWEEN %s AND %s)",
        [first, first, first, last],
    )
    return (found[0], found[1]) if found else (0, 0)


def _is_final(rows: Rows, first: date, last: date) -> bool:
    """Whether the final file of every day of the month was taken."""
    found = rows.one(
        "SELECT count(DISTINCT day) FROM clearing_file"
        " WHERE state = 'taken' AND final AND day BETWEEN %s AND %s",
        [first, last],
    )
    return found is not None and found[0] == (last - first).days + 1
