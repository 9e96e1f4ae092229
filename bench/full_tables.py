"""Fills the tables with payments of long ago, by copying those that are there, table by table.

Every table of payments, vault and card network is copied with new keys: text in a unique index or
foreign key gets a suffix, numbers an offset beyond every number that is there. Triggers are off and
a table's indexes are filled after its rows, in one transaction that holds the table; two tables at
a time, the largest first. Only a superuser can do any of this, and only for a measurement: until
``fill`` is done the cluster is not durable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

ZONES = ("payments", "vault", "card_network")
LEFT_ALONE = frozenset(
    {
        *("client_body", "site", "lifecycle_edge", "outbox", "django_migrations", "wrong_answer"),
        *("import_file", "bill_staged", "policy_staged", "import_staged", "release_budget"),
        *("data_key", "epoch_key", "subject_key_version", "guard_count", "card_entry", "puzzle"),
        *("ledger_head", "ledger_block", "ledger_block_sum", "ledger_closed", "reconciliation"),
    }
)
SAME_IN_COPIES = frozenset({"client_body", "site", "kind", "state", "account", "purpose"})
CONNECTIONS = 2
WHILE_FILLING = {
    "synchronous_commit": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
}
SORT_MEMORY = "1GB"
LINKING_LOCK = 7235002
"""Whoever links the ledger holds it (``link_transfers``): no link is made between two tables."""

_TABLES = """
SELECT schemaname || '.' || tablename FROM pg_tables
WHERE schemaname = ANY(%s) AND NOT tablename = ANY(%s)
ORDER BY pg_table_size((schemaname || '.' || tablename)::regclass) DESC
"""
_LINKED = """
SELECT DISTINCT a.attname FROM pg_attribute a
WHERE a.attrelid = %(table)s::regclass AND a.attnum > 0
AND (EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique
             AND a.attnum = ANY(i.indkey))
     OR EXISTS (SELECT FROM pg_constraint c WHERE c.contype = 'f' AND c.conrelid = a.attrelid
                AND a.attnum = ANY(c.conkey))
     OR a.attname IN ('payment_id', 'subject', 'card_token', 'transfer_id', 'settles'))
