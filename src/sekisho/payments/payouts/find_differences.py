"""Three books tell of a settled day: the network's clearing, the ledger, the payouts. Each that
says otherwise becomes a difference on the work list; one that is settled since closes by itself."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from sekisho.payments.payouts.differences import close_by_itself, note_difference
from sekisho.payments.records.session import EVERY_BODY, Rows, acting_for
from sekisho.vocabulary.clock import TOKYO

NAMED_WITHIN_DAYS = 3
"""Business days in which the clearing must name money that moved with us."""

BANK_WITHIN_DAYS = 2
"""Days after the day asked for in which the bank must have said what became of a payout."""

LOOK_BACK_DAYS = 2
"""Ledger transfers that no line explains are looked for this many days back, each day once more."""

MAX_NOTED_PER_RUN = 10_000
"""Differences of one kind that one run puts on the list; the next run finds the rest."""

_NEVER_NAMED = (
    "SELECT t.kind, t.payment_id, t.about, t.client_body, t.amount_yen, p.reference"
    " FROM transfer t JOIN payment p ON p.id = t.payment_id"
    " LEFT JOIN transfer s ON s.settles = t.id AND s.kind IN ('settled', 'refund_settled')"
    " WHERE t.made_at >= %(since)s AND t.made_at < %(until)s"
    " AND t.kind IN ('posted', 'refund_posted') AND s.id IS NULL"
    " UNION ALL SELECT t.kind, t.payment_id, t.about, t.client_body, t.amount_yen, p.reference"
    " FROM transfer t JOIN payment p ON p.id = t.payment_id"
    " LEFT JOIN transfer s ON s.kind = 'dispute_settled' AND s.about = t.about"
    " WHERE t.made_at >= %(since)s AND t.made_at < %(until)s"
    " AND t.kind = 'dispute_opened' AND s.id IS NULL"
    " ORDER BY 2, 1, 3 LIMIT %(most)s"
)

_NAMED_SINCE = (
    "SELECT d.key FROM difference d WHERE d.kind = 'never_named' AND d.state <> 'closed'"
    " AND EXISTS (SELECT FROM transfer t LEFT JOIN transfer s ON s.settles = t.id"
    "  WHERE d.key = 'named:' || t.kind || ':' || t.payment_id || ':' || t.about"
    "  AND t.payment_id = split_part(d.key, ':', 3)"
    "  AND (s.kind IN ('settled', 'refund_settled') OR EXISTS (SELECT FROM transfer c"
    "   WHERE c.kind = 'dispute_settled' AND c.about = t.about AND t.kind = 'dispute_opened')))"
)

_UNEXPLAINED = (
    "SELECT t.id, t.kind, t.payment_id, t.client_body, t.amount_yen FROM transfer t"
    " LEFT JOIN settlement_item i ON i.transfer_id = t.id"
    " WHERE t.made_at >= %(since)s AND t.kind IN"
    " ('settled', 'refund_settled', 'dispute_settled', 'win_settled') AND i.transfer_id IS NULL"
    " ORDER BY t.id LIMIT %(most)s"
)

_SETTLED_OTHERWISE = (
    "SELECT client_body, day, clearing_yen, ledger_yen FROM settlement"
    " WHERE clearing_yen <> ledger_yen AND day >= %(from_day)s ORDER BY client_body, day"
)

_PAID_OTHERWISE = (
    "SELECT p.id, p.client_body, p.amount_yen, p.state, p.pay_on, s.yen, t.yen FROM payout p"
    " LEFT JOIN LATERAL (SELECT sum(net_yen)::bigint AS yen FROM settlement"
    "  WHERE payout_id = p.id) s ON true"
    " LEFT JOIN LATERAL (SELECT sum(amount_yen)::bigint AS yen FROM transfer"
    "  WHERE kind = 'payout_pending' AND about = p.id || ':' || p.number) t ON true"
    " WHERE p.state IN ('approved', 'made') AND (s.yen IS DISTINCT FROM p.amount_yen"
    " OR t.yen IS DISTINCT FROM p.amount_yen OR (p.state = 'approved' AND p.pay_on < %(late)s))"
    " ORDER BY p.id"
)


def find_differences(day: date, now: datetime) -> int:
    """Compare what is known once the clearing of ``day`` was taken; return how many differences
    are new."""
    with acting_for(EVERY_BODY, snapshot=True, long=True) as rows:
        found = _never_named(rows, day, now)
        found += _ledger_differs(rows, day, now)
        found += _payout_differs(rows, day, now)
        for (key,) in rows.all(_NAMED_SINCE):
            close_by_itself(rows, key, "the clearing has named it since", now)
    return found


def note_clearing_sum(
    rows: Rows, day: date, net_yen: int, row_count: int, differ_yen: int, differ: int, now: datetime
) -> bool:
    """Compare a file's own sums with the lines kept of its day and the rows that differed."""
    kept = rows.one(
        "SELECT count(*)::int, coalesce(sum(CASE WHEN kind IN ('capture', 'representment')"
        " THEN amount_yen ELSE -amount_yen END), 0)::bigint FROM clearing_line WHERE day = %s",
        [day],
    )
    lines, yen = kept or (0, 0)
    if (lines + differ, yen + differ_yen) == (row_count, net_yen):
        return False
    return note_difference(
        rows,
        key=f"clearing:{day.isoformat()}:{row_count}:{net_yen}",
        kind="clearing_differs",
        client_body="",
        day=day,
        subject=day.isoformat(),
        said=f"the file has {row_count} rows of {net_yen} yen, we keep {lines} of {yen} yen and"
        f" {differ} differ over {differ_yen} yen",
        amount_yen=abs(net_yen - yen - differ_yen),
        now=now,
    )


