"""The daily comparison, by itself: once for each business day, over restarts and missed nights."""

from __future__ import annotations

import logging
import threading
from datetime import date, datetime, time, timedelta

from django.db import close_old_connections, connection

from sekisho.payments.ledger.reconcile import reconcile_day
from sekisho.payments.records.session import EVERY_BODY, acting_for
from sekisho.payments.room import Room
from sekisho.vocabulary.clock import TOKYO, business_date, now

RECONCILE_AT = time(3, 30)
"""Time of day, Asia/Tokyo, from which the day before is compared."""

CATCH_UP_DAYS = 7
"""Days that are compared after a stop; older ones on demand."""

LOOK_SECONDS = 60.0

FAULTS_SHOWN_DAYS = 30
"""For how long a day whose newest result has differences stands in the process's health."""

_failed = threading.Event()
"""The newest look failed."""

log = logging.getLogger("sekisho.payments.reconcile")


def days_due(moment: datetime) -> list[date]:
    """Return the days that should have been compared by ``moment`` and were not, oldest first."""
    newest_due = _newest_due(moment)
    with acting_for(EVERY_BODY) as rows:
        row = rows.one("SELECT max(day) FROM reconciliation WHERE by_itself")
    last = row[0] if row else None
    if last is None:
        return [newest_due]
    missing = min((newest_due - last).days, CATCH_UP_DAYS)
    return [newest_due - timedelta(days=back) for back in reversed(range(missing))]


def _newest_due(moment: datetime) -> date:
    local = moment.astimezone(TOKYO)
    back = 1 if local.time() >= RECONCILE_AT else 2
    return business_date(moment) - timedelta(days=back)


def reconcile_until(room: Room, stop: threading.Event) -> None:
    """Compare each day that is due, looking every ``LOOK_SECONDS`` until ``stop`` is set; what
    fails is tried again at the next look."""
    while not stop.is_set():
        try:
            close_old_connections()
            for day in days_due(room.now()):
                if stop.is_set():
                    break
                found = reconcile_day(day, by_itself=True)
                log.info("%s: %s differences", day, len(found.differences) + found.more)
            _failed.clear()
        except Exception:
            _failed.set()
            log.exception("the daily reconciliation failed; it is tried again")
            connection.close()
        stop.wait(LOOK_SECONDS)
    connection.close()


def check_reconciliation() -> str:
    """Return what is wrong, for ``Health``: days that differ by their newest result, or a
    comparison that fails."""
    with acting_for(EVERY_BODY) as rows:
        differ = rows.one(
            "SELECT count(*), max(day)::text FROM (SELECT DISTINCT ON (day) day, differences"
            " FROM reconciliation WHERE day > %s ORDER BY day, ran_at DESC) newest"
            " WHERE jsonb_array_length(differences) > 0",
            [business_date(now()) - timedelta(days=FAULTS_SHOWN_DAYS)],
        )
    if differ and differ[0]:
        return f"ledger, payments and evidence differ on {differ[0]} days, last on {differ[1]}"
    return "the daily reconciliation fails, see the log" if _failed.is_set() else ""
