"""Database connections: a few for the workers of the doors, and a cheap look whether one lives."""

from __future__ import annotations

import select
import threading
from collections import deque
from types import TracebackType
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg import pq


class WorkerConnections:
    """As many connections as workers ask at once, the last used first: each keeps its prepared
    statements, and none belongs to the thread that serves a caller's connection.

    ``with`` it: within the block Django's connection of this thread is one of them."""

    def __init__(self) -> None:
        self._free: deque[Any] = deque()
        self._own = threading.local()

    def __enter__(self) -> None:
        try:
            taken = self._free.pop()
        except IndexError:
            taken = connections.create_connection(DEFAULT_DB_ALIAS)
            taken.inc_thread_sharing()
        # A thread may have one of its own already; it gets that back.
        self._own.before = next(iter(connections.all(initialized_only=True)), None)
        connections[DEFAULT_DB_ALIAS] = taken
        taken.close_if_unusable_or_obsolete()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._free.append(connections[DEFAULT_DB_ALIAS])
        if self._own.before is None:
            del connections[DEFAULT_DB_ALIAS]
        else:
            connections[DEFAULT_DB_ALIAS] = self._own.before

    def close(self) -> None:
        """Close those that nobody works with."""
        while self._free:
            self._free.pop().close()


def look_before_asking() -> None:
    """Let Django's health check look at the socket before it asks the server ``SELECT 1``.

    An idle connection has nothing to read. A server that died, restarted or ended it has left
    something there, if only the end of the stream; only then, or after an error, is it asked."""
    DatabaseWrapper.is_usable = _is_usable  # type: ignore[method-assign, assignment]


_ask = DatabaseWrapper.is_usable


def _is_usable(wrapper: Any) -> bool:
    raw = wrapper.connection
    if raw is None or wrapper.errors_occurred:
        return bool(_ask(wrapper))
    wire = raw.pgconn
    if wire.status != pq.ConnStatus.OK or wire.transaction_status != pq.TransactionStatus.IDLE:
        return bool(_ask(wrapper))
    poll = select.poll()
    poll.register(wire.socket, select.POLLIN)
    return not poll.poll(0) or bool(_ask(wrapper))
