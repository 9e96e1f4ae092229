"""What operators may ask of the card-testing guard, and what a site may."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from sekisho.crossings.message import Answer, Crossing


class GuardCount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A counter near or over its limit. ``key`` is shortened and keyed: it finds nobody."""

    site: str
    scope: str
    """``card``, ``bin``, ``source``, ``bill``, ``session``, ``decline_rate``."""
    key: str
    window_hours: int
    attempts: int
    declines: int
    action: str
    """``step_up``, ``refuse``, ``close``, or empty while below."""


class SiteCardEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether a site takes cards. Closed by rule or by an operator; opened by an operator."""

    site: str
    open: bool
    since: datetime | None
    by: str
    why: str


class ShowGuard(Crossing["GuardShown"], frozen=True, kw_only=True):
    receiver: ClassVar[str] = "payments"
    limit: int


class GuardShown(Answer, frozen=True, kw_only=True):
    sites: list[SiteCardEntry]
    counts: list[GuardCount]


class SetCardEntry(Crossing["GuardShown"], frozen=True, kw_only=True):
    """Close a site's card entry, or open it again. Refusals: ``site_unknown``, ``reason_wrong``."""

    receiver: ClassVar[str] = "payments"
    site: str
    open: bool
    reason: str
    by: str


class ShowCardEntry(Crossing["CardEntryShown"], frozen=True, kw_only=True):
    """Whether the caller's site takes cards at the moment."""

    receiver: ClassVar[str] = "payments"


class CardEntryShown(Answer, frozen=True, kw_only=True):
    open: bool


ShowCardEntry.reply = CardEntryShown
ShowGuard.reply = GuardShown
SetCardEntry.reply = GuardShown
