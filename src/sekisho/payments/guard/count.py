"""Counts of tries: one statement for a try and one for its answer, whatever the number of keys.

Counts lie in quarters of an hour, so a try leaves its window between 0 and 15 minutes late, never
early. Each statement takes its rows in the order of ``SCOPES``. A card, bill, session or address
has one row a quarter: tries under the same key wait for one another, so that no burst slips through
together. BIN range and site have ``SHARDS`` rows, chosen by the database connection, and hardly
wait; their sums come from ``busy``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import LiteralString, NamedTuple, cast

from sekisho.payments.guard.busy import BUSY, BusyCounts, BusyKey, Sums
from sekisho.payments.guard.rules import SCOPES, WINDOW_HOURS, Count, Scope
from sekisho.payments.move_payment import Payment
from sekisho.payments.records.session import Row, Rows

BUCKET = timedelta(minutes=15)
SHARDS = 4
"""Rows for one busy key in one quarter: at most this many payments a moment count it at once."""

MAX_KEY_CHARACTERS = 32
"""Of a keyed hash in hexadecimal: 128 bits."""

DROP_BATCH_ROWS = 5_000
"""Rows that one sweep drops at most."""

COUNTS_KEPT = timedelta(hours=max(WINDOW_HOURS)) + 2 * BUCKET

_ADD: LiteralString = (
    "INSERT INTO guard_count AS g (site, scope, key, bucket, shard, attempts, declines, cleared)"
    " SELECT %s, scope, key, %s, CASE WHEN busy THEN pg_backend_pid() %% %s ELSE 0 END, %s, %s, %s"
    " FROM unnest(%s::text[], %s::text[], %s::bool[]) AS asked (scope, key, busy)"
    " ON CONFLICT (site, scope, key, bucket, shard) DO UPDATE SET"
    " attempts = g.attempts + %s, declines = g.declines + %s, cleared = g.cleared + %s"
)
_SUMS: LiteralString = (
    " sum(attempts) FILTER (WHERE bucket >= %s), sum(declines) FILTER (WHERE bucket >= %s),"
    " sum(cleared) FILTER (WHERE bucket >= %s), sum(attempts), sum(declines), sum(cleared)"
)
_QUIET: LiteralString = (
    "SELECT g.scope,"  # noqa: S608 - put together from the constants above
    + _SUMS
    + " FROM unnest(%s::text[], %s::text[]) AS asked (scope, key) JOIN guard_count g"
    " ON g.site = %s AND g.scope = asked.scope AND g.key = asked.key"
    " WHERE g.bucket >= %s GROUP BY g.scope"
)
_BUSY: LiteralString = (
    "SELECT"
    + _SUMS
    + " FROM guard_count WHERE site = %s AND scope = %s AND key = %s AND bucket >= %s"
)


class Who(NamedTuple):
    """Who tries, as the site tells: keyed hashes; empty where it tells nothing."""

    session: str
    source: str

    def short(self) -> Who:
        """Return them as they are kept."""
        return Who(self.session[:MAX_KEY_CHARACTERS], self.source[:MAX_KEY_CHARACTERS])


def bucket_of(moment: datetime) -> datetime:
    """Return the beginning of the quarter of an hour of ``moment``."""
    return moment - timedelta(
        minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond
    )


def window_start(now: datetime, hours: int) -> datetime:
    """Return the first bucket of the window that ends at ``now``."""
    return bucket_of(now) - timedelta(hours=hours)


def count_try(
    rows: Rows, busy: BusyCounts, payment: Payment, who: Who, now: datetime
) -> list[Count]:
    """Count a try with the card in use, and return what was seen with it over both windows, in the
    order of ``SCOPES``. Others who try under the same key wait until this transaction ends."""
    rows.do(
        "UPDATE attempt SET counted_session = %s, counted_source = %s"
        " WHERE payment_id = %s AND number = %s",
        [*who, payment.id, payment.attempt],
    )
    keys = _keys(payment, who)
    _add(rows, busy, payment.site, keys, now, attempts=1)
    quiet = [(scope, key) for scope, key in keys if scope not in BUSY]
    hour, day = (window_start(now, hours) for hours in WINDOW_HOURS)
    scopes, found = [scope for scope, _ in quiet], [key for _, key in quiet]
    counted = rows.all(_QUIET, [hour, hour, hour, scopes, found, payment.site, day])
    sums = {row[0]: _sums(row[1:]) for row in counted}
    for scope, key in keys:
        if scope in BUSY:
            sums[scope] = _busy_sums(rows, busy, BusyKey(payment.site, scope, key), now)
    return [count for scope in SCOPES if scope in sums for count in _counts(scope, sums[scope])]


def uncount_try(rows: Rows, busy: BusyCounts, payment: Payment, who: Who, now: datetime) -> None:
    """The try just counted does not go to the network after all."""
    _add(rows, busy, payment.site, _keys(payment, who), now, attempts=-1)


def count_answer(
    rows: Rows, busy: BusyCounts, payment: Payment, now: datetime, *, declined: bool
) -> None:
    """Count the answer to a counted try: a no, or that it is cleared."""
    keys = _keys(payment, Who(payment.counted_session, payment.counted_source))
    _add(rows, busy, payment.site, keys, now, declines=int(declined), cleared=int(not declined))


def _keys(payment: Payment, who: Who) -> list[tuple[Scope, str]]:
    keys = (
        payment.bill_id or payment.policy_id or "",
        payment.card_key,
        who.session,
        who.source,
        payment.issuer_bin,
    )
    told = [(scope, key) for scope, key in zip(SCOPES, keys, strict=False) if key]
    return [*told, ("site", "")]


def _add(
    rows: Rows,
    busy: BusyCounts,
    site: str,
    keys: list[tuple[Scope, str]],
    now: datetime,
    *,
    attempts: int = 0,
    declines: int = 0,
    cleared: int = 0,
) -> None:
    more = (attempts, declines, cleared)
    rows.do(
        _ADD,
        [
            *(site, bucket_of(now), SHARDS),
            *(max(0, part) for part in more),
            [scope for scope, _ in keys],
            [key for _, key in keys],
            [scope in BUSY for scope, _ in keys],
            *more,
        ],
    )
    for scope, key in keys:
        if scope in BUSY:
            busy.add(
                BusyKey(site, scope, key), attempts=attempts, declines=declines, cleared=cleared
            )


def _busy_sums(rows: Rows, busy: BusyCounts, key: BusyKey, now: datetime) -> Sums:
    known = busy.recall(key, bucket_of(now))
    if known is None:
        hour, day = (window_start(now, hours) for hours in WINDOW_HOURS)
        known = _sums(rows.one(_BUSY, [hour, hour, hour, *key, day]) or (0,) * 6)
        busy.learn(key, bucket_of(now), known)
    return known


def _sums(columns: Row) -> Sums:
    return cast(Sums, tuple(int(value or 0) for value in columns))


def _counts(scope: Scope, sums: Sums) -> list[Count]:
    short, long = WINDOW_HOURS
    return [Count(scope, short, *sums[:3]), Count(scope, long, *sums[3:])]


def count_of_site(rows: Rows, busy: BusyCounts, site: str, now: datetime) -> list[Count]:
    """Return the counts of a whole site over both windows."""
    return _counts("site", _busy_sums(rows, busy, BusyKey(site, "site", ""), now))


def forget_site_counts(rows: Rows, site: str) -> None:
    """Begin the counts of a whole site anew."""
    rows.do("DELETE FROM guard_count WHERE site = %s AND scope = 'site'", [site])


def drop_old_counts(rows: Rows, now: datetime) -> None:
    """Drop counts that no window sees any more, and puzzles whose time is long over."""
    rows.do(
        "DELETE FROM guard_count WHERE ctid = ANY(ARRAY(SELECT ctid FROM guard_count"
        " WHERE bucket < %s LIMIT %s))",
        [now - COUNTS_KEPT, DROP_BATCH_ROWS],
    )
    rows.do(
        "DELETE FROM guard_puzzle WHERE ctid = ANY(ARRAY(SELECT ctid FROM guard_puzzle"
        " WHERE issued_at < %s LIMIT %s))",
        [now - COUNTS_KEPT, DROP_BATCH_ROWS],
    )
