"""Lays down the schema `evidence`: every zone may add a line, none may change or remove one."""

from importlib import resources

from psycopg import sql

from sekisho.processes.cluster import Cluster
from sekisho.processes.cluster_settings import DATABASE
from sekisho.processes.roles import make_role, owner_of

SCHEMA = "evidence"
RECONCILES = frozenset({"payments"})
"""Roles that may read the lines that they wrote themselves."""

KEEPER, READER, SUPERVISOR = "evidence_keeper", "evidence_reader", "supervisor"


def lay_down_evidence(cluster: Cluster) -> None:
    """Make schema, tables and the roles that belong to no zone; again changes nothing."""
    make_role(cluster, owner_of(SCHEMA), schema=SCHEMA)
    owner = sql.Identifier(owner_of(SCHEMA))
    with cluster.superuser_connection() as connection:
        # The owner never logs in; it needs this for the CREATE SCHEMA IF NOT EXISTS of its file.
        connection.execute(
            sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(sql.Identifier(DATABASE), owner)
        )
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(owner))
        connection.execute(_text("schema.sql"))
    for role, grants in (
        (KEEPER, "grants_keeper.sql"),
        (READER, "grants_reader.sql"),
        (SUPERVISOR, "grants.sql"),
    ):
        make_role(cluster, role)
        grant_evidence(cluster, role, grants)


def grant_evidence(cluster: Cluster, role: str, grants: str = "") -> None:
    """Let `role` append lines (and read its own, where it reconciles), or what `grants` say."""
    grants = grants or ("grants_books.sql" if role in RECONCILES else "grants.sql")
    with cluster.superuser_connection() as connection:
        owner = sql.Identifier(owner_of(SCHEMA))
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(owner))
        text = _text(grants).replace("{schema}", f'"{SCHEMA}"').replace("{role}", f'"{role}"')
        connection.execute(text)


def _text(name: str) -> str:
    return (resources.files("sekisho.evidence") / name).read_text(encoding="utf-8")
