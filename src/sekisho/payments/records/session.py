"""A transaction behind the wall: it sees the rows of the client bodies that it acts for, no others.

Its statements travel together (``sekisho.database.pipeline``): one whose answer nobody looks at
costs no wait, and its failure may be raised by a later line, at the latest at the end of the block.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import total_ordering
from typing import LiteralString, cast

from sekisho.database.pipeline import PipelinedTransaction, Row, Sent, Values

__all__ = ["EVERY_BODY", "Row", "Rows", "Values", "act_for", "acting_for"]

EVERY_BODY = "*"
"""For the platform's own work: outcomes of the network, the sweep, operators."""

LONG_STATEMENT_SECONDS = 240
"""How long one statement over a whole table may take."""


class Rows:
    """Hands for one transaction."""

    def __init__(self, transaction: PipelinedTransaction) -> None:
        self._transaction = transaction

    def one(self, statement: LiteralString, values: Values = ()) -> Row | None:
        """Return the first row, if there is one."""
        rows = self.all(statement, values)
        return rows[0] if rows else None

    def all(self, statement: LiteralString, values: Values = ()) -> list[Row]:
        """Return every row."""
        transaction = self._transaction
        return transaction.rows(transaction.answer(transaction.send(statement, values)))

    def do(self, statement: LiteralString, values: Values = ()) -> int:
        """Run a statement; return how many rows it touched, which is waited for when somebody
        looks at it."""
        sent = self._transaction.send(statement, values)
        return cast(int, Touched(self._transaction, sent))


@total_ordering
class Touched:
    """A number of rows that is not known before it is looked at."""

    __slots__ = ("_sent", "_transaction")

    def __init__(self, transaction: PipelinedTransaction, sent: Sent) -> None:
        self._transaction = transaction
        self._sent = sent

    def __int__(self) -> int:
        return self._transaction.answer(self._sent).command_tuples or 0

    __index__ = __int__

    def __hash__(self) -> int:
        return hash(int(self))

    def __bool__(self) -> bool:
        return int(self) > 0

    def __eq__(self, other: object) -> bool:
        return int(self) == other

    def __lt__(self, other: int) -> bool:
        return int(self) < other

    def __add__(self, other: int) -> int:
        return int(self) + other

    __radd__ = __add__

    def __repr__(self) -> str:
        return str(int(self))


@contextmanager
def acting_for(client_bodies: str, *, snapshot: bool = False, long: bool = False) -> Iterator[Rows]:
    """Open a transaction that sees the rows of ``client_bodies`` (ids with commas, or
    ``EVERY_BODY``) and commits at the end of the block.

    ``snapshot``: all statements see one moment; ``long``: each may take
    ``LONG_STATEMENT_SECONDS``. Raises ``RuntimeError`` inside another transaction: a wall can't be
    moved half-way."""
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ" if snapshot else "BEGIN"
    with PipelinedTransaction(begin=begin) as transaction:
        rows = Rows(transaction)
        if long:
            rows.do(f"SET LOCAL statement_timeout = '{LONG_STATEMENT_SECONDS}s'")
            # Rows laid aside a second ago have no statistics yet; the planner takes them for a few
            # and joins 20,000 by nested loops, for minutes.
            rows.do("SET LOCAL enable_nestloop = off")
        act_for(rows, client_bodies)
        yield rows


def act_for(rows: Rows, client_bodies: str) -> None:
    """Narrow the rest of the transaction to ``client_bodies``."""
    rows.do("SELECT set_config('sekisho.client_bodies', %s, true)", [client_bodies])
