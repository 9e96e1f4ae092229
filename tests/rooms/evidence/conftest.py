"""A throw-away cluster with the evidence schema, a writer, the keeper and a superuser."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sekisho.evidence.append import INSERT_SQL, line_values
from sekisho.evidence.keeper import seal_new_lines
from sekisho.evidence.verify import Verified, verify
from sekisho.processes.cluster import Cluster
from sekisho.processes.evidence_schema import grant_evidence, lay_down_evidence
from sekisho.processes.roles import make_zone, open_runtime_role


class Books:
    """The evidence of one test."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster = cluster
        self.folder = folder
        self.key = Ed25519PrivateKey.generate()
        self.zone = self._enter("vault")
        self.keeper = self._enter("evidence_keeper")

    def _enter(self, role: str) -> psycopg.Connection[Any]:
        facts = open_runtime_role(self.cluster, role)
        return psycopg.connect(
            host=facts.socket_folder,
            port=facts.port,
            dbname=facts.database,
            user=facts.role,
            password=facts.password,
            autocommit=True,
        )

    def write(self, number: int) -> None:
        for at in range(number):
            self.zone.execute(INSERT_SQL, line_values("vault.test", f"s{at}", {"at": at}))

    def seal(self) -> int:
        return seal_new_lines(self.keeper, self.key, self.folder)

    def verify(self, *, anchors: bool = True) -> Verified:
        public = self.key.public_key().public_bytes_raw()
        return verify(self.keeper, public, self.folder if anchors else None)

    def tamper(self, statement: str) -> None:
        """As a superuser who switched the triggers off: the strongest attacker in the database."""
        with self.cluster.superuser_connection() as connection:
            connection.execute("SET LOCAL session_replication_role = replica")
            connection.execute(statement.encode())


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="sekisho-evidence-") as folder:
        cluster = Cluster(Path(folder) / "postgres", durable=False)
        cluster.start()
        lay_down_evidence(cluster)
        for role, rights in (("vault", "grants.sql"), ("evidence_keeper", "grants_keeper.sql")):
            make_zone(cluster, role)
            grant_evidence(cluster, role, rights)
        try:
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture
def books(cluster: Cluster, tmp_path: Path) -> Iterator[Books]:
    books = Books(cluster, tmp_path)
    books.tamper("TRUNCATE evidence.line, evidence.link, evidence.head RESTART IDENTITY")
    yield books
    books.zone.close()
    books.keeper.close()
