"""What becomes of a delivery and its endpoint after a try: rules only, no clock, no database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sekisho.client_desk.webhooks.limits import (
    JITTER,
    PAUSES,
    REST_FIRST,
    REST_LONGEST,
    SWITCHED_OFF_AFTER,
)

GONE = 410
"""RFC 9110 15.5.11: the receiver wants nothing any more."""


class Standing(NamedTuple):
    """How an endpoint stands: failures in a row, since when, until when it is left alone."""

    failing_since: datetime | None = None
    failures: int = 0
    rests_until: datetime | None = None


class Decided(NamedTuple):
    """``state`` and ``due_at`` of the delivery; ``switched_off``: why the endpoint is from now."""

    state: str
    due_at: datetime
    standing: Standing
    switched_off: str = ""


def is_received(status: int) -> bool:
    """Return whether the receiver took it: any 2xx. A redirect is no receipt."""
    return 200 <= status < 300


def decide(status: int, tries: int, standing: Standing, *, now: datetime, chance: float) -> Decided:
    """Return what follows from an answer of ``status`` (0: none) to the try number ``tries``
    (1 for the first) of a delivery. ``chance``: 0 to 1, by which pauses differ."""
    if is_received(status):
        return Decided("delivered", now, Standing())
    since = standing.failing_since or now
    failures = standing.failures + 1
    rest = min(REST_FIRST * 2 ** min(failures - 1, 10), REST_LONGEST)
    failed = Standing(since, failures, now + _vary(rest, chance))
    if status == GONE:
        return Decided("given_up", now, failed, "gone")
    if now - since >= SWITCHED_OFF_AFTER:
        return Decided("stopped", now, failed, "failing")
    if tries > len(PAUSES):
        return Decided("given_up", now, failed)
    return Decided("waiting", now + _vary(PAUSES[tries - 1], chance), failed)


def _vary(pause: timedelta, chance: float) -> timedelta:
    return pause * (1 - JITTER + 2 * JITTER * chance)
