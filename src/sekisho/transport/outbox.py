"""Outbox: a crossing that is written down with the data it belongs to and delivered after the
commit, at least once. A zone may post a message to itself with a due time: that is its schedule.

What is due at once is handed from the commit to a carrier in memory, its row leased from birth: the
table is asked only for what an earlier life left, what was put off and what has a due time.

Receivers are idempotent, order is not promised. Delivery ends with the receiver's answer, with its
refusal (kept, shown in health and evidence: somebody must look), or goes on with longer pauses."""

from __future__ import annotations

import logging
import queue
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple, Union

import msgspec
from django.db import close_old_connections, connection

from sekisho.crossings.message import Crossing, Refusal
from sekisho.database.pipeline import after_commit, write
from sekisho.transport import cross
from sekisho.transport.errors import OutboxFull, TransportError
from sekisho.transport.outbox_table import CREATE_SQL, DROP_SQL

__all__ = ["CREATE_SQL", "DROP_SQL", "Outbox", "OutboxFull", "post", "post_if", "unpost", "waiting"]

BATCH_MESSAGES = 16
LEASE_SECONDS = 60
"""How long a carrier may take over a batch before another carrier takes it up again."""

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 60.0
IDLE_SECONDS = 0.5
"""Longest time until a message that became due is noticed without a commit that wakes."""

TIDY_SECONDS = 0.1
"""How long the rows of what was delivered may wait to be deleted together. Whoever is killed in
this time says those messages again."""

MAX_HANDED_OVER_MESSAGES = 1_000
"""Messages in memory between commit and carrier; past it they wait in the table alone."""

MAX_OUTBOX_MESSAGES = 200_000
"""Past this many waiting messages ``post`` refuses: work must be shed at the door, not piled up."""

COUNT_SECONDS = 5.0
"""Pause between two counts of what waits."""

CARRIERS = 2
"""Delivery threads of a process."""

log = logging.getLogger("sekisho.transport.outbox")


class _Posted(NamedTuple):
    """A committed message in memory, and the key of its row."""

    key: str
    message: Crossing[Any]


class _Passage:
    """What leads from a commit to the carriers of this process."""

    def __init__(self) -> None:
        self.line: queue.SimpleQueue[_Posted | None] = queue.SimpleQueue()
        self.carriers = 0
        self.is_full = False

    @property
    def takes(self) -> bool:
        return self.carriers > 0 and self.line.qsize() < MAX_HANDED_OVER_MESSAGES

    def wake(self) -> None:
        """Have a carrier look into the table now."""
        if self.carriers:
            self.line.put(None)


_passage = _Passage()

_INSERT = (
    "INSERT INTO outbox (message, body, key, due_at)"
    " VALUES (%s, %s, %s, now() + make_interval(secs => %s)) ON CONFLICT (key) DO NOTHING"
)
_INSERT_IF = (
    "WITH change AS ({change}) INSERT INTO outbox (message, body, key, leased_until, tries)"
    " SELECT %s, %s, %s, now() + make_interval(secs => handed.seconds),"
    " CASE WHEN handed.seconds IS NULL THEN 0 ELSE 1 END"
    " FROM change, (SELECT %s::double precision AS seconds) AS handed"
)
"""``leased_until`` is null, and a carrier looks for it, when it is not handed over."""

_INSERT_HANDED_OVER = (
    "INSERT INTO outbox (message, body, key, leased_until, tries)"
    " VALUES (%s, %s, %s, now() + make_interval(secs => %s), 1)"
)


