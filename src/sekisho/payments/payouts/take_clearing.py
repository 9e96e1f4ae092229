"""Take a day's file of the network: settle its rows, compare its sums with what was kept, close the
day. A file that was taken is known by its digest; taken again nothing happens."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from psycopg.types.json import Jsonb

from sekisho import evidence
from sekisho.bank_files.clearing import ClearingBroken, ClearingTotals, check_clearing, pieces
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    ClearingFileShown,
    ClearingNoted,
    ClearingsShown,
    ListClearings,
    NoteClearing,
    SettleRows,
)
from sekisho.evidence.alarm import raise_alarm
from sekisho.payments.after_payment.settle import settle_rows
from sekisho.payments.payouts.close_days import close_day
from sekisho.payments.payouts.find_differences import find_differences, note_clearing_sum
from sekisho.payments.payouts.note_rows import noted_sum
from sekisho.payments.records.session import EVERY_BODY, acting_for
from sekisho.payments.room import Room
from sekisho.vocabulary.clock import business_date

MAX_CLEARINGS_SHOWN = 400
MAX_WHY_CHARACTERS = 500

_DIGEST = re.compile(r"[0-9a-f]{64}")


def take_file(room: Room, path: Path, stopped: Callable[[], bool] = lambda: False) -> bool:
    """Take the file at ``path``; return whether it counts now (or did before). A broken one is
    noted and raises the alarm ``payments.clearing_broken``; nothing of it was settled. ``stopped``
    is asked between pieces: what was settled by then stays, and the next look goes on."""
    with path.open("rb") as source:
        try:
            totals = check_clearing(source)
            if totals.day > business_date(room.now()):
                raise ClearingBroken(1, "a day that has not come yet")
        except ClearingBroken as broken:
            _note_broken(path, str(broken), room.now())
            return False
        if _is_taken(totals.day, totals.sha256):
            return True
        settled = differ = 0
        for rows in pieces(source):
            if stopped():
                return False
            found = settle_rows(room, SettleRows(day=totals.day, rows=rows))
            settled += found.settled + found.settled_before
            differ += len(found.differences)
    note_clearing(room, _as_message(totals, settled, differ))
    return True


def _as_message(totals: ClearingTotals, settled: int, differ: int) -> NoteClearing:
    return NoteClearing(
        day=totals.day,
        sha256=totals.sha256,
        final=totals.final,
        rows=totals.rows,
        net_yen=totals.net_yen,
        settled=settled,
        differences=differ,
    )


def note_clearing(room: Room, message: NoteClearing) -> ClearingNoted:
    """Note that a file was taken, compare, close its day when it is final. Raises ``Refusal`` as
    ``NoteClearing`` describes."""
    now = room.now()
    if message.day > business_date(now):
        raise Refusal("day_wrong", "a clearing of the future", "day")
    if not _DIGEST.fullmatch(message.sha256) or message.rows < 0:
        raise Refusal("file_wrong", "its SHA-256 in hexadecimal", "sha256")
    differ, differ_yen = noted_sum(message.day)
    with acting_for(EVERY_BODY) as rows:
        new = rows.do(
            "INSERT INTO clearing_file (day, sha256, state, final, rows, net_yen, totals, settled,"
            " differences, taken_at) VALUES (%s, %s, 'taken', %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [
                message.day,
                message.sha256,
                message.final,
                message.rows,
                message.net_yen,
                Jsonb({}),
                message.settled,
                message.differences,
                now,
            ],
        )
        if new:
            _tell(message)
        if new and message.final:
            note_clearing_sum(
                rows, message.day, message.net_yen, message.rows, differ_yen, differ, now
            )
    if message.final:
        # Also when it was noted before: the process may have died in between.
        close_day(message.day, now)
        find_differences(message.day, now)
    with acting_for(EVERY_BODY) as rows:
        closed = rows.all(
            "SELECT client_body FROM settlement WHERE day = %s ORDER BY 1", [message.day]
        )
        listed = rows.one("SELECT count(*)::int FROM difference WHERE state <> 'closed'")
    return ClearingNoted(
        closed=[body for (body,) in closed], differences_open=listed[0] if listed else 0
    )


def _tell(message: NoteClearing) -> None:
    evidence.append(
        kind="payments.clearing_taken",
        subject=message.day.isoformat(),
        facts={
            "sha256": message.sha256,
            "final": message.final,
            "rows": message.rows,
            "net_yen": message.net_yen,
            "settled": message.settled,
            "differences": message.differences,
        },
    )


def _is_taken(day: date, sha256: str) -> bool:
    with acting_for(EVERY_BODY) as rows:
        found = rows.one(
            "SELECT 1 FROM clearing_file WHERE day = %s AND sha256 = %s AND state = 'taken'",
            [day, sha256],
        )
    return found is not None


def _note_broken(path: Path, why: str, now: datetime) -> None:
    """Note a broken file once, however often it is looked at."""
    try:
        day = date.fromisoformat(path.stem)
    except ValueError:
        day = business_date(now)
    mark = f"{path.name}:{path.stat().st_size}:{why}"[:MAX_WHY_CHARACTERS]
    with acting_for(EVERY_BODY) as rows:
        new = rows.do(
            "INSERT INTO clearing_file (day, sha256, state, final, rows, net_yen, totals, settled,"
            " differences, taken_at, why) VALUES (%s, %s, 'broken', false, 0, 0, %s, 0, 0, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [day, mark, Jsonb({}), now, why[:MAX_WHY_CHARACTERS]],
        )
        if new:
            raise_alarm(
                kind="payments.clearing_broken", subject=day.isoformat(), facts={"why": why}
            )


def list_clearings(message: ListClearings) -> ClearingsShown:
    """Return the newest days' files."""
    with acting_for(EVERY_BODY) as rows:
        found = rows.all(
            "SELECT day, state, final, rows, net_yen, settled, differences, taken_at, why"
            " FROM clearing_file ORDER BY day DESC, id DESC LIMIT %s",
            [max(1, min(message.limit, MAX_CLEARINGS_SHOWN))],
        )
    return ClearingsShown(
        clearings=[
            ClearingFileShown(
                day=day,
                state=state,
                final=final,
                rows=count,
                net_yen=net,
                settled=settled,
                differences=differ,
                taken_at=taken_at,
                why=why,
            )
            for day, state, final, count, net, settled, differ, taken_at, why in found
        ]
    )
