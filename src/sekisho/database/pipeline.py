"""A transaction whose statements travel together.

A statement is put in line and sent with the next one whose answer is needed; what is left goes
together with COMMIT. A wait for PostgreSQL costs more CPU than the statement itself, on both sides,
and a payment has dozens of statements. PostgreSQL still runs them one after the other and skips all
after one that fails (libpq, "Pipeline Mode"), so the answers mean what they always meant; only a
failure may be raised by a later line of Python, at the latest by the commit.

Statements are prepared at their first use on a connection."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db import connection, transaction
from psycopg import generators, pq
from psycopg.adapt import PyFormat, Transformer

Row = tuple[Any, ...]
Values = Sequence[Any] | Mapping[str, Any]

MAX_PREPARED_STATEMENTS = 500
"""Prepared on one connection; past it statements are planned at each use."""

MAX_IN_LINE_STATEMENTS = 64
"""Statements in line before they are sent without anybody asking for an answer."""

_FAILED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE, pq.ExecStatus.NONFATAL_ERROR)
_PLACE = re.compile(r"%(?:\((\w+)\))?s|%%")

Result = Any
"""A ``pq.abc.PGresult``."""


class Sent:
    """A statement in line; ``result`` is there once its answer was read."""

    __slots__ = ("key", "result")

    def __init__(self, key: tuple[bytes, tuple[int, ...]] | None = None) -> None:
        self.key = key
        """What was asked to be prepared, for an answer that only says so."""
        self.result: Result = None


class PipelinedTransaction:
    """One transaction on Django's connection of this thread. ``with`` it: it commits at the end of
    the block, and gives everything back when the block raises.

    Raises ``RuntimeError`` inside another transaction."""

    def __init__(self, *, begin: str = "BEGIN") -> None:
        self._begin = begin
        self._line: list[Sent] = []
        self._after: list[Callable[[], object]] = []

    def __enter__(self) -> PipelinedTransaction:
        if _here.transaction is not None or connection.in_atomic_block:
            raise RuntimeError("a transaction inside another one can't be committed by itself")
        connection.close_if_health_check_failed()
        connection.ensure_connection()
        self._raw: psycopg.Connection[Any] = connection.connection
        self._wire = self._raw.pgconn
        self._known = _known_on(self._raw)
        self._wire.enter_pipeline_mode()
        _here.transaction = self
        try:
            self.send(self._begin)
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._commit()
            else:
                self._roll_back()
        finally:
            self._leave()
        if kind is None:
            for act in self._after:
                act()

    def send(self, statement: str, values: Values = ()) -> Sent:
        """Put a statement in line."""
        text, names = _as_postgres_wants(statement)
        given = [values[name] for name in names] if isinstance(values, Mapping) else values
        known = self._known
        dumped = known.transformer.dump_sequence(given, [PyFormat.AUTO] * len(given))
        types = tuple(known.transformer.types or ())
        formats = known.transformer.formats
        key = (text, types)
        name = known.names.get(key)
        if name is None:
            if len(known.names) >= MAX_PREPARED_STATEMENTS:
                self._wire.send_query_params(text, dumped, types, formats)
                return self._in_line(Sent())
            name = known.names[key] = known.new_name()
            self._wire.send_prepare(name, text, types)
            self._line.append(Sent(key))
        self._wire.send_query_prepared(name, dumped, formats)
        return self._in_line(Sent())

    def answer(self, sent: Sent) -> Result:
        """Return the answer of a statement, with what stands before it in line. Raises
        ``psycopg.Error`` of the first one that failed."""
        if sent.result is None:
            self._settle()
        return sent.result

    def rows(self, result: Result) -> list[Row]:
        """Return the rows of an answer."""
        transformer = self._known.transformer
        transformer.set_pgresult(result)
        return transformer.load_rows(0, result.ntuples, tuple)

    def after_commit(self, act: Callable[[], object]) -> None:
        """Call ``act`` once this is committed."""
        self._after.append(act)

    # -- the wire -------------------------------------------------------------------------------

    def _in_line(self, sent: Sent) -> Sent:
        self._line.append(sent)
        if len(self._line) >= MAX_IN_LINE_STATEMENTS:
            self._settle()
        return sent

    def _settle(self) -> None:
        """Send what stands in line and read every answer; raises the first failure."""
        failure = self._read_line()
        if failure is not None:
            raise failure

    def _read_line(self) -> psycopg.Error | None:
        line, self._line = self._line, []
        self._wire.pipeline_sync()
        if self._wire.flush():
            self._raw.wait(generators.send(self._wire))
        failure: psycopg.Error | None = None
        for sent in line:
            [sent.result] = self._raw.wait(generators.fetch_many(self._wire))
            status = sent.result.status
            if status in _FAILED and failure is None:
                failure = psycopg.errors.error_from_result(sent.result, "utf-8")
            if sent.key is not None and status != pq.ExecStatus.COMMAND_OK:
                self._known.names.pop(sent.key, None)
        self._raw.wait(generators.fetch_many(self._wire))
        return failure

    def _commit(self) -> None:
        self.send("COMMIT")
        failure = self._read_line()
        if failure is not None:
            self._roll_back()
            raise failure

    def _roll_back(self) -> None:
        """End the transaction without its work; a connection that is gone has done so itself."""
        if self._wire.status != pq.ConnStatus.OK:
            return
        try:
            self._read_line()
            if self._wire.transaction_status != pq.TransactionStatus.IDLE:
                self.send("ROLLBACK")
                self._read_line()
        except psycopg.Error:
            self._raw.close()

    def _leave(self) -> None:
        _here.transaction = None
        idle = pq.TransactionStatus.IDLE
        if self._wire.status == pq.ConnStatus.OK and self._wire.transaction_status == idle:
            self._wire.exit_pipeline_mode()
        else:
            # Django takes a fresh connection at the next use.
            connection.close()


class _Here(threading.local):
    transaction: PipelinedTransaction | None = None


_here = _Here()


def write(statement: str, values: Values = ()) -> Callable[[], int]:
    """Run a statement whose answer nobody needs within the current transaction: a pipelined one,
    or Django's, or its own when there is none. What is returned says after the commit how many
    rows were touched (``outbox.post_if`` asks)."""
    if _here.transaction is not None:
        sent = _here.transaction.send(statement, values)
        return lambda: sent.result.command_tuples or 0
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        touched = cursor.rowcount
    return lambda: touched


def after_commit(act: Callable[[], object]) -> None:
    """Call ``act`` after the commit of the current transaction; at once when there is none."""
    if _here.transaction is not None:
        _here.transaction.after_commit(act)
    else:
        transaction.on_commit(act)


class _Known:
    """What is prepared on one connection, and how its values are written and read."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self.names: dict[tuple[bytes, tuple[int, ...]], bytes] = {}
        self.transformer = Transformer(raw)
        self._named = 0

    def new_name(self) -> bytes:
        """A name that no statement on this connection ever had."""
        self._named += 1
        return b"sekisho_%d" % self._named


_known: WeakKeyDictionary[psycopg.Connection[Any], _Known] = WeakKeyDictionary()


def _known_on(raw: psycopg.Connection[Any]) -> _Known:
    known = _known.get(raw)
    if known is None:
        known = _known[raw] = _Known(raw)
    return known


@lru_cache(2_000)
def _as_postgres_wants(statement: str) -> tuple[bytes, tuple[str, ...]]:
    """Return ``statement`` with ``$1`` for each ``%s``, and the names of ``%(name)s`` in order."""
    names: list[str] = []
    places = 0

    def place(match: re.Match[str]) -> str:
        nonlocal places
        if match.group() == "%%":
            return "%"
        if match.group(1):
            if match.group(1) not in names:
                names.append(match.group(1))
            return f"${names.index(match.group(1)) + 1}"
        places += 1
        return f"${places}"

    return _PLACE.sub(place, statement).encode(), tuple(names)