def post(
    message: Crossing[Any], *, due_in: timedelta = timedelta(0), key: str | None = None
) -> None:
    """Write ``message`` down in the current transaction; it leaves after the commit, ``due_in``
    later. A second post with the same ``key`` while the first waits changes nothing. Raises
    ``OutboxFull`` when more than ``MAX_OUTBOX_MESSAGES`` wait."""
    if _passage.is_full:
        raise OutboxFull(f"more than {MAX_OUTBOX_MESSAGES} messages wait")
    name, body = type(message).__name__, msgspec.msgpack.encode(message)
    if not due_in and key is None and _passage.takes:
        posted = _Posted(secrets.token_urlsafe(12), message)
        write(_INSERT_HANDED_OVER, [name, body, posted.key, LEASE_SECONDS])
        after_commit(lambda: _passage.line.put(posted))
        return
    write(_INSERT, [name, body, key, due_in.total_seconds()])
    if not due_in:
        after_commit(_passage.wake)


def post_if(change: str, values: Sequence[Any], message: Crossing[Any]) -> None:
    """Run ``change``, a statement that ends with ``RETURNING``, and post ``message`` if it touched
    a row: one statement, whose answer nobody waits for. Raises ``OutboxFull``."""
    if _passage.is_full:
        raise OutboxFull(f"more than {MAX_OUTBOX_MESSAGES} messages wait")
    name, body = type(message).__name__, msgspec.msgpack.encode(message)
    posted = _Posted(secrets.token_urlsafe(12), message)
    hand_over = _passage.takes
    touched = write(
        _INSERT_IF.format(change=change),
        [*values, name, body, posted.key, LEASE_SECONDS if hand_over else None],
    )

    def leave() -> None:
        if not touched():
            return
        if hand_over:
            _passage.line.put(posted)
        else:
            _passage.wake()

    after_commit(leave)


def unpost(key: str) -> None:
    """Take back what was posted under ``key`` and has not left yet."""
    write("DELETE FROM outbox WHERE key = %s", [key])