"""
_COLUMNS = """
SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
WHERE attrelid = %(table)s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
ORDER BY attnum
"""
_SEQUENCES = """
SELECT s.oid::regclass::text FROM pg_class s JOIN pg_depend d ON d.objid = s.oid
AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('i', 'a')
WHERE s.relkind = 'S' AND d.refobjid = %(table)s::regclass
"""

Connect = Callable[[], psycopg.Connection[Any]]


class Table(NamedTuple):
    """``columns``: name and type; ``linked``: those that differ from copy to copy."""

    name: str
    columns: list[tuple[str, str]]
    linked: frozenset[str]


def fill(connect: Connect, payments: int) -> None:
    """Copy until there are ``payments`` payments. ``connect`` gives a superuser's connection that
    commits by itself. Raises ``RuntimeError`` without a payment to copy."""
    with connect() as database:
        found = database.execute("SELECT count(*) FROM payments.payment").fetchone()
        there = found[0] if found else 0
        if not there:
            raise RuntimeError("there is no payment to copy")
        copies = max(0, -(-payments // there) - 1)
        tables = _tables(database)
        database.execute("SELECT pg_advisory_lock(%s)", [LINKING_LOCK])
        offset = _offset(database, tables)
        with _not_durable(database), ThreadPoolExecutor(CONNECTIONS) as pool:
            for copied in [pool.submit(_copy, connect, t, copies, offset) for t in tables]:
                copied.result()
        _count_on(database, tables, offset * (copies + 1))
        _close_books(database)


def _tables(database: psycopg.Connection[Any]) -> list[Table]:
    tables = []
    for (name,) in database.execute(_TABLES, [list(ZONES), list(LEFT_ALONE)]).fetchall():
        linked = frozenset(row[0] for row in database.execute(_LINKED, {"table": name}))
        columns = database.execute(_COLUMNS, {"table": name}).fetchall()
        tables.append(Table(name, columns, linked - SAME_IN_COPIES))
    return tables


def _offset(database: psycopg.Connection[Any], tables: list[Table]) -> int:
    """The power of ten beyond every number that is copied."""
    highest = 0
    for table in tables:
        for name, kind in table.columns:
            if name in table.linked and kind == "bigint":
                query = sql.SQL("SELECT max({}) FROM {}")
                row = database.execute(query.format(sql.Identifier(name), _of(table))).fetchone()
                highest = max(highest, (row and row[0]) or 0)
    return int(10 ** len(str(highest)))


@contextmanager
def _not_durable(database: psycopg.Connection[Any]) -> Iterator[None]:
    for name, value in WHILE_FILLING.items():
        database.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), value))
    database.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        # Whole on the disk before anything counts on it again.
        database.execute("VACUUM (ANALYZE, PARALLEL 0)")
        for name in WHILE_FILLING:
            database.execute(sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(name)))
        database.execute("SELECT pg_reload_conf()")
        database.execute("CHECKPOINT")


def _copy(connect: Connect, table: Table, copies: int, offset: int) -> None:
    values = sql.SQL(", ").join(
        _copied(name, kind, offset) if name in table.linked else _as_it_is(name)
        for name, kind in table.columns
    )
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in table.columns)
    with connect() as database:
        database.execute("SET session_replication_role = replica")
        database.execute(sql.SQL("SET maintenance_work_mem = {}").format(SORT_MEMORY))
        with database.transaction():
            database.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(_of(table)))
            # An index that is not ready takes no rows; REINDEX makes it whole and ready again.
            database.execute(
                "UPDATE pg_index SET indisready = false, indisvalid = false"
                " WHERE indrelid = %s::regclass",
                [table.name],
            )
            database.execute(
                sql.SQL(
                    "INSERT INTO {0} ({1}) OVERRIDING SYSTEM VALUE"
                    " SELECT {2} FROM generate_series(1::bigint, {3}) n, {0} o"
                ).format(_of(table), names, values, sql.Literal(copies))
            )
            database.execute(sql.SQL("REINDEX TABLE {}").format(_of(table)))


def _of(table: Table) -> sql.Identifier:
    return sql.Identifier(*table.name.split("."))


def _as_it_is(name: str) -> sql.Composed:
    return sql.SQL("o.{}").format(sql.Identifier(name))


def _copied(name: str, kind: str, offset: int) -> sql.Composed:
    column = sql.Identifier(name)
    # A letter for each filling: a copy of a copy of an earlier one is still nobody else.
    suffix = sql.Literal("~" + chr(ord("a") + len(str(offset))))
    if kind in ("text", "character varying"):
        return sql.SQL("coalesce(nullif(o.{0}, '') || {1} || n, o.{0})").format(column, suffix)
    if kind == "bytea":
        return sql.SQL("o.{} || ({} || n)::bytea").format(column, suffix)
    if kind == "bigint":
        return sql.SQL("o.{} + n * {}").format(column, sql.Literal(offset))
    return _as_it_is(name)


def _count_on(database: psycopg.Connection[Any], tables: list[Table], start: int) -> None:
    """New rows come after the copies, as they would after years."""
    for table in tables:
        for (name,) in database.execute(_SEQUENCES, {"table": table.name}).fetchall():
            database.execute("SELECT setval(%s::regclass, %s)", [name, start])


def _close_books(database: psycopg.Connection[Any]) -> None:
    """The copies' links count as summed up: else the next link would sum up all of them."""
    database.execute(
        "INSERT INTO payments.ledger_block (last_position, first_position, earliest, latest)"
        " SELECT max(position), min(position), now(), now() FROM payments.ledger_link"
        " HAVING max(position) IS NOT NULL ON CONFLICT DO NOTHING"
    )
