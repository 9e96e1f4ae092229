"""Opens one zone's room for its tests: a throw-away PostgreSQL, the zone's schema, its own role.

A zone's `conftest.py` says `open_room("payments")` at import, before any test module loads a model.
Django then works as the zone's RUNTIME role, so a grant that is missing fails here and not on the
night. One room per pytest process, as Django has one set of settings per process.

Tests that write take the fixture `clean` (tests/conftest.py), which empties the zone's tables.
"""

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import sql

from sekisho.processes import django_settings
from sekisho.processes.cluster import Cluster
from sekisho.processes.evidence_schema import SCHEMA as EVIDENCE
from sekisho.processes.evidence_schema import grant_evidence, lay_down_evidence
from sekisho.processes.roles import (
    apply_grants,
    make_zone,
    open_runtime_role,
    owner_login,
)
from sekisho.transport.briefing import Briefing, DatabaseRole

opened: "list[Room]" = []


@dataclass
class Room:
    """An open room: `cluster` for acting as superuser, `facts` of the runtime role."""

    zone: str
    folder: Path
    cluster: Cluster
    facts: DatabaseRole
    kept_tables: frozenset[str]

    @property
    def own_folder(self) -> Path:
        """The zone's writable folder, for keys."""
        return self.folder / "own"

    def clean(self) -> None:
        """Empty every table that the migrations left empty, and the evidence, in one go."""
        with self.cluster.superuser_connection() as connection:
            tables = [
                table
                for table in _tables(self.cluster, self.facts.schema, EVIDENCE)
                if table not in self.kept_tables
            ]
            filled = [
                table
                for table in tables
                if connection.execute(
                    sql.SQL("SELECT EXISTS (SELECT FROM {})").format(_name(table))
                ).fetchone()
                == (True,)
            ]
            if filled:
                # Append-only tables refuse TRUNCATE by trigger; only a superuser gets past it.
                connection.execute("SET LOCAL session_replication_role = replica")
                names = sql.SQL(", ").join(map(_name, tables))
                connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(names))


def open_room(
    zone: str, *, schema: str | None = None, durable: bool = False, **settings: Any
) -> Room:
    """Start the room of `zone` and set Django up in it.

    schema: where it differs from the zone's name (`payer_site_metropolitan_tax`).
    durable: whether a commit waits for the disk; only a measurement wants it.
    settings: further arguments of `django_settings.build` (`urls`, `middleware`, ...).
    """
    folder = Path(tempfile.mkdtemp(prefix=f"sekisho-room-{zone}-"))
    cluster = Cluster(folder / "postgres", durable=durable)
    atexit.register(_close, cluster, folder)
    cluster.start()
    lay_down_evidence(cluster)
    schema = schema or zone
    make_zone(cluster, schema)
    grant_evidence(cluster, schema)
    (folder / "own").mkdir(mode=0o700)
    with owner_login(cluster, schema) as owner:
        briefing = Briefing(
            process=zone,
            zone=zone,
            folder=str(folder / "own"),
            log_folder=str(folder / "log"),
            database=owner,
        )
        django_settings.set_up(django_settings.build(briefing, zone=zone, **settings))
        _migrate()
    kept = frozenset(_filled_tables(cluster, schema))
    grants = Path(_records_folder(zone)) / "grants.sql"
    apply_grants(cluster, schema, grants.read_text(encoding="utf-8"))
    facts = open_runtime_role(cluster, schema)
    _continue_as(facts)
    room = Room(zone=zone, folder=folder, cluster=cluster, facts=facts, kept_tables=kept)
    opened.append(room)
    return room


def _migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def _continue_as(facts: DatabaseRole) -> None:
    """From here on every connection of this process is the runtime role's."""
    from django.db import connection

    connection.close()
    connection.settings_dict.update(django_settings.database_settings(facts))


def _records_folder(zone: str) -> str:
    from django.apps import apps

    return apps.get_app_config(zone).path


def _tables(cluster: Cluster, *schemas: str) -> list[str]:
    rows = cluster.execute_sql(
        "SELECT schemaname || '.' || tablename FROM pg_tables"
        " WHERE schemaname = ANY(%s) AND tablename <> 'django_migrations' ORDER BY 1",
        [list(schemas)],
    )
    return [row[0] for row in rows]


def _filled_tables(cluster: Cluster, schema: str) -> list[str]:
    return [
        table
        for table in _tables(cluster, schema, EVIDENCE)
        if cluster.execute_sql(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(_name(table)))
        == [(True,)]
    ]


def _name(table: str) -> sql.Identifier:
    return sql.Identifier(*table.split("."))


def _close(cluster: Cluster, folder: Path) -> None:
    cluster.stop()
    shutil.rmtree(folder, ignore_errors=True)
