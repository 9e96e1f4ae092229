"""One prepared statement that is a transaction of its own: for the path that every payment takes,
where Django's cursor costs more than the statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, LiteralString

import psycopg
from django.db import connection

from sekisho.crossings.message import Refusal

PREPARE_AFTER_USES = 1
"""A statement is prepared at its second use on a connection."""

Row = tuple[Any, ...]

REFUSED = "SKREF"
"""SQLSTATE with which the vault's own functions refuse: the code in the message."""


def run_raw(statement: LiteralString, values: Sequence[Any]) -> Row | None:
    """Run ``statement``, commit it, and return its first row.

    A connection that died since its last use is opened anew and the statement said once more; one
    that dies after the commit makes the second saying meet the first (a permit is spent once).
    Raises ``psycopg.Error``; ``RuntimeError`` inside a transaction, whose commit would come too
    late for what relies on it."""
    if connection.in_atomic_block:
        raise RuntimeError("this statement commits by itself; call it outside of a transaction")
    connection.ensure_connection()
    try:
        return _run(connection.connection, statement, values)
    except psycopg.OperationalError:
        if not connection.connection.closed:
            raise
        connection.close()
        connection.ensure_connection()
        return _run(connection.connection, statement, values)


def run_inside(statement: LiteralString, values: Sequence[Any]) -> Row | None:
    """Run ``statement`` in the current Django transaction; return its first row. Raises
    ``psycopg.Error``, after which the transaction must be given up."""
    connection.ensure_connection()
    return _run(connection.connection, statement, values)


def as_refusal(error: psycopg.Error, field: str | None = None) -> Refusal:
    """Return the refusal that a function raised; any other error is raised again."""
    if error.sqlstate != REFUSED:
        raise error
    return Refusal(error.diag.message_primary or "", error.diag.message_detail or "", field)


def _run(
    raw: psycopg.Connection[Any], statement: LiteralString, values: Sequence[Any]
) -> Row | None:
    raw.prepare_threshold = PREPARE_AFTER_USES
    row: Row | None = psycopg.Cursor(raw).execute(statement, values, binary=True).fetchone()
    return row
