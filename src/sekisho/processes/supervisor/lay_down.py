"""Lays the schemas down: evidence, then each zone's, only where its files changed."""

import hashlib
import subprocess
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from importlib import resources
from pathlib import Path

from sekisho.processes.cluster import Cluster
from sekisho.processes.evidence_schema import READER, grant_evidence, lay_down_evidence
from sekisho.processes.evidence_schema import SUPERVISOR as SUPERVISOR_ROLE
from sekisho.processes.roles import apply_grants, make_zone, open_runtime_role, owner_login
from sekisho.processes.supervisor.errors import PrepareFailed
from sekisho.processes.supervisor.roster import Seat
from sekisho.transport.briefing import DatabaseRole

MIGRATE_LIMIT_SECONDS = 300
EVIDENCE = "evidence"

StartMigration = Callable[[Seat, DatabaseRole], "subprocess.Popen[bytes]"]

LAID_DOWN = """
CREATE SCHEMA IF NOT EXISTS laid_down;
CREATE TABLE IF NOT EXISTS laid_down.schema (name text PRIMARY KEY, digest text NOT NULL)
"""


def lay_down(cluster: Cluster, roster: Iterable[Seat], start: StartMigration) -> list[str]:
    """Bring every schema to what its files say; returns the schemas that were changed.

    start: starts a zone's migration as the given owner, its output and errors in one pipe. Raises
    PrepareFailed naming the process.
    """
    cluster.execute_sql(LAID_DOWN)
    done = {str(name): str(digest) for name, digest in cluster.execute_sql(_READ)}
    changed = []
    digest = _digest([Path(str(resources.files("sekisho.evidence")))], "*.sql")
    if done.get(EVIDENCE) != digest:
        lay_down_evidence(cluster)
        _note(cluster, EVIDENCE, digest)
        changed.append(EVIDENCE)
    behind = []
    for seat in roster:
        if seat.records is None or seat.schema is None:
            continue
        digest = _digest([seat.records, seat.records / "migrations"], "*.py", "*.sql")
        if done.get(seat.schema) != digest:
            behind.append((seat, seat.schema, seat.records, digest))
    _migrate(cluster, [(seat, schema) for seat, schema, _, _ in behind], start)
    for _seat, schema, records, digest in behind:
        apply_grants(cluster, schema, (records / "grants.sql").read_text(encoding="utf-8"))
        grant_evidence(cluster, schema)
        _note(cluster, schema, digest)
        changed.append(schema)
    return changed


def open_roles(cluster: Cluster, roster: Iterable[Seat]) -> dict[str, DatabaseRole]:
    """Fresh passwords for every runtime role, by process; the old ones open nothing any more.

    The supervisor's own role and the reader's (for the terminal) are among them by role name.
    """
    roles = {}
    for seat in roster:
        role = seat.schema or seat.own_role
        if role is not None:
            roles[seat.process] = open_runtime_role(cluster, role)
    for role in (SUPERVISOR_ROLE, READER):
        roles[role] = open_runtime_role(cluster, role, schema=EVIDENCE)
    return roles


def _migrate(cluster: Cluster, behind: list[tuple[Seat, str]], start: StartMigration) -> None:
    with ExitStack() as owners:
        programs = []
        for seat, schema in behind:
            make_zone(cluster, schema)
            owner = owners.enter_context(owner_login(cluster, schema))
            programs.append((seat, start(seat, owner)))
        for seat, program in programs:
            said, _ = program.communicate(timeout=MIGRATE_LIMIT_SECONDS)
            if program.returncode != 0:
                end = said.decode(errors="replace")[-1200:].strip()
                raise PrepareFailed(f"{seat.process} could not migrate its schema:\n{end}")


_READ = "SELECT name, digest FROM laid_down.schema"


def _note(cluster: Cluster, name: str, digest: str) -> None:
    cluster.execute_sql(
        "INSERT INTO laid_down.schema VALUES (%s, %s)"
        " ON CONFLICT (name) DO UPDATE SET digest = EXCLUDED.digest",
        [name, digest],
    )


def _digest(folders: list[Path], *patterns: str) -> str:
    whole = hashlib.sha256()
    for folder in folders:
        for file in sorted(file for pattern in patterns for file in folder.glob(pattern)):
            whole.update(f"{file.name}\0".encode() + file.read_bytes() + b"\0")
    return whole.hexdigest()
