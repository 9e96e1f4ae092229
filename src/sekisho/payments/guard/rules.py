"""Pure: what is to be done about a try to pay, from counts. No clock, no database.

Counts are of tries that went to the card network; the try in question is counted among them. A
limit of 6 lets six through and trips at the seventh."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from sekisho.payments.guard.guard_section import CountLimits, GuardSection, RateLimits

Scope = Literal["bill", "card", "session", "source", "bin", "site"]

SCOPES: tuple[Scope, ...] = ("bill", "card", "session", "source", "bin", "site")
"""In this order always: two tries that lock each other's counts would wait for ever."""

WINDOW_HOURS = (1, 24)

PARTS = 8
"""A puzzle has this many equal parts: together the same work, but its time varies far less."""


class Count(NamedTuple):
    """What was seen under one key over one window of ``hours``. *Declines*: the issuer, or its
    authentication, said no. *Cleared*: a yes, or the network was never asked."""

    scope: Scope
    hours: int
    attempts: int
    declines: int
    cleared: int

    @property
    def fruitless(self) -> int:
        return self.attempts - self.cleared

    @property
    def answered(self) -> int:
        return self.declines + self.cleared


class Trip(NamedTuple):
    """A limit that was passed: ``seen`` of ``measure`` where ``limit`` are let through."""

    scope: Scope
    hours: int
    measure: str
    seen: int
    limit: int

    @property
    def why(self) -> str:
        """The reason as an operator reads it; it holds no key."""
        return f"{self.scope}: {self.seen} {self.measure} in {self.hours} h, limit {self.limit}"


class Verdict(NamedTuple):
    """``step_up`` and ``refuse`` stand apart: who is refused is asked for the puzzle all the same,
    else its absence would tell."""

    step_up: Trip | None
    refuse: Trip | None
    bits: int
    """How hard the puzzle is: one bit more each time the limit is passed by as much again."""

    @property
    def why(self) -> str:
        if self.refuse is not None:
            return f"refused ({self.refuse.why})"
        return f"asked for work ({self.step_up.why})" if self.step_up is not None else ""


def judge(section: GuardSection, counts: Iterable[Count]) -> Verdict:
    """Return what is to be done about the try that was counted last."""
    found = list(counts)
    asked = [trip for count in found for trip in _trips(section, count, "step_up")]
    refused = next((trip for count in found for trip in _trips(section, count, "refuse")), None)
    step_up = asked[0] if asked else None
    bits = max((_bits(section, trip) for trip in asked), default=section.puzzle_bits)
    return Verdict(step_up, refused, bits)


def judge_site(section: GuardSection, counts: Iterable[Count]) -> Trip | None:
    """Return why the site must stop taking cards, if it must."""
    found = (trip for count in counts for trip in _trips(section, count, "close"))
    return next(found, None)


def _trips(
    section: GuardSection, count: Count, act: Literal["step_up", "refuse", "close"]
) -> Iterator[Trip]:
    limits = getattr(section, count.scope)
    at = WINDOW_HOURS.index(count.hours)
    if isinstance(limits, RateLimits):
        trip = _rate_trip(limits, count, act, at)
    else:
        trip = None if act == "close" else _count_trip(limits, count, act, at)
    if trip is not None:
        yield trip


def _count_trip(limits: CountLimits, count: Count, act: str, at: int) -> Trip | None:
    for measure in ("fruitless", "attempts"):
        limit, seen = getattr(limits, f"{act}_{measure}")[at], getattr(count, measure)
        if limit and seen > limit:
            return Trip(count.scope, count.hours, measure, seen, limit)
    return None


def _rate_trip(limits: RateLimits, count: Count, act: str, at: int) -> Trip | None:
    """Shares are compared by multiplying: no rounding decides."""
    limit = getattr(limits, f"{act}_percent")[at]
    if act == "step_up":
        part, whole, measure = count.fruitless, count.attempts, "% fruitless"
    else:
        part, whole, measure = count.declines, count.answered, "% declined"
    if not limit or whole < limits.from_attempts[at] or part * 100 < limit * whole:
        return None
    return Trip(count.scope, count.hours, measure, part * 100 // whole, limit)


def _bits(section: GuardSection, trip: Trip) -> int:
    if trip.scope in ("bin", "site"):
        return section.puzzle_bits
    return min(section.puzzle_bits + trip.seen // trip.limit - 1, section.puzzle_bits_most)
