"""Wrong answers are counted per session, per network address and per bill or policy number, so
that nobody finds a bill by guessing. A right answer is refused too while a count is full: else the
limit would tell which guess was right."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sekisho.crossings.message import Refusal
from sekisho.payments.records.session import Rows
from sekisho.payments.site_rules import SiteRules


class Asking(NamedTuple):
    """Who asks for what: keyed hashes made by the site, and the number asked for."""

    source: str
    session: str
    number: str

    def keys(self, site: str) -> list[str]:
        """Return the keys of the three counts, of this site alone, in ``_SCOPES``' order."""
        return [f"{site} {part[:100]}" for part in (self.number, self.session, self.source)]


_SCOPES = ["number", "session", "source"]
"""In this order always: two counts that lock each other's rows would wait for ever."""


def refuse_too_many(rows: Rows, rules: SiteRules, asking: Asking, now: datetime) -> None:
    """Raise ``Refusal`` ``too_many_tries`` (detail: when to try again) when a count is full."""
    tries = rules.section.tries
    most = {
        "number": tries.per_number,
        "session": tries.per_session,
        "source": tries.per_source,
    }
    counted = rows.all(
        "SELECT w.scope, w.since, w.count FROM wrong_answer w"
        " JOIN unnest(%s::text[], %s::text[]) AS asked (scope, key) USING (scope, key)"
        " WHERE w.since > %s",
        [_SCOPES, asking.keys(rules.site), now - tries.window],
    )
    full = [since + tries.window for scope, since, count in counted if count >= most[scope]]
    if full:
        raise Refusal("too_many_tries", max(full).isoformat())


def count_wrong(rows: Rows, rules: SiteRules, asking: Asking, now: datetime) -> None:
    """Count one wrong answer; a count whose window is over begins anew."""
    window_start = now - rules.section.tries.window
    rows.do(
        "INSERT INTO wrong_answer AS w (scope, key, since, count)"
        " SELECT scope, key, %s, 1 FROM unnest(%s::text[], %s::text[]) AS asked (scope, key)"
        " ON CONFLICT (scope, key) DO UPDATE SET"
        " count = CASE WHEN w.since <= %s THEN 1 ELSE w.count + 1 END,"
        " since = CASE WHEN w.since <= %s THEN excluded.since ELSE w.since END",
        [now, _SCOPES, asking.keys(rules.site), window_start, window_start],
    )
