"""How fast a run may go: so many a second, within its share of the vault's budget of this hour, so
that a run never trips the vault's breaker (an alarm for theft) nor takes what payers need."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import NamedTuple

from sekisho.crossings.vault import BodyBudget, ShowBudget
from sekisho.payments.charge_runs.charges_section import (
    BUDGET_LOOK_SECONDS,
    MAX_CHARGES_PER_LOOK,
    ChargesSection,
)
from sekisho.transport import cross

ALL_BODIES = "*"
"""The vault's budget of all client bodies together."""


class Allowed(NamedTuple):
    """How many charges may begin now; else until when to wait, or why not to go on."""

    charges: int
    waits_until: datetime | None = None
    tripped: str = ""


class Pace:
    """Of one run, in memory: a new process begins a new second, and asks the vault anew."""

    def __init__(self) -> None:
        self._counted_to: datetime | None = None
        self._saved = 0.0
        self._budgets: list[BodyBudget] = []
        self._asked_at: datetime | None = None
        self._begun_since = 0

    def allowed(self, section: ChargesSection, client_body: str, now: datetime) -> Allowed:
        """Return how many may begin at ``now``. Raises ``TransportError`` when the vault does not
        answer."""
        by_rate = self._by_rate(section.per_second, now)
        if by_rate == 0:
            return Allowed(0)
        self._ask(now)
        left = by_rate
        for budget in self._budgets:
            if budget.client_body not in (client_body, ALL_BODIES):
                continue
            if budget.tripped_at is not None:
                whose = "all client bodies" if budget.client_body == ALL_BODIES else "this body"
                return Allowed(0, tripped=f"the vault's breaker of {whose} has tripped")
            share = budget.most * section.budget_share_percent // 100
            rest = share - budget.released - self._begun_since
            if rest <= 0:
                return Allowed(0, waits_until=budget.hour + timedelta(hours=1))
            left = min(left, rest)
        return Allowed(left)

    def began(self, charges: int) -> None:
        """Note that so many began."""
        self._saved -= charges
        self._begun_since += charges

    def _by_rate(self, per_second: float, now: datetime) -> int:
        """Return what a bucket of one second's charges holds."""
        bucket = max(1.0, per_second)
        if self._counted_to is None:
            self._saved = bucket
        else:
            passed = max(0.0, (now - self._counted_to).total_seconds())
            self._saved = min(bucket, self._saved + passed * per_second)
        self._counted_to = now
        return max(0, min(MAX_CHARGES_PER_LOOK, math.floor(self._saved)))

    def _ask(self, now: datetime) -> None:
        fresh = (
            self._asked_at is not None
            and 0 <= (now - self._asked_at).total_seconds() < BUDGET_LOOK_SECONDS
            and all(now < budget.hour + timedelta(hours=1) for budget in self._budgets)
        )
        if not fresh:
            self._budgets = cross(ShowBudget()).budgets
            self._asked_at, self._begun_since = now, 0