def _never_named(rows: Rows, day: date, now: datetime) -> int:
    """Money that moved ``NAMED_WITHIN_DAYS`` before and that no clearing has named up to now."""
    due = day - timedelta(days=NAMED_WITHIN_DAYS)
    values: dict[str, Any] = {
        # A day that was not looked at (the platform stood still) is looked at now.
        "since": _begin(due - timedelta(days=NAMED_WITHIN_DAYS)),
        "until": _begin(due + timedelta(days=1)),
        "most": MAX_NOTED_PER_RUN,
    }
    words = {"posted": "captured", "refund_posted": "refunded", "dispute_opened": "charged back"}
    return sum(
        note_difference(
            rows,
            key=f"named:{kind}:{payment_id}:{about}",
            kind="never_named",
            client_body=body,
            day=day,
            subject=reference,
            said=f"{words[kind]} {yen} yen{f' ({about})' if about else ''}; no clearing named it"
            f" within {NAMED_WITHIN_DAYS} days",
            amount_yen=yen,
            now=now,
        )
        for kind, payment_id, about, body, yen, reference in rows.all(_NEVER_NAMED, values)
    )


def _ledger_differs(rows: Rows, day: date, now: datetime) -> int:
    values = {
        "since": _begin(day - timedelta(days=LOOK_BACK_DAYS)),
        "from_day": day - timedelta(days=LOOK_BACK_DAYS),
        "most": MAX_NOTED_PER_RUN,
    }
    found = sum(
        note_difference(
            rows,
            key=f"transfer:{number}",
            kind="ledger_differs",
            client_body=body,
            day=day,
            subject=payment_id,
            said=f"the ledger booked {kind} of {yen} yen (transfer {number}); no line of a clearing"
            " says so",
            amount_yen=yen,
            now=now,
        )
        for number, kind, payment_id, body, yen in rows.all(_UNEXPLAINED, values)
    )
    return found + sum(
        note_difference(
            rows,
            key=f"settlement:{body}:{settled.isoformat()}",
            kind="ledger_differs",
            client_body=body,
            day=settled,
            subject=settled.isoformat(),
            said=f"the clearing says {clearing} yen, the ledger {ledger} yen",
            amount_yen=abs(clearing - ledger),
            now=now,
        )
        for body, settled, clearing, ledger in rows.all(_SETTLED_OTHERWISE, values)
    )


def _payout_differs(rows: Rows, day: date, now: datetime) -> int:
    late = now.astimezone(TOKYO).date() - timedelta(days=BANK_WITHIN_DAYS)
    found = 0
    for payout, body, yen, state, pay_on, days_yen, booked in rows.all(
        _PAID_OTHERWISE, {"late": late}
    ):
        if (days_yen, booked) != (yen, yen):
            said = f"over {yen} yen; its days are {days_yen} yen, the ledger booked {booked} yen"
            key, differs = f"payout:{payout}:sum", abs(yen - (booked or 0))
        else:
            said = f"{yen} yen were to be paid on {pay_on}; the bank has not said that it did"
            key, differs = f"payout:{payout}:late:{pay_on}", yen
        found += note_difference(
            rows,
            key=key,
            kind="payout_differs",
            client_body=body,
            day=day,
            subject=payout,
            said=f"{said} ({state})",
            amount_yen=differs,
            now=now,
        )
    return found


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), TOKYO)
