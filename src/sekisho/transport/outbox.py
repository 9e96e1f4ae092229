"""Outbox: a crossing that is written down with the data it belongs to and delivered after the
commit, at least once. A zone may post a message to itself with a due time: that is its schedule.

Receivers are idempotent, order is not promised. Delivery ends with the receiver's answer, with its
refusal (kept, shown in health and evidence: somebody must look), or goes on with longer pauses."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple, Union

import msgspec
from django.db import close_old_connections, connection, transaction

from sekisho.crossings.message import Crossing, Refusal
from sekisho.transport import cross
from sekisho.transport.errors import TransportError

CREATE_SQL = """
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message text NOT NULL,
    body bytea NOT NULL,
    key text UNIQUE,
    due_at timestamptz NOT NULL DEFAULT now(),
    leased_until timestamptz,
    tries integer NOT NULL DEFAULT 0,
    refused text,
    posted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_due ON outbox (due_at) WHERE refused IS NULL;
"""
"""For the zone's first migration; ``grants.sql`` gives the runtime role SELECT, INSERT, UPDATE and
DELETE on it."""

DROP_SQL = "DROP TABLE outbox;"

BATCH_MESSAGES = 16
LEASE_SECONDS = 60
"""How long a carrier may take over a batch before another carrier takes it up again."""

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 60.0
IDLE_SECONDS = 0.5
"""Longest time until a message that became due is noticed without a commit that wakes."""

MAX_OUTBOX_MESSAGES = 200_000
"""Past this many waiting messages ``post`` refuses: work must be shed at the door, not piled up."""

CARRIERS = 2
"""Delivery threads of a process."""

log = logging.getLogger("sekisho.transport.outbox")

_wake = threading.Event()


class OutboxFull(TransportError):
    """More than ``MAX_OUTBOX_MESSAGES`` wait."""


def post(
    message: Crossing[Any], *, due_in: timedelta = timedelta(0), key: str | None = None
) -> None:
    """Write ``message`` down in the current transaction; it leaves after the commit, ``due_in``
    later. A second post with the same ``key`` while the first waits changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO outbox (message, body, key, due_at)"
            " VALUES (%s, %s, %s, now() + make_interval(secs => %s)) ON CONFLICT (key) DO NOTHING",
            [type(message).__name__, msgspec.msgpack.encode(message), key, due_in.total_seconds()],
        )
    if not due_in:
        transaction.on_commit(_wake.set)


def unpost(key: str) -> None:
    """Take back what was posted under ``key`` and has not left yet."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM outbox WHERE key = %s", [key])


def waiting() -> dict[str, int]:
    """Return how many messages wait, and how many were refused and need a person."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE refused IS NULL),"
            " count(*) FILTER (WHERE refused IS NOT NULL) FROM outbox"
        )
        row = cursor.fetchone()
    return {"waiting": row[0], "refused": row[1]}


class _Leased(NamedTuple):
    id: int
    message: str
    body: bytes
    tries: int


class Outbox:
    """Delivers what this process's zone posted. ``sends`` are the crossings it posts to others,
    ``own`` the handlers of messages to itself."""

    def __init__(
        self,
        *,
        sends: Iterable[type[Crossing[Any]]] = (),
        own: Mapping[type[Crossing[Any]], Callable[[Any], None]] | None = None,
        on_refused: Callable[[str, str], None] | None = None,
    ) -> None:
        self._own = dict(own or {})
        self._kinds = {kind.__name__: kind for kind in [*sends, *self._own]}
        self._decoder = msgspec.msgpack.Decoder(Union[tuple(self._kinds.values())])  # noqa: UP007
        self._on_refused = on_refused
        self._going = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to deliver in ``CARRIERS`` threads."""
        self._going = True
        for number in range(CARRIERS):
            thread = threading.Thread(target=self._run, name=f"outbox-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Finish the message in hand and stop; the rest is delivered after the next start."""
        self._going = False
        _wake.set()
        for thread in self._threads:
            thread.join(timeout=LEASE_SECONDS)

    def deliver_due(self) -> int:
        """Deliver one batch of what is due; return how many messages were tried."""
        batch = self._lease()
        delivered = []
        for leased in batch:
            if not self._going and self._threads:
                break
            if self._deliver(leased):
                delivered.append(leased.id)
        if delivered:
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM outbox WHERE id = ANY(%s)", [delivered])
        return len(batch)

    def _run(self) -> None:
        while self._going:
            try:
                close_old_connections()
                tried = self.deliver_due()
            except Exception:
                log.exception("outbox could not deliver")
                tried = 0
                connection.close()
                _wake.wait(FIRST_PAUSE_SECONDS)
            if tried < BATCH_MESSAGES:
                _wake.wait(IDLE_SECONDS)
                _wake.clear()
        connection.close()

    def _lease(self) -> list[_Leased]:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE outbox SET leased_until = now() + make_interval(secs => %s),"
                " tries = tries + 1 WHERE id IN (SELECT id FROM outbox WHERE refused IS NULL"
                " AND due_at <= now() AND (leased_until IS NULL OR leased_until < now())"
                " ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED)"
                " RETURNING id, message, body, tries",
                [LEASE_SECONDS, BATCH_MESSAGES],
            )
            return sorted(_Leased(row[0], row[1], bytes(row[2]), row[3]) for row in cursor)

    def _deliver(self, leased: _Leased) -> bool:
        try:
            message = self._decoder.decode(leased.body)
            own = self._own.get(type(message))
            if own is not None:
                own(message)
            else:
                cross(message)
        except Refusal as refusal:
            self._give_up(leased, f"{refusal.code}: {refusal.detail}")
            return False
        except msgspec.MsgspecError:
            self._give_up(leased, "not readable by this version")
            return False
        except TransportError as error:
            self._put_off(leased, str(error))
            return False
        except Exception:
            log.exception("outbox: %s (try %d) failed", leased.message, leased.tries)
            self._put_off(leased, "failed")
            return False
        return True

    def _give_up(self, leased: _Leased, why: str) -> None:
        log.error("outbox: %s was refused: %s", leased.message, why)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE outbox SET refused = %s WHERE id = %s", [why, leased.id])
        if self._on_refused is not None:
            self._on_refused(leased.message, why)

    def _put_off(self, leased: _Leased, why: str) -> None:
        pause = min(FIRST_PAUSE_SECONDS * 2 ** min(leased.tries - 1, 12), LONGEST_PAUSE_SECONDS)
        pause *= random.uniform(0.75, 1.25)  # noqa: S311 - spreads retries, guards nothing
        log.warning("outbox: %s put off %.1f s: %s", leased.message, pause, why)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE outbox SET leased_until = NULL,"
                " due_at = now() + make_interval(secs => %s) WHERE id = %s",
                [pause, leased.id],
            )
