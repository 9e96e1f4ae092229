"""The hour's budgets of releases: one for each client body, one (``ALL_BODIES``) for all together.

A process takes a block of releases out of a budget's row and counts it down in memory, so that
releases neither wait on one row nor write it. What is in the row is counted as released, whether it
was yet or not: never more than the budget leaves, and a process that dies loses the rest of its
block, ``RELEASE_BLOCK`` at most.

A budget that is spent trips its breaker: an alarm, once, and nothing more leaves in that hour until
an operator allows more (``reset_budget``)."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Final, NamedTuple

from django.db import connection

from sekisho.evidence.alarm import raise_alarm
from sekisho.vault.limits import RELEASE_BLOCK
from sekisho.vault.records.models import ReleaseBudget
from sekisho.vault.records.raw import run_raw
from sekisho.vault.records.visibility import visible_to

ALL_BODIES: Final = "*"

_TAKE_SQL = "SELECT take_budget(%s, %s, %s, %s, %s)"


def hour_of(now: datetime) -> datetime:
    """Return the beginning of the hour of ``now``."""
    return now.replace(minute=0, second=0, microsecond=0)


class Budgets(NamedTuple):
    """How many cards of one client body, and of all together, may leave in one hour."""

    own: int
    every: int


class _Purse:
    """What this process took out of one budget and has not given out yet."""

    def __init__(self) -> None:
        self.hour: datetime | None = None
        self.left = 0
        self.lock = threading.Lock()


class ReleaseCounter:
    """Counts releases against budgets. Thread-safe; one for each process."""

    def __init__(self) -> None:
        self._purses: dict[str, _Purse] = {}
        self._lock = threading.Lock()

    def take(self, client_body: str, budgets: Budgets, now: datetime) -> bool:
        """Take one release of both budgets; False (and neither is taken) when one is spent."""
        hour = hour_of(now)
        if not self._take(client_body, client_body, budgets.own, hour):
            return False
        if self._take(ALL_BODIES, client_body, budgets.every, hour):
            return True
        self._put_back(client_body, hour)
        return False

    def give_back(self, client_body: str, now: datetime) -> None:
        """Take back a release that was refused for another reason."""
        for budget in (client_body, ALL_BODIES):
            self._put_back(budget, hour_of(now))

    def held(self, budget: str, now: datetime) -> int:
        """Return how many releases of ``budget`` are taken and not given out."""
        purse = self._purse(budget)
        with purse.lock:
            return purse.left if purse.hour == hour_of(now) else 0

    def _purse(self, budget: str) -> _Purse:
        with self._lock:
            return self._purses.setdefault(budget, _Purse())

    def _take(self, budget: str, client_body: str, most: int, hour: datetime) -> bool:
        purse = self._purse(budget)
        # Held while the database is asked: who comes second finds what the first one brought.
        with purse.lock:
            if purse.hour != hour:
                purse.hour, purse.left = hour, 0
            if purse.left == 0 and most > 0:
                values = [client_body, budget, hour, most, RELEASE_BLOCK]
                row = run_raw(_TAKE_SQL, values)
                purse.left = row[0] if row else 0
            if purse.left == 0:
                return False
            purse.left -= 1
            return True

    def _put_back(self, budget: str, hour: datetime) -> None:
        purse = self._purse(budget)
        with purse.lock:
            if purse.hour == hour:
                purse.left += 1


def trip(client_body: str, budgets: Budgets, now: datetime) -> None:
    """Trip the breaker of each budget that is spent in the hour of ``now``; one that trips at this
    moment raises an alarm, and no other. In a transaction of its own."""
    with visible_to(client_body):
        for budget, most in ((client_body, budgets.own), (ALL_BODIES, budgets.every)):
            if _trips(budget, most, now):
                raise_alarm(
                    kind="vault.budget_spent",
                    subject=budget,
                    facts={
                        "budget": "all client bodies" if budget == ALL_BODIES else budget,
                        "releases_per_hour": most,
                        "hour": hour_of(now).isoformat(),
                        "tripped_by": client_body,
                    },
                )


def _trips(budget: str, most: int, now: datetime) -> bool:
    ReleaseBudget.objects.bulk_create(
        [ReleaseBudget(client_body=budget, hour=hour_of(now), released=0)], ignore_conflicts=True
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE release_budget SET tripped_at = %s WHERE client_body = %s AND hour = %s"
            " AND tripped_at IS NULL AND released >= %s + allowed_more",
            [now, budget, hour_of(now), most],
        )
        return bool(cursor.rowcount)
