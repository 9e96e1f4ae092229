"""What may be asked of the keeper of the evidence."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from sekisho.crossings.message import Answer, Crossing


class ShowChain(Crossing["ChainShown"], frozen=True, kw_only=True):
    """The chain's newest signed head, and how the last whole verification ended."""

    receiver: ClassVar[str] = "evidence_keeper"


class ChainShown(Answer, frozen=True, kw_only=True):
    """``position`` and ``digest`` (hex) of the newest signed head, 0 and empty before the first;
    ``verified_at`` is empty until the first verification of this life of the keeper ended."""

    position: int
    digest: str
    signed_at: datetime | None
    verified_at: datetime | None
    verified_lines: int
    faults: list[str]


class ListAlarms(Crossing["AlarmsListed"], frozen=True, kw_only=True):
    """The newest alarms, at most ``limit`` (1 to ``MAX_ALARMS_LISTED``). Refusals:
    ``message_invalid``."""

    receiver: ClassVar[str] = "evidence_keeper"
    limit: int = 50


MAX_ALARMS_LISTED = 500


class AlarmShown(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One alarm: ``kind`` is ``alarm.<zone>.<what>``, ``role`` the database role that raised it,
    ``facts`` its JSON."""

    line_id: int
    at: datetime
    role: str
    kind: str
    subject: str
    facts: str


class AlarmsListed(Answer, frozen=True, kw_only=True):
    """Newest first. ``last_day`` counts those of the last 24 hours, listed or not."""

    alarms: list[AlarmShown]
    last_day: int


ShowChain.reply = ChainShown
ListAlarms.reply = AlarmsListed
