"""What every verb of payments needs at hand: the sites' rules, the permit press, the clock."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sekisho.crossings.message import Refusal
from sekisho.payments.guard.busy import BusyCounts
from sekisho.payments.guard.close import CardEntries
from sekisho.payments.guard.pace import Pace
from sekisho.payments.issue_permit import PermitPress
from sekisho.payments.records.session import EVERY_BODY, Rows, acting_for
from sekisho.payments.site_rules import SiteRules, with_twins
from sekisho.transport.doors import Caller
from sekisho.vocabulary import clock
from sekisho.vocabulary.twins import is_of_twin, twin_of


@dataclass(frozen=True, slots=True)
class Room:
    """Made once at the start of the process. ``sites`` gets a twin of each site by itself."""

    sites: Mapping[str, SiteRules]
    press: PermitPress
    now: Callable[[], datetime] = clock.now
    card_entries: CardEntries = field(default_factory=CardEntries)
    busy_counts: BusyCounts = field(default_factory=BusyCounts)
    pace: Pace = field(default_factory=Pace)
    link_key: bytes = field(default_factory=lambda: os.urandom(32), repr=False)
    """Links' tokens are made with it (32 bytes); a link outlives the process only if it does."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "sites", with_twins(self.sites))

    def site_of(self, caller: Caller, about: str = "") -> SiteRules:
        """Return the rules of the payer site that calls, or of its twin when the payment, bill or
        link ``about`` (id or token) is a twin's. Raises ``Refusal`` ``site_unknown``."""
        name = caller.name or ""
        rules = self.sites.get(twin_of(name) if is_of_twin(about) else name)
        if rules is None:
            raise Refusal("site_unknown", "this site has no [payments] section", None)
        return rules

    def bodies(self) -> set[str]:
        """Return every client body that a site stands for."""
        return {rules.client_body for rules in self.sites.values()}


def who(caller: Caller) -> str:
    """Return how a caller stands in the history: ``payer_site:metropolitan_tax``."""
    return f"{caller.zone}:{caller.name}" if caller.name else caller.zone


def write_down_sites(room: Room) -> None:
    """Note the configured client bodies and sites at the start of the process.

    Raises ``ValueError`` when a site has moved to another client body: its bills would change
    hands."""
    with acting_for(EVERY_BODY) as rows:
        for rules in room.sites.values():
            _write_down(rows, rules)


def _write_down(rows: Rows, rules: SiteRules) -> None:
    rows.do("INSERT INTO client_body (id) VALUES (%s) ON CONFLICT DO NOTHING", [rules.client_body])
    rows.do(
        "INSERT INTO site (id, client_body) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        [rules.site, rules.client_body],
    )
    kept = rows.one("SELECT client_body FROM site WHERE id = %s", [rules.site])
    if kept != (rules.client_body,):
        raise ValueError(
            f"site {rules.site} belongs to client body {kept[0] if kept else '?'};"
            " give the site another id to serve another body"
        )
