"""A transaction behind the wall: it sees the rows of the client bodies that it acts for, no others.

Statements are prepared once per connection and sent with their values apart from the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from django.db import connection, transaction

EVERY_BODY = "*"
"""For the platform's own work: outcomes of the network, the sweep, operators."""

PREPARE_AFTER_USES = 1
"""A statement is prepared at its second use on a connection; planning costs more than running."""

LONG_STATEMENT_SECONDS = 240
"""How long one statement over a whole table may take."""

Row = tuple[Any, ...]
Values = Sequence[Any] | Mapping[str, Any]


class Rows:
    """Hands for one transaction."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        raw.prepare_threshold = PREPARE_AFTER_USES
        self._cursor = psycopg.Cursor(raw)

    def one(self, statement: LiteralString, values: Values = ()) -> Row | None:
        """Return the first row, if there is one."""
        row: Row | None = self._cursor.execute(statement, values).fetchone()
        return row

    def all(self, statement: LiteralString, values: Values = ()) -> list[Row]:
        """Return every row."""
        return self._cursor.execute(statement, values).fetchall()

    def do(self, statement: LiteralString, values: Values = ()) -> int:
        """Run a statement; return how many rows it touched."""
        return self._cursor.execute(statement, values).rowcount


@contextmanager
def acting_for(client_bodies: str, *, snapshot: bool = False, long: bool = False) -> Iterator[Rows]:
    """Open a transaction that sees the rows of ``client_bodies`` (ids with commas, or
    ``EVERY_BODY``) and commits at the end of the block.

    ``snapshot``: all statements see one moment; ``long``: each may take
    ``LONG_STATEMENT_SECONDS``. Raises ``RuntimeError`` inside another transaction: a wall can't be
    moved half-way."""
    with transaction.atomic(durable=True):
        connection.ensure_connection()
        rows = Rows(connection.connection)
        if snapshot:
            rows.do("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        if long:
            rows.do(f"SET LOCAL statement_timeout = '{LONG_STATEMENT_SECONDS}s'")
            # Rows laid aside a second ago have no statistics yet; the planner takes them for a few
            # and joins 20,000 by nested loops, for minutes.
            rows.do("SET LOCAL enable_nestloop = off")
        act_for(rows, client_bodies)
        yield rows


def act_for(rows: Rows, client_bodies: str) -> None:
    """Narrow the rest of the transaction to ``client_bodies``."""
    rows.one("SELECT set_config('sekisho.client_bodies', %s, true)", [client_bodies])
