"""What an operator sees and says: counts near their limits, sites open or closed."""

from __future__ import annotations

from datetime import datetime

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    CardEntryShown,
    GuardCount,
    GuardShown,
    SetCardEntry,
    ShowCardEntry,
    ShowGuard,
    SiteCardEntry,
)
from sekisho.payments.guard.close import set_card_entry
from sekisho.payments.guard.count import window_start
from sekisho.payments.guard.guard_section import CountLimits, GuardSection
from sekisho.payments.guard.rules import WINDOW_HOURS, Count, judge, judge_site
from sekisho.payments.records.session import EVERY_BODY, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller

MAX_SHOWN = 200
MAX_REASON_CHARACTERS = 500
SHOWN_KEY_CHARACTERS = 8


def show_card_entry(room: Room, caller: Caller, _: ShowCardEntry) -> CardEntryShown:
    """Tell a site whether it takes cards, and nothing of why."""
    rules = room.site_of(caller)
    with acting_for(rules.client_body) as rows:
        return CardEntryShown(open=not room.card_entries.is_closed(rows, rules.site))


def show_guard(room: Room, message: ShowGuard) -> GuardShown:
    """Return every site's card entry and the fullest counts, those over a limit first."""
    now = room.now()
    with acting_for(EVERY_BODY, long=True) as rows:
        return _shown(room, rows, max(0, min(message.limit, MAX_SHOWN)), now)


def set_entry(room: Room, message: SetCardEntry) -> GuardShown:
    """Close or open a site's card entry by an operator's word. Raises ``Refusal``
    ``site_unknown``, ``reason_wrong``."""
    if message.site not in room.sites:
        raise Refusal("site_unknown", f"there are: {', '.join(sorted(room.sites))}", "site")
    reason = message.reason.strip()
    if not 1 <= len(reason) <= MAX_REASON_CHARACTERS:
        raise Refusal("reason_wrong", f"1 to {MAX_REASON_CHARACTERS} characters", "reason")
    now = room.now()
    with acting_for(EVERY_BODY) as rows:
        set_card_entry(rows, message.site, open_=message.open, by=message.by, why=reason, now=now)
    room.card_entries.forget()
    room.busy_counts.forget()
    return show_guard(room, ShowGuard(limit=MAX_SHOWN))


def _shown(room: Room, rows: Rows, limit: int, now: datetime) -> GuardShown:
    entries = {
        row[0]: SiteCardEntry(site=row[0], open=row[1], since=row[2], by=row[3], why=row[4])
        for row in rows.all("SELECT site, open, since, by, why FROM card_entry")
    }
    sites = [
        entries.get(site, SiteCardEntry(site=site, open=True, since=None, by="", why=""))
        for site in sorted(room.sites)
    ]
    found = [
        shown
        for hours in WINDOW_HOURS
        for site in sorted(room.sites)
        for shown in _near(rows, room.sites[site].section.guard, site, hours, limit, now)
    ]
    found.sort(key=lambda shown: (not shown.action, -shown.declines, -shown.attempts))
    return GuardShown(sites=sites, counts=found[:limit])


def _near(
    rows: Rows, section: GuardSection, site: str, hours: int, limit: int, now: datetime
) -> list[GuardCount]:
    fullest = rows.all(
        "SELECT scope, key, sum(attempts), sum(declines), sum(cleared) FROM guard_count"
        " WHERE site = %s AND bucket >= %s GROUP BY scope, key"
        " HAVING sum(attempts - cleared) > 1 ORDER BY sum(attempts - cleared) DESC LIMIT %s",
        [site, window_start(now, hours), limit],
    )
    shown = []
    for scope, key, attempts, declines, cleared in fullest:
        count = Count(scope, hours, int(attempts), int(declines), int(cleared))
        if _is_near(section, count):
            shown.append(_show(section, site, key, count))
    return shown


def _show(section: GuardSection, site: str, key: str, count: Count) -> GuardCount:
    verdict = judge(section, [count])
    closes = judge_site(section, [count]) is not None
    return GuardCount(
        site=site,
        scope="decline_rate" if count.scope == "site" else count.scope,
        key=key[:SHOWN_KEY_CHARACTERS],
        window_hours=count.hours,
        attempts=count.attempts,
        declines=count.declines,
        action="close" if closes else "refuse" if verdict.refuse else "step_up"
        if verdict.step_up else "",
    )  # fmt: skip


def _is_near(section: GuardSection, count: Count) -> bool:
    """Whether half of the lowest limit is used up."""
    limits = getattr(section, count.scope)
    at = WINDOW_HOURS.index(count.hours)
    if not isinstance(limits, CountLimits):
        return bool(count.attempts * 2 >= limits.from_attempts[at])
    by_measure = (
        (limits.step_up_fruitless[at] or limits.refuse_fruitless[at], count.fruitless),
        (limits.step_up_attempts[at] or limits.refuse_attempts[at], count.attempts),
    )
    return any(limit and seen * 2 >= limit for limit, seen in by_measure)
