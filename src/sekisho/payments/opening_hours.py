"""When a site takes no payments: weekly windows and dated maintenance, Asia/Tokyo."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Literal, NamedTuple

import msgspec

from sekisho.vocabulary.clock import TOKYO

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

MAX_WINDOWS_IN_A_ROW = 64
"""Windows that may touch each other before the search for the opening hour ends."""


class ClosedSetting(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"since": "from", "until": "to"},
):
    """One line of a site's ``closed``: ``{from = "23:00", to = "05:00", weekdays = ["sun"]}`` or
    ``{from = "2026-12-31T20:00", to = "2027-01-04T09:00"}``."""

    since: str
    until: str
    weekdays: tuple[Weekday, ...] | None = None


class ClosedWeekly(NamedTuple):
    """Closed between two hours on ``weekdays``; ``until`` at or before ``since`` is on the next
    day."""

    since: time
    until: time
    weekdays: tuple[Weekday, ...] = WEEKDAYS

    def end_around(self, moment: datetime) -> datetime | None:
        """Return when the window that ``moment`` is in ends, if it is in one."""
        local = moment.astimezone(TOKYO)
        for day in (local.date(), local.date() - timedelta(days=1)):
            since, until = self._on(day)
            if WEEKDAYS[day.weekday()] in self.weekdays and since <= local < until:
                return until
        return None

    def _on(self, day: date) -> tuple[datetime, datetime]:
        until_day = day if self.until > self.since else day + timedelta(days=1)
        return (
            datetime.combine(day, self.since, TOKYO),
            datetime.combine(until_day, self.until, TOKYO),
        )


class ClosedOnce(NamedTuple):
    """Closed from one moment to another."""

    since: datetime
    until: datetime

    def end_around(self, moment: datetime) -> datetime | None:
        """Return when the window ends, if ``moment`` is in it."""
        return self.until if self.since <= moment < self.until else None


Closed = ClosedWeekly | ClosedOnce


def read_closed(setting: ClosedSetting) -> Closed:
    """Return the window that a setting means. Raises ``ValueError`` saying what to write."""
    if "T" not in setting.since and "-" not in setting.since:
        try:
            since, until = time.fromisoformat(setting.since), time.fromisoformat(setting.until)
        except ValueError:
            raise ValueError('from and to must both be hours such as "23:00"') from None
        return ClosedWeekly(since, until, setting.weekdays or WEEKDAYS)
    try:
        start, end = (_moment(setting.since), _moment(setting.until))
    except ValueError:
        raise ValueError('from and to must both be moments such as "2026-12-31T20:00"') from None
    if setting.weekdays is not None:
        raise ValueError("weekdays belong to hours, not to moments")
    if end <= start:
        raise ValueError("to must be after from")
    return ClosedOnce(start, end)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=TOKYO)


def closed_until(moment: datetime, windows: Iterable[Closed]) -> datetime | None:
    """Return when the site opens again, or ``None`` when it is open at ``moment`` (aware)."""
    windows = tuple(windows)
    until = moment
    for _ in range(MAX_WINDOWS_IN_A_ROW):
        ends = [end for window in windows if (end := window.end_around(until)) is not None]
        if not ends:
            break
        until = max(ends)
    return None if until == moment else until
