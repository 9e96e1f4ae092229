"""Lists the newest alarms on the evidence."""

from __future__ import annotations

from typing import Any

import psycopg

from sekisho.crossings.evidence_keeper import (
    MAX_ALARMS_LISTED,
    AlarmShown,
    AlarmsListed,
    ListAlarms,
)
from sekisho.crossings.message import Refusal
from sekisho.processes.roles import conninfo
from sekisho.transport.briefing import Briefing
from sekisho.transport.doors import Caller, Doors

# The condition is the word of the partial index `line_alarm`: without it every line is read.
_LIST_SQL = """
SELECT id, at, role, kind, subject, facts FROM evidence.line
WHERE kind LIKE 'alarm.%%' ORDER BY id DESC LIMIT %s
"""
_COUNT_SQL = """
SELECT count(*) FROM evidence.line
WHERE kind LIKE 'alarm.%' AND at > now() - interval '24 hours'
"""


def list_alarms(database: psycopg.Connection[Any], limit: int) -> AlarmsListed:
    """Return the newest ``limit`` alarms and how many there were in the last 24 hours. Raises
    ``Refusal`` ``message_invalid``."""
    if not 1 <= limit <= MAX_ALARMS_LISTED:
        raise Refusal("message_invalid", f"takes 1 to {MAX_ALARMS_LISTED}", "limit")
    rows = database.execute(_LIST_SQL, [limit]).fetchall()
    counted = database.execute(_COUNT_SQL).fetchone()
    names = ("line_id", "at", "role", "kind", "subject", "facts")
    return AlarmsListed(
        alarms=[AlarmShown(**dict(zip(names, row, strict=True))) for row in rows],
        last_day=counted[0] if counted else 0,
    )


def add_alarm_door(doors: Doors, briefing: Briefing) -> None:
    """Let ``doors`` answer ``ListAlarms``. Raises ``RuntimeError`` without a database role."""
    if briefing.database is None:
        raise RuntimeError("the evidence keeper needs a database role")
    reach = conninfo(briefing.database)

    @doors.on(ListAlarms)
    def answer(_caller: Caller, message: ListAlarms) -> AlarmsListed:
        with psycopg.connect(reach) as database:
            return list_alarms(database, message.limit)