def waiting(*, most: int = 10_000) -> dict[str, int]:
    """Return how many messages wait, and how many were refused and need a person; each is counted
    up to ``most``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM"
            " (SELECT FROM outbox WHERE refused IS NULL LIMIT %s) waits),"
            " (SELECT count(*) FROM (SELECT FROM outbox WHERE refused IS NOT NULL LIMIT %s) needs)",
            [most, most],
        )
        row = cursor.fetchone()
    return {"waiting": row[0], "refused": row[1]}


class _Leased(NamedTuple):
    """A message in a carrier's hands. ``key`` stands for a row that was handed over unread."""

    id: int | None
    message: str
    tries: int
    key: str | None = None
    body: bytes = b""

    @property
    def row(self) -> list[int | str | None]:
        return [self.id, self.key]


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
        self._more = True
        """The table holds more that is due, or nobody has looked yet."""
        self._lock = threading.Lock()
        self._dropped: list[_Leased] = []
        """Leased, and carried by nobody: the database went away under them."""
        self._looked_at = self._counted_at = -COUNT_SECONDS

    def start(self) -> None:
        """Begin to deliver in ``CARRIERS`` threads."""
        self._going = True
        for number in range(CARRIERS):
            thread = threading.Thread(
                target=self._run, args=(number == 0,), name=f"outbox-{number}", daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Finish the message in hand and stop; the rest is delivered after the next start."""
        self._going = False
        for _ in self._threads:
            _passage.line.put(None)
        _passage.carriers = 0
        for thread in self._threads:
            thread.join(timeout=LEASE_SECONDS)

    def deliver_due(self) -> int:
        """Deliver one batch of what is due; return how many messages were tried."""
        batch = self._lease()
        delivered = []
        try:
            for leased in batch:
                if not self._going and self._threads:
                    break
                if self._deliver(leased, None):
                    delivered.append(leased.id)
            if delivered:
                with connection.cursor() as cursor:
                    cursor.execute("DELETE FROM outbox WHERE id = ANY(%s)", [delivered])
        except Exception:
            self._drop(batch)
            raise
        return len(batch)

    # -- a carrier ------------------------------------------------------------------------------

    def _run(self, first: bool) -> None:
        delivered: list[str] = []
        while self._going:
            try:
                if first:
                    self._take_over()
                    first = False
                if self._dropped:
                    self._take_up_dropped()
                self._step(delivered)
            except Exception:
                log.exception("outbox could not deliver")
                connection.close()
                time.sleep(FIRST_PAUSE_SECONDS)
        try:
            self._tidy(delivered)
        except Exception:
            log.exception("outbox: %d messages will be said again", len(delivered))
        connection.close()

    def _take_over(self) -> None:
        """Go on where an earlier life of this process stopped. One process carries a schema's
        outbox, so nobody works under the leases that stand now."""
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE outbox SET leased_until = NULL"
                " WHERE leased_until IS NOT NULL AND refused IS NULL"
            )
        _passage.carriers = CARRIERS

    def _drop(self, leased: Iterable[_Leased]) -> None:
        """The database went away: these are taken up again at once, and not when their lease is
        over. What was delivered already is delivered twice."""
        with self._lock:
            self._dropped.extend(leased)

    def _take_up_dropped(self) -> None:
        with self._lock:
            dropped, self._dropped = self._dropped, []
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE outbox SET leased_until = NULL WHERE id = ANY(%s) OR key = ANY(%s)",
                    [[one.id for one in dropped], [one.key for one in dropped]],
                )
        except Exception:
            self._drop(dropped)
            raise
        self._more = True

    def _step(self, delivered: list[str]) -> None:
        """Wait for the next message and deliver it, or look into the table when it is time."""
        pause = 0.0 if self._more else TIDY_SECONDS if delivered else IDLE_SECONDS
        try:
            posted = _passage.line.get(timeout=pause) if pause else _passage.line.get_nowait()
        except queue.Empty:
            self._tidy(delivered)
        else:
            if posted is None:
                self._more = True
            elif self._deliver_posted(posted):
                delivered.append(posted.key)
        if len(delivered) >= BATCH_MESSAGES:
            self._tidy(delivered)
        if self._more or time.monotonic() - self._looked_at > IDLE_SECONDS:
            self._look()

    def _deliver_posted(self, posted: _Posted) -> bool:
        leased = _Leased(None, type(posted.message).__name__, 1, posted.key)
        try:
            return self._deliver(leased, posted.message)
        except Exception:
            self._drop([leased])
            raise

    def _look(self) -> None:
        """Deliver a batch of what the table holds; now and then count what waits."""
        close_old_connections()
        now = self._looked_at = time.monotonic()
        if now - self._counted_at > COUNT_SECONDS:
            self._counted_at = now
            most = MAX_OUTBOX_MESSAGES + 1
            _passage.is_full = waiting(most=most)["waiting"] == most
        self._more = False
        self._more = self.deliver_due() == BATCH_MESSAGES

    def _tidy(self, delivered: list[str]) -> None:
        """Delete the rows of what was delivered."""
        if delivered:
            close_old_connections()
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM outbox WHERE key = ANY(%s)", [delivered])
            delivered.clear()

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
            return sorted(
                _Leased(number, name, tries, None, bytes(body))
                for number, name, body, tries in cursor
            )

    def _deliver(self, leased: _Leased, message: Crossing[Any] | None) -> bool:
        try:
            if message is None or leased.message not in self._kinds:
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
            cursor.execute(
                "UPDATE outbox SET refused = %s WHERE id = %s OR key = %s", [why, *leased.row]
            )
        if self._on_refused is not None:
            self._on_refused(leased.message, why)

    def _put_off(self, leased: _Leased, why: str) -> None:
        pause = min(FIRST_PAUSE_SECONDS * 2 ** min(leased.tries - 1, 12), LONGEST_PAUSE_SECONDS)
        pause *= random.uniform(0.75, 1.25)  # noqa: S311 - spreads retries, guards nothing
        log.warning("outbox: %s put off %.1f s: %s", leased.message, pause, why)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE outbox SET leased_until = NULL,"
                " due_at = now() + make_interval(secs => %s) WHERE id = %s OR key = %s",
                [pause, *leased.row],
            )
