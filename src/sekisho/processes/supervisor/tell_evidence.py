"""The supervisor's own lines of evidence: starts, deaths, restarts, stops."""

from collections import deque
from collections.abc import Mapping
from typing import Any

import psycopg

from sekisho.evidence.append import INSERT_SQL, line_values
from sekisho.processes.roles import conninfo
from sekisho.transport.briefing import DatabaseRole

MAX_WAITING_LINES = 1_000
"""Lines kept while the database is away; past it the oldest go, and the log still has them."""


class EvidenceTeller:
    """Appends lines with the supervisor's own insert-only role, later when the database is away."""

    def __init__(self, role: DatabaseRole) -> None:
        self._role = role
        self._waiting: deque[list[str]] = deque(maxlen=MAX_WAITING_LINES)

    def tell(self, kind: str, subject: str, facts: Mapping[str, Any]) -> None:
        """Append a line now, or when `retry` next succeeds."""
        self._waiting.append(line_values(f"supervisor.{kind}", subject, facts))
        self.retry()

    def retry(self) -> None:
        """Append what waits; what can't be written stays."""
        if not self._waiting:
            return
        try:
            with psycopg.connect(conninfo(self._role)) as connection:
                for values in self._waiting:
                    connection.execute(INSERT_SQL, values)
        except psycopg.Error:
            return
        self._waiting.clear()
