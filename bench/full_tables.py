"""Fills the tables with payments of long ago, by copying those that are there, set by set.

Every table of payments, vault and card network is copied row by row with new keys: text in a
unique index or foreign key gets a suffix, numbers an offset. Triggers are off (only a superuser can
do that), so the copies are what the triggers let through once."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

ZONES = ("payments", "vault", "card_network")
LEFT_ALONE = frozenset(
    {
        *("client_body", "site", "lifecycle_edge", "outbox", "django_migrations", "wrong_answer"),
        *("import_file", "bill_staged", "policy_staged", "import_staged", "release_budget"),
        *("data_key", "epoch_key", "subject_key_version", "guard_count", "card_entry", "puzzle"),
        *("ledger_link", "ledger_head", "reconciliation"),
    }
)
SAME_IN_COPIES = frozenset({"client_body", "site", "kind", "state", "account", "purpose"})
COPIES_AT_ONCE = 200
OFFSET = 10_000_000

_LINKED = """
SELECT DISTINCT a.attname FROM pg_attribute a
WHERE a.attrelid = %(table)s::regclass AND a.attnum > 0
AND (EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisunique
             AND a.attnum = ANY(i.indkey))
     OR EXISTS (SELECT FROM pg_constraint c WHERE c.contype = 'f' AND c.conrelid = a.attrelid
                AND a.attnum = ANY(c.conkey))
     OR a.attname IN ('payment_id', 'subject', 'card_token'))
"""
_COLUMNS = """
SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
WHERE attrelid = %(table)s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
ORDER BY attnum
"""


def fill(database: psycopg.Connection[Any], payments: int) -> None:
    """Copy until there are ``payments`` payments. Raises ``RuntimeError`` without one to copy."""
    found = database.execute("SELECT count(*) FROM payments.payment").fetchone()
    there = found[0] if found else 0
    if not there:
        raise RuntimeError("there is no payment to copy")
    copies = max(0, -(-payments // there) - 1)
    database.execute("SET session_replication_role = replica")
    database.execute("SET maintenance_work_mem = '256MB'")
    for table in _tables(database):
        _copy(database, table, copies)
    database.execute("RESET session_replication_role")
    database.execute("ANALYZE")
    database.execute("CHECKPOINT")


def _tables(database: psycopg.Connection[Any]) -> list[str]:
    rows = database.execute(
        "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname = ANY(%s)"
        " AND NOT tablename = ANY(%s) ORDER BY 1",
        [list(ZONES), list(LEFT_ALONE)],
    )
    return [row[0] for row in rows]


def _copy(database: psycopg.Connection[Any], table: str, copies: int) -> None:
    linked = {row[0] for row in database.execute(_LINKED, {"table": table})} - SAME_IN_COPIES
    columns = database.execute(_COLUMNS, {"table": table}).fetchall()
    names = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns)
    values = sql.SQL(", ").join(
        _copied(name, kind) if name in linked else sql.SQL("o.{}").format(sql.Identifier(name))
        for name, kind in columns
    )
    name = sql.Identifier(*table.split("."))
    database.execute(sql.SQL("CREATE TEMP TABLE original AS SELECT * FROM {}").format(name))
    for first in range(1, copies + 1, COPIES_AT_ONCE):
        last = min(copies, first + COPIES_AT_ONCE - 1)
        database.execute(
            sql.SQL(
                "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM original o,"
                " generate_series({}::bigint, {}) n ON CONFLICT DO NOTHING"
            ).format(name, names, values, sql.Literal(first), sql.Literal(last))
        )
    database.execute("DROP TABLE original")


def _copied(name: str, kind: str) -> sql.Composed:
    column = sql.Identifier(name)
    if kind in ("text", "character varying"):
        return sql.SQL("coalesce(nullif(o.{0}, '') || '~' || n, o.{0})").format(column)
    if kind == "bytea":
        return sql.SQL("o.{} || n::text::bytea").format(column)
    if kind == "bigint":
        return sql.SQL("o.{} + n * {}").format(column, sql.Literal(OFFSET))
    return sql.SQL("o.{}").format(column)
