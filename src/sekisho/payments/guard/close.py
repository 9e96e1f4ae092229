"""A site's card entry: closed by rule or by an operator, opened again by an operator alone."""

from __future__ import annotations

import threading
import time
from datetime import datetime

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.evidence.alarm import raise_alarm
from sekisho.payments.guard.count import forget_site_counts
from sekisho.payments.guard.rules import Trip
from sekisho.payments.records.session import Rows

READ_AGAIN_SECONDS = 1.0
"""How long this process may believe what it last read: a closing takes effect within a second."""


class CardEntries:
    """Which sites are closed, read at most once in ``READ_AGAIN_SECONDS``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed: frozenset[str] = frozenset()
        self._read_at: float | None = None

    def refuse_closed(self, rows: Rows, site: str) -> None:
        """Raise ``Refusal`` ``cards_closed`` while the site takes no cards."""
        if self.is_closed(rows, site):
            raise Refusal("cards_closed", "this site takes no cards at the moment")

    def is_closed(self, rows: Rows, site: str) -> bool:
        """Return whether the site takes no cards."""
        moment = time.monotonic()
        with self._lock:
            if self._read_at is not None and moment - self._read_at < READ_AGAIN_SECONDS:
                return site in self._closed
        closed = frozenset(row[0] for row in rows.all("SELECT site FROM card_entry WHERE NOT open"))
        with self._lock:
            self._closed, self._read_at = closed, moment
        return site in closed

    def forget(self) -> None:
        """Read again at the next question."""
        with self._lock:
            self._read_at = None


def close_by_rule(rows: Rows, site: str, trip: Trip, now: datetime) -> bool:
    """Close the site's card entry because of ``trip`` and raise the alarm; return False when it is
    closed already. Payments that were confirmed go on to their end."""
    if not _set(rows, site, open_=False, by="payments:guard", why=trip.why, now=now):
        return False
    raise_alarm(
        kind="payments.card_entry_closed",
        subject=site,
        facts={"why": trip.why, "declined_percent": trip.seen, "hours": trip.hours},
    )
    return True


def set_card_entry(rows: Rows, site: str, *, open_: bool, by: str, why: str, now: datetime) -> None:
    """Close or open by an operator's word. Opening begins the site's counts anew: what led to the
    closing must not close it again at the next no."""
    if _set(rows, site, open_=open_, by=by, why=why, now=now):
        if open_:
            forget_site_counts(rows, site)
        evidence.append(
            kind="payments.card_entry_opened" if open_ else "payments.card_entry_shut",
            subject=site,
            facts={"by": by, "why": why},
        )


def _set(rows: Rows, site: str, *, open_: bool, by: str, why: str, now: datetime) -> bool:
    changed = rows.do(
        "INSERT INTO card_entry AS e (site, open, since, by, why) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (site) DO UPDATE SET open = excluded.open, since = excluded.since,"
        " by = excluded.by, why = excluded.why WHERE e.open <> excluded.open",
        [site, open_, now, by, why],
    )
    return bool(changed)
