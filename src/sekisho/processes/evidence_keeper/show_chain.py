"""Verifies the whole chain now and then, and shows the result with the newest head."""

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path

import psycopg

from sekisho.crossings.evidence_keeper import ChainShown, ShowChain
from sekisho.evidence.verify import Verified, verify
from sekisho.processes.roles import conninfo
from sekisho.transport.briefing import Briefing
from sekisho.transport.doors import Caller, Doors
from sekisho.vocabulary.clock import now

VERIFY_SECONDS = 600.0
"""Pause between two verifications of the whole chain."""
MAX_FAULTS_SENT = 20


class ChainWatch:
    """The last verification of this life of the keeper."""

    def __init__(self, briefing: Briefing, public_key: bytes) -> None:
        if briefing.database is None:
            raise RuntimeError("the evidence keeper needs a database role")
        self._database = conninfo(briefing.database)
        self._folder = Path(briefing.folder)
        self._public_key = public_key
        self._last: tuple[datetime, Verified] | None = None

    def verify_until(self, stop: threading.Event) -> None:
        """Verify, pause, and again."""
        while not stop.wait(0 if self._last else 1.0):
            with psycopg.connect(self._database) as database:
                self._last = now(), verify(database, self._public_key, self._folder)
            if stop.wait(VERIFY_SECONDS):
                return

    def add_door(self, doors: Doors) -> None:
        """Let ``doors`` answer ``ShowChain``."""

        @doors.on(ShowChain)
        def show_chain(_caller: Caller, _message: ShowChain) -> ChainShown:
            with psycopg.connect(self._database) as database:
                head = database.execute(
                    "SELECT position, digest, signed_at FROM evidence.head"
                    " ORDER BY position DESC LIMIT 1"
                ).fetchone() or (0, b"", None)
            at, found = self._last or (None, Verified(0, 0, 0, []))
            return ChainShown(
                position=head[0],
                digest=bytes(head[1]).hex(),
                signed_at=head[2],
                verified_at=at,
                verified_lines=found.lines,
                faults=found.faults[:MAX_FAULTS_SENT],
            )
