"""The network's file of each day, fetched by itself from the folder that it is delivered to.

Networks push their files (SFTP into a drop folder); this process only reads there. A day's final
file is expected the next morning: missing then, it raises an alarm once and stands in the
process's health until it came."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

from django.db import close_old_connections, connection
from psycopg.types.json import Jsonb

from sekisho.evidence.alarm import raise_alarm
from sekisho.payments.payouts.take_clearing import take_file
from sekisho.payments.records.session import EVERY_BODY, acting_for
from sekisho.payments.room import Room
from sekisho.vocabulary.clock import TOKYO, business_date, now

LOOK_SECONDS = 10.0
DUE_AT = time(6, 0)
"""Time of day, Asia/Tokyo, by which the file of the day before must be there."""

MAX_DAYS_MISSED = 31
"""Days back for which a missing file is told."""

MAX_FILES_PER_LOOK = 60
_NAME = re.compile(r"\d{4}-\d{2}-\d{2}\.csv")

_failed = threading.Event()
"""The newest look failed."""

log = logging.getLogger("sekisho.payments.clearing")


def fetch_until(room: Room, folder: Path, stop: threading.Event) -> None:
    """Look every ``LOOK_SECONDS`` until ``stop`` is set; what fails is tried again."""
    seen: dict[str, tuple[int, int]] = {}
    while not stop.is_set():
        try:
            close_old_connections()
            fetch(room, folder, seen, stop)
            tell_missing(room.now())
            _failed.clear()
        except Exception:
            _failed.set()
            log.exception("the clearing was not fetched; it is tried again")
            connection.close()
        stop.wait(LOOK_SECONDS)
    connection.close()


def fetch(
    room: Room, folder: Path, seen: dict[str, tuple[int, int]], stop: threading.Event
) -> list[Path]:
    """Take every file of ``folder`` that is new or changed since ``seen`` (size and moment by
    name), oldest day first; return those. Days before the newest closed one are taken too."""
    taken = []
    for path in _files(folder):
        facts = path.stat()
        mark = (facts.st_size, facts.st_mtime_ns)
        if seen.get(path.name) == mark:
            continue
        if take_file(room, path, stop.is_set):
            log.info("clearing %s taken", path.name)
            taken.append(path)
        if stop.is_set():
            break
        seen[path.name] = mark
    return taken


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        named = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
        yield from named[-MAX_FILES_PER_LOOK:]


def days_missing(moment: datetime) -> list[date]:
    """Return the days, oldest first, whose final file should be there and is not: from the first
    day that had one, or on which money was captured."""
    local = moment.astimezone(TOKYO)
    back = 1 if local.time() >= DUE_AT else 2
    newest = business_date(moment) - timedelta(days=back)
    with acting_for(EVERY_BODY) as rows:
        found = rows.one(
            "SELECT least((SELECT min(day) FROM clearing_file WHERE state = 'taken' AND final),"
            " (SELECT (made_at AT TIME ZONE 'Asia/Tokyo')::date FROM transfer"
            " WHERE kind = 'posted' ORDER BY id LIMIT 1))"
        )
        first = found[0] if found else None
        if first is None or first > newest:
            return []
        since = max(first, newest - timedelta(days=MAX_DAYS_MISSED - 1))
        have = {
            day
            for (day,) in rows.all(
                "SELECT DISTINCT day FROM clearing_file WHERE state = 'taken' AND final"
                " AND day >= %s",
                [since],
            )
        }
    days = (since + timedelta(days=at) for at in range((newest - since).days + 1))
    return [day for day in days if day not in have]


def tell_missing(moment: datetime) -> None:
    """Raise the alarm ``payments.clearing_missing`` once for each day without its file."""
    for day in days_missing(moment):
        with acting_for(EVERY_BODY) as rows:
            new = rows.do(
                "INSERT INTO clearing_file (day, sha256, state, final, rows, net_yen, totals,"
                " settled, differences, taken_at, why)"
                " VALUES (%s, '', 'missing', false, 0, 0, %s, 0, 0, %s, %s) ON CONFLICT DO NOTHING",
                [day, Jsonb({}), moment, f"no file by {DUE_AT.isoformat('minutes')}"],
            )
            if new:
                raise_alarm(
                    kind="payments.clearing_missing",
                    subject=day.isoformat(),
                    facts={"due": "06:00"},
                )


def check_clearing_files() -> str:
    """Return what is wrong, for ``Health``."""
    missing = days_missing(now())
    if missing:
        return f"no clearing file of {len(missing)} days, first {missing[0].isoformat()}"
    return "the clearing can't be fetched, see the log" if _failed.is_set() else ""
