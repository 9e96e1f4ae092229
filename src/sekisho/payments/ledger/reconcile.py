"""Compare what ledger, payments and evidence say of a business day's money, and name each
difference.

The three are written in one transaction by different hands: the ledger by the database's functions,
payments by the lifecycle, evidence into another schema that nobody can change. Each money event has
a key (kind, payment, refund or case), so they are compared by it, in one snapshot and by sets: how
much memory that takes does not depend on the day."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    Reconcile,
    Reconciled,
    ReconciliationsShown,
    ShowReconciliations,
)
from sekisho.evidence.alarm import raise_alarm
from sekisho.payments.ledger.case_text import CASE_BREAK
from sekisho.payments.ledger.chain import link_all, put_head
from sekisho.payments.records.session import EVERY_BODY, Row, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.vocabulary.clock import TOKYO, business_date

MAX_DIFFERENCES_SHOWN = 100
MAX_RESULTS_SHOWN = 400

MARGIN = timedelta(hours=1)
"""The three write their moments one after the other, and a day ends between two of them: each is
looked for this long before and after the day."""

EVIDENCE_OF = {
    "payments.captured": "posted",
    "payments.settled": "settled",
    "payments.refund_done": "refund_posted",
    "payments.refund_settled": "refund_settled",
    "payments.dispute_opened": "dispute_opened",
    "payments.dispute_won": "dispute_won",
    "payments.dispute_lost": "dispute_lost",
    "payments.dispute_accepted": "dispute_lost",
    "payments.dispute_settled": "dispute_settled",
    "payments.win_settled": "win_settled",
    "payments.corrected": "correction",
    "payments.payout_made": "payout_posted",
}
"""Kinds of evidence about money, and the transfer that each belongs to."""

CALLED = {
    "posted": "captured",
    "settled": "settled",
    "refund_posted": "refunded",
    "refund_settled": "refunds settled",
    "dispute_opened": "disputed",
    "dispute_won": "disputes won",
    "dispute_lost": "disputes lost",
    "dispute_settled": "chargebacks settled",
    "win_settled": "won disputes settled",
    "correction": "corrected",
    "payout_posted": "paid out",
}

_LEDGER = (
    # A payout is known by its id; the number of its order to the bank stands behind it.
    "SELECT 'ledger' AS book, kind, payment_id, CASE kind WHEN 'payout_posted'"
    " THEN split_part(about, ':', 1) ELSE about END AS about, made_at AS at, amount_yen AS yen"
    " FROM transfer WHERE made_at >= %(since)s AND made_at < %(until)s AND kind = ANY(%(kinds)s)"
    # Migration 0003 corrected old claims, each under its payment; `correct` names no payment.
    " AND NOT (kind = 'correction' AND payment_id <> '')"
)

_PAYMENTS = (
    "SELECT 'payments', CASE e.to_state WHEN 'captured' THEN 'posted' ELSE 'settled' END,"
    " e.payment_id, '', e.at, p.total_yen"
    " FROM payment_event e JOIN payment p ON p.id = e.payment_id"
    " WHERE e.at >= %(since)s AND e.at < %(until)s AND e.to_state IN ('captured', 'settled')"
    " AND e.from_state <> e.to_state"
    " UNION ALL SELECT 'payments', 'refund_posted', payment_id, id, finished_at,"
    " amount_yen + fee_yen FROM refund"
    " WHERE finished_at >= %(since)s AND finished_at < %(until)s AND state = 'done'"
    " UNION ALL SELECT 'payments', 'refund_settled', payment_id, id, settled_at,"
    " amount_yen + fee_yen FROM refund WHERE settled_at >= %(since)s AND settled_at < %(until)s"
    " UNION ALL SELECT 'payments', 'dispute_opened', payment_id, case_number, received_at,"
    " amount_yen FROM dispute WHERE received_at >= %(since)s AND received_at < %(until)s"
    " UNION ALL SELECT 'payments', CASE status WHEN 'won' THEN 'dispute_won'"
    " ELSE 'dispute_lost' END, payment_id, case_number, ended_at, amount_yen FROM dispute"
    " WHERE ended_at >= %(since)s AND ended_at < %(until)s"
    " AND status IN ('won', 'lost', 'accepted')"
    " UNION ALL SELECT 'payments', CASE kind WHEN 'chargeback' THEN 'dispute_settled'"
    " ELSE 'win_settled' END, payment_id, network_reference, matched_at, amount_yen"
    " FROM clearing_line WHERE matched_at >= %(since)s AND matched_at < %(until)s"
    " AND kind IN ('chargeback', 'representment')"
    " UNION ALL SELECT 'payments', 'payout_posted', '', p.id, e.at, p.amount_yen"
    " FROM payout_event e JOIN payout p ON p.id = e.payout_id"
    " WHERE e.at >= %(since)s AND e.at < %(until)s AND e.to_state = 'made'"
)

_EVIDENCE = (
    "SELECT 'evidence', k.transfer_kind, CASE WHEN k.transfer_kind IN ('correction',"  # noqa: S608 - our own text
    " 'payout_posted') THEN '' ELSE l.subject END,"
    " CASE WHEN k.transfer_kind IN ('correction', 'payout_posted') THEN l.subject"
    " ELSE coalesce(f.facts->>'refund_id',"
    f" replace(f.facts->>'case_number', '{CASE_BREAK}', ''), '') END, l.at,"
    " coalesce((f.facts->>'total_yen')::bigint,"
    " (f.facts->>'amount_yen')::bigint + coalesce((f.facts->>'fee_yen')::bigint, 0))"
    " FROM unnest(%(lines)s::text[], %(line_kinds)s::text[]) AS k (line_kind, transfer_kind)"
    " JOIN evidence.own_line l ON l.kind = k.line_kind, LATERAL (SELECT l.facts::jsonb) f (facts)"
    " WHERE l.kind = ANY(%(lines)s) AND l.at >= %(since)s AND l.at < %(until)s"
)

_TOLD = f"({_LEDGER} UNION ALL {_PAYMENTS} UNION ALL {_EVIDENCE}) told"
_IN_DAY = "at >= %(day)s AND at < %(day_after)s"

_DIFFERENCES: Any = (
    "SELECT *, count(*) OVER () FROM (SELECT kind, payment_id, about,"  # noqa: S608 - our own text
    " array_agg(yen) FILTER (WHERE book = 'ledger') AS ledger,"
    " array_agg(yen) FILTER (WHERE book = 'payments') AS payments,"
    " array_agg(yen) FILTER (WHERE book = 'evidence') AS evidence"
    f" FROM {_TOLD} GROUP BY kind, payment_id, about HAVING bool_or({_IN_DAY}) AND NOT"
    # A correction is about no payment.
    " (count(*) = CASE kind WHEN 'correction' THEN 2 ELSE 3 END"
    " AND count(DISTINCT book) = count(*) AND min(yen) = max(yen) AND count(yen) = count(*))"
    ") different ORDER BY kind, payment_id, about LIMIT %(most)s"
)

_COUNTS: Any = (
    f"SELECT book, kind, count(*), coalesce(sum(yen), 0)::bigint FROM {_TOLD}"  # noqa: S608
    f" WHERE {_IN_DAY} GROUP BY book, kind"
)


def reconcile(room: Room, message: Reconcile) -> Reconciled:
    """Compare ``message.day`` (yesterday when absent) and keep the result. Of a day that is not
    over, what there is so far. Raises ``Refusal`` ``day_wrong``."""
    today = business_date(room.now())
    day = message.day or today - timedelta(days=1)
    if day > today:
        raise Refusal("day_wrong", "this day has not come yet", "day")
    return reconcile_day(day, by_itself=False)


def reconcile_day(day: date, *, by_itself: bool) -> Reconciled:
    """Link the chain, put its head on evidence, compare, keep the result; a difference raises an
    alarm. ``by_itself``: the daily run, kept once for each day."""
    link_all()
    put_head()
    with acting_for(EVERY_BODY, snapshot=True, long=True) as rows:
        found = _compare(rows, day)
        kept = _keep(rows, found, by_itself=by_itself)
        if kept and found.differences:
            raise_alarm(
                kind="payments.reconciliation_differs",
                subject=day.isoformat(),
                facts={
                    "differences": len(found.differences) + found.more,
                    "first": found.differences[:5],
                },
            )
    return found


def _compare(rows: Rows, day: date) -> Reconciled:
    values = _values(day)
    differing = rows.all(_DIFFERENCES, values)
    counted = rows.all(_COUNTS, values)
    ran_at = rows.one("SELECT clock_timestamp()")
    counts = dict.fromkeys(("ledger", "payments", "evidence"), 0)
    for book, _, count, _ in counted:
        counts[book] += count
    return Reconciled(
        day=day,
        ran_at=ran_at[0] if ran_at else datetime.now(TOKYO),
        payments=counts["payments"],
        transfers=counts["ledger"],
        lines=counts["evidence"],
        money_yen={CALLED[kind]: yen for book, kind, _, yen in sorted(counted) if book == "ledger"},
        differences=[_in_words(row) for row in differing],
        more=differing[0][6] - len(differing) if differing else 0,
    )


def _values(day: date) -> dict[str, Any]:
    begins = datetime.combine(day, time(), TOKYO)
    ends = datetime.combine(day + timedelta(days=1), time(), TOKYO)
    return {
        "day": begins,
        "day_after": ends,
        "since": begins - MARGIN,
        "until": ends + MARGIN,
        "kinds": list(CALLED),
        "lines": list(EVIDENCE_OF),
        "line_kinds": list(EVIDENCE_OF.values()),
        "most": MAX_DIFFERENCES_SHOWN,
    }


def _in_words(row: Row) -> str:
    kind, payment_id, about = row[:3]
    says = ", ".join(
        f"{book} {_yen(amounts)}"
        for book, amounts in zip(("ledger", "payments", "evidence"), row[3:6], strict=True)
    )
    return f"{' '.join(name for name in (payment_id, about) if name)}, {CALLED[kind]}: {says}"


def _yen(amounts: list[int | None] | None) -> str:
    if not amounts:
        return "nothing"
    return " and ".join("no amount" if yen is None else f"{yen} yen" for yen in amounts)


def _keep(rows: Rows, found: Reconciled, *, by_itself: bool) -> bool:
    return bool(
        rows.do(
            "INSERT INTO reconciliation (day, ran_at, by_itself, payments, transfers, lines,"
            " money_yen, differences, more) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [
                found.day,
                found.ran_at,
                by_itself,
                found.payments,
                found.transfers,
                found.lines,
                Jsonb(found.money_yen),
                Jsonb(found.differences),
                found.more,
            ],
        )
    )


def show_reconciliations(message: ShowReconciliations) -> ReconciliationsShown:
    """Return the newest results, ``MAX_RESULTS_SHOWN`` at most."""
    with acting_for(EVERY_BODY) as rows:
        kept = rows.all(
            "SELECT day, ran_at, payments, transfers, lines, money_yen, differences, more"
            " FROM reconciliation ORDER BY day DESC, ran_at DESC LIMIT %s",
            [max(0, min(message.limit, MAX_RESULTS_SHOWN))],
        )
    # Django's connections hand JSON out as text.
    return ReconciliationsShown(
        results=[
            Reconciled(
                day=day,
                ran_at=ran_at,
                payments=paid,
                transfers=transfers,
                lines=lines,
                money_yen=json.loads(money),
                differences=json.loads(differences),
                more=more,
            )
            for day, ran_at, paid, transfers, lines, money, differences, more in kept
        ]
    )
