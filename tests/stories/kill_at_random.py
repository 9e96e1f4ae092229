"""Kills processes of a running platform at random moments, by a seed that is printed."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from sekisho.simulators.card_network.faults import Faults, write_faults
from sekisho.transport import TransportError
from tests.engine_load import Engine

SEED_VARIABLE = "SEKISHO_KILL_SEED"
NUMBER_VARIABLE = "SEKISHO_KILLS"
"""How many kills the whole suite makes."""

DEFAULT_KILLS = 200
POSTMASTER, BACKEND, LINE = "postmaster", "backend", "line"
"""PostgreSQL itself; one of its processes; the line to the card network (a cut, not a kill)."""

MOST_STEPS = 8
"""Payers come forward so many steps at most between two strikes."""

STEPS_LIMIT_SECONDS = 5.0
"""While everything is down nobody comes forward: strike all the same."""

VICTIMS_AT_ONCE = (1, 1, 2, 2, 3, 4)
BETWEEN_VICTIMS_SECONDS = 0.3
FIND_LIMIT_SECONDS = 60.0
KILLED_WHILE_STARTING = 0.25
"""Share of the kills that do not wait until the victim is well."""

WELL_LIMIT_SECONDS = 15.0
"""Longest wait until a victim is well: it may not be, while what it needs is down."""
LINE_CUT_SECONDS = 0.2
LINE_CUT_LIMIT_SECONDS = 3.0


def seed_of(story: str) -> str:
    """The seed of a story: the variable's, or a new one; with it the same victims are drawn."""
    return f"{os.environ.get(SEED_VARIABLE) or random.SystemRandom().randrange(10**9)}/{story}"


def kills_in_all() -> int:
    """How many kills the suite makes."""
    return int(os.environ.get(NUMBER_VARIABLE) or DEFAULT_KILLS)


class Reaper:
    """Waits for a random moment of the load, then strikes one or a few victims together."""

    def __init__(self, engine: Engine, seed: str, progress: Callable[[], int]) -> None:
        """``progress`` counts the steps that payers have come forward."""
        self._engine = engine
        self._chance = random.Random(seed)
        self._progress = progress
        self.killed: Counter[str] = Counter()

    def reap(self, victims: Sequence[str], number: int) -> None:
        """Make ``number`` kills among ``victims``; line cuts are made besides and not counted."""
        made = 0
        while made < number:
            self._let_them_come_forward(self._chance.randint(0, MOST_STEPS))
            for _ in range(min(self._chance.choice(VICTIMS_AT_ONCE), number - made)):
                victim = self._chance.choice(victims)
                if victim == LINE:
                    self._cut_line()
                else:
                    self._kill(victim)
                    made += 1
                self.killed[victim] += 1
                time.sleep(self._chance.uniform(0.0, BETWEEN_VICTIMS_SECONDS))

    def _let_them_come_forward(self, steps: int) -> None:
        until, goal = time.monotonic() + STEPS_LIMIT_SECONDS, self._progress() + steps
        while self._progress() < goal and time.monotonic() < until:
            time.sleep(0.01)

    def _kill(self, victim: str) -> None:
        """Kill ``victim`` in whatever it is at; now and then also while it is starting."""
        began = time.monotonic()
        until = began + FIND_LIMIT_SECONDS
        patient = self._chance.random() >= KILLED_WHILE_STARTING
        while True:
            must_be_well = patient and time.monotonic() - began < WELL_LIMIT_SECONDS
            pid = self._find(victim, must_be_well=must_be_well)
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    return
            assert time.monotonic() < until, f"{victim} did not come back to be killed"
            time.sleep(0.05)

    def _find(self, victim: str, *, must_be_well: bool) -> int | None:
        try:
            shown = self._engine.platform()
        except TransportError:
            return None
        if victim == POSTMASTER:
            return shown.database_pid
        if victim == BACKEND:
            return self._one_of(shown.database_pid)
        row = next(row for row in shown.processes if row.process == victim)
        return None if must_be_well and row.state != "healthy" else row.pid

    def _one_of(self, postmaster: int | None) -> int | None:
        try:
            processes = psutil.Process(postmaster).children() if postmaster else []
        except psutil.NoSuchProcess:
            return None
        return self._chance.choice(processes).pid if processes else None

    def _cut_line(self) -> None:
        """Every answer of the network breaks off in its middle, and the line with it, until one
        did."""
        folder = self._engine.folder.of("sim_card_network")
        book = folder / "book.jsonl"
        before, until = _size(book), time.monotonic() + LINE_CUT_LIMIT_SECONDS
        write_faults(folder, Faults(cut=1.0))
        while _size(book) == before and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(LINE_CUT_SECONDS)
        write_faults(folder, Faults())


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
