"""The story of a run, looked at twice a second: its list is drafted, the holders of an approved one
are told, on its day the items are charged at a pace, and it is finished when nothing is left to do.

Nothing is remembered but the pace: whatever dies, the next life reads where each item stands."""

from __future__ import annotations

import logging
import threading
from datetime import datetime

from django.db import close_old_connections, connection

from sekisho import evidence
from sekisho.payments.body_events import tell_body
from sekisho.payments.charge_runs.approve import stop_by_itself
from sekisho.payments.charge_runs.charge_item import charge_item, due_items
from sekisho.payments.charge_runs.charges_section import (
    LOOK_SECONDS,
    MAX_IN_FLIGHT_CHARGES,
    UNSENT_STOPS_RUN,
    ChargesSection,
)
from sekisho.payments.charge_runs.draft import draft
from sekisho.payments.charge_runs.notices import (
    charges_are_due,
    notices_are_due,
    tell_holders,
)
from sekisho.payments.charge_runs.pace import Pace
from sekisho.payments.charge_runs.read_run import Run, read_run, runs_at_work
from sekisho.payments.records.session import EVERY_BODY, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.errors import TransportError

log = logging.getLogger("sekisho.payments.charge_runs")

_LEFT_TO_DO = "('waiting', 'charging', 'unknown', 'retrying')"


class ChargeWork:
    """Looks after every run of one process."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._paces: dict[str, Pace] = {}

    def look(self) -> int:
        """Do what is due now; return how much was done (0: wait for the next look). One run that
        can't go on holds no other up."""
        with acting_for(EVERY_BODY) as rows:
            runs = runs_at_work(rows)
        self._paces = {run.id: self._paces.get(run.id) or Pace() for run in runs}
        done = 0
        for run in runs:
            try:
                done += self._go_on(run)
            except TransportError as away:
                log.warning("run %s waits: %s", run.id, away)
            except Exception:
                log.exception("run %s is looked at again", run.id)
                connection.close()
        return done

    def _go_on(self, run: Run) -> int:
        now = self._room.now()
        if run.state == "drafting":
            draft(run, now)
            return 1
        told = tell_holders(run, now) if notices_are_due(run, now) else 0
        if run.state == "approved":
            if told == 0 and charges_are_due(run, now):
                _begin(run, now)
                return 1
            return told
        return told + self._charge(run, now)

    def _charge(self, run: Run, now: datetime) -> int:
        with acting_for(run.client_body) as rows:
            in_flight = _count(rows, run, "charging", MAX_IN_FLIGHT_CHARGES)
            if _network_is_away(rows, run, now):
                why = f"{UNSENT_STOPS_RUN} charges did not reach the card network: resume it then"
                stop_by_itself(rows, run.id, why, now)
                return 0
        wanted = due_items(run, now, max(0, MAX_IN_FLIGHT_CHARGES - in_flight))
        if not wanted:
            return 0 if in_flight else _finish(run, now)
        pace = self._paces[run.id]
        allowed = pace.allowed(self._section(run), run.client_body, now)
        if allowed.tripped:
            with acting_for(run.client_body) as rows:
                stop_by_itself(rows, run.id, f"{allowed.tripped}: see why, reset it, resume", now)
            return 0
        if allowed.waits_until != run.waits_until:
            with acting_for(run.client_body) as rows:
                rows.do(
                    "UPDATE charge_run SET waits_until = %s WHERE id = %s AND state = 'running'",
                    [allowed.waits_until, run.id],
                )
        asked = 0
        for number in wanted[: allowed.charges]:
            asked += charge_item(self._room, run, number)
        pace.began(asked)
        return asked

    def _section(self, run: Run) -> ChargesSection:
        return section_of(self._room, run.client_body)


def section_of(room: Room, client_body: str) -> ChargesSection:
    """Return how the enrolments of ``client_body`` are charged."""
    for rules in room.sites.values():
        if rules.client_body == client_body and rules.section.kind == "policies":
            return rules.section.charges
    return ChargesSection()


def _begin(run: Run, now: datetime) -> None:
    with acting_for(run.client_body) as rows:
        begun = rows.do(
            "UPDATE charge_run SET state = 'running', begun_at = coalesce(begun_at, %s)"
            " WHERE id = %s AND state = 'approved'",
            [now, run.id],
        )
        if begun:
            _tell(run, "payments.charge_run_begun", {"items": run.items})


def _count(rows: Rows, run: Run, state: str, most: int) -> int:
    """Return how many items are in ``state``, counted no further than ``most``."""
    row = rows.one(
        "SELECT count(*) FROM (SELECT FROM charge_item WHERE run_id = %s AND state = %s"
        " LIMIT %s) i",
        [run.id, state, most],
    )
    return int(row[0]) if row else 0


def _network_is_away(rows: Rows, run: Run, now: datetime) -> bool:
    row = rows.one(
        "SELECT count(*) FROM (SELECT FROM charge_item WHERE run_id = %s AND state = 'waiting'"
        " AND next_try_at > %s AND unsent > 0 LIMIT %s) i",
        [run.id, now, UNSENT_STOPS_RUN],
    )
    return row is not None and row[0] >= UNSENT_STOPS_RUN


def _finish(run: Run, now: datetime) -> int:
    """End the run when no item is left to do by itself; one that waits for its day is."""
    with acting_for(run.client_body) as rows:
        left = rows.one(
            f"SELECT 1 FROM charge_item WHERE run_id = %s AND state IN {_LEFT_TO_DO} LIMIT 1",  # noqa: S608 - a constant
            [run.id],
        )
        if left is not None or read_run(rows, run.id, lock=True).state != "running":
            return 0
        rows.do(
            "UPDATE charge_run SET state = 'finished', finished_at = %s, waits_until = NULL"
            " WHERE id = %s",
            [now, run.id],
        )
        counted = rows.all(
            "SELECT state, count(*), sum(amount_yen)::bigint FROM charge_item WHERE run_id = %s"
            " GROUP BY 1",
            [run.id],
        )
        by_state = {state: (items, yen) for state, items, yen in counted}
        charged, charged_yen = by_state.get("charged", (0, 0))
        facts = {
            "items": run.items,
            "charged": charged,
            "charged_yen": charged_yen,
            "on_work_list": by_state.get("work_list", (0, 0))[0],
        }
        _tell(run, "payments.charge_run_finished", facts)
        tell_body(
            rows, run.client_body, "charge_run.finished", run.id, {"month": run.month, **facts}
        )
    return 1


def _tell(run: Run, kind: str, facts: dict[str, int]) -> None:
    about: dict[str, str | int] = {"client_body": run.client_body, "month": run.month}
    evidence.append(kind=kind, subject=run.id, facts=about | facts)


def charge_until(room: Room, stop: threading.Event) -> None:
    """Look after the runs until ``stop`` is set; a look that fails is tried again."""
    work = ChargeWork(room)
    while not stop.is_set():
        try:
            close_old_connections()
            done = work.look()
        except Exception:
            log.exception("the look at the charge runs failed; it is tried again")
            connection.close()
            done = 0
        stop.wait(LOOK_SECONDS if done == 0 else LOOK_SECONDS / 10)
    connection.close()
