"""Writes down what the asyncio side decides, in one thread and many at a time.

Everything that waits when the thread is free goes into one transaction: one commit for many
outcomes under load, one for one when it is quiet. A write that fails takes no other with it."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import psycopg
from django.db import InterfaceError, OperationalError, connection, transaction

from sekisho.card_network.errors import AnotherConnector
from sekisho.database.pipeline import PipelinedTransaction

LOG = logging.getLogger(__name__)

MAX_TOGETHER_WRITES = 64
MAX_WAITING_WRITES = 10_000

ONE_CONNECTOR_LOCK = 0x5E_4157_0001
"""PostgreSQL advisory lock: two connectors that examine the same orders could honour and undo the
same authorisation."""

Written = TypeVar("Written")


class _Write(NamedTuple):
    act: Callable[[], Any]
    written: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    plain: bool


class Scribe:
    """``await write(act)`` returns when ``act`` was run and committed."""

    def __init__(self) -> None:
        self._queue: queue.Queue[_Write | None] = queue.Queue(MAX_WAITING_WRITES)
        self._thread = threading.Thread(target=self._run, name="scribe", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    async def write(self, act: Callable[[], Written]) -> Written:
        """Run ``act`` (it uses Django's connection) in a transaction and return its value.

        Raises what ``act`` raises, ``DatabaseError`` when the commit fails, and
        ``AnotherConnector`` while another process holds this zone's lock."""
        return await self._put(act, plain=False)

    async def note(self, act: Callable[[], None]) -> None:
        """Write as ``write`` does, for an ``act`` that only says plain statements whose answers it
        does not look at (``sekisho.database.pipeline.write``): they travel in one go."""
        await self._put(act, plain=True)

    async def _put(self, act: Callable[[], Written], *, plain: bool) -> Written:
        loop = asyncio.get_running_loop()
        written: asyncio.Future[Written] = loop.create_future()
        self._queue.put_nowait(_Write(act, written, loop, plain))
        return await written

    def stop(self) -> None:
        """Finish what waits and end."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        going = True
        while going:
            together: list[_Write] = []
            one = self._queue.get()
            while one is not None:
                together.append(one)
                if len(together) == MAX_TOGETHER_WRITES:
                    break
                try:
                    one = self._queue.get_nowait()
                except queue.Empty:
                    break
            else:
                going = False
            for plain in (True, False):
                if group := [one for one in together if one.plain == plain]:
                    self._write_together(group)
        connection.close()

    def _write_together(self, together: list[_Write]) -> None:
        try:
            values = _commit([one.act for one in together], plain=together[0].plain)
        except Exception as problem:
            if len(together) == 1:
                _tell(together[0], None, problem)
                return
            for one in together:
                self._write_together([one])
            return
        for one, value in zip(together, values, strict=True):
            _tell(one, value, None)


def _commit(acts: list[Callable[[], Any]], *, plain: bool) -> list[Any]:
    """Run ``acts`` in one transaction; once more when the database connection turns out to be
    lost. Acts may be run again: what is done stays done and is told once."""
    for attempt in (1, 2):
        try:
            _hold_lock()
            with PipelinedTransaction() if plain else transaction.atomic():
                return [act() for act in acts]
        except (OperationalError, InterfaceError, psycopg.OperationalError):
            if attempt == 2 or connection.is_usable():
                raise
            connection.close()
    raise AssertionError("unreachable")


def _hold_lock() -> None:
    """Take the lock once per database connection; it is let go when the connection ends."""
    if connection.connection is not None and getattr(connection, "holds_connector_lock", None) is (
        connection.connection
    ):
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ONE_CONNECTOR_LOCK])
        row = cursor.fetchone()
    if not (row and row[0]):
        raise AnotherConnector("another card_network process works on these orders")
    connection.holds_connector_lock = connection.connection  # type: ignore[attr-defined]


def _tell(one: _Write, value: object, problem: Exception | None) -> None:
    def tell() -> None:
        if one.written.done():
            return
        if problem is None:
            one.written.set_result(value)
        else:
            one.written.set_exception(problem)

    try:
        one.loop.call_soon_threadsafe(tell)
    except RuntimeError:
        LOG.warning("a write was finished after the process had stopped waiting")
