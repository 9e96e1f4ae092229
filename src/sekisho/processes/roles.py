"""A zone's place in the database: a schema, the role that may change it, the role that may use it.

Source of the rule: PCI DSS v4.0.1, 7.2.1 and 7.2.6 (least privilege, also for applications).
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import sql
from psycopg.conninfo import make_conninfo

from sekisho.processes.cluster import CONNECT_LIMIT_SECONDS, Cluster
from sekisho.processes.cluster_settings import DATABASE, PORT
from sekisho.transport.briefing import DatabaseRole

RUNTIME_CONNECTION_LIMIT = 24
STATEMENT_LIMIT_MILLISECONDS = 30_000
LOCK_LIMIT_MILLISECONDS = 10_000
IDLE_IN_TRANSACTION_LIMIT_MILLISECONDS = 30_000
PASSWORD_BYTES = 24


def owner_of(schema: str) -> str:
    """The role that owns `schema` and runs its migrations."""
    return f"{schema}_owner"


def make_role(cluster: Cluster, role: str, *, schema: str | None = None) -> None:
    """Make a role without any right but to reach the database, or bring it back to that.

    schema: its search path; a role without one names the schema in every statement.
    """
    name = sql.Identifier(role)
    with cluster.superuser_connection() as connection:
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
        connection.execute(
            sql.SQL(
                "{} ROLE {} NOLOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE"
                " NOREPLICATION NOBYPASSRLS"
            ).format(sql.SQL("ALTER" if found else "CREATE"), name)
        )
        database = sql.Identifier(DATABASE)
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, name))
        settings: dict[str, sql.Composable] = {
            "search_path": sql.Identifier(schema) if schema else sql.Literal(""),
            "statement_timeout": sql.Literal(STATEMENT_LIMIT_MILLISECONDS),
            "lock_timeout": sql.Literal(LOCK_LIMIT_MILLISECONDS),
            "idle_in_transaction_session_timeout": sql.Literal(
                IDLE_IN_TRANSACTION_LIMIT_MILLISECONDS
            ),
        }
        for setting, value in settings.items():
            connection.execute(
                sql.SQL("ALTER ROLE {} IN DATABASE {} SET {} = {}").format(
                    name, database, sql.Identifier(setting), value
                )
            )


def make_zone(cluster: Cluster, schema: str) -> None:
    """Make schema, owner role and runtime role, or bring them back to what they should be."""
    owner = owner_of(schema)
    make_role(cluster, owner, schema=schema)
    make_role(cluster, schema, schema=schema)
    with cluster.superuser_connection() as connection:
        connection.execute(
            sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}").format(
                sql.Identifier(schema), sql.Identifier(owner)
            )
        )
        connection.execute(
            sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(
                sql.Identifier(schema), sql.Identifier(schema)
            )
        )


def apply_grants(cluster: Cluster, schema: str, grants: str) -> None:
    """Give the runtime role exactly what `grants` says, and take away all that it does not say.

    grants: SQL with the placeholders {schema} and {role}. Raises psycopg.Error for bad SQL, and
    then nothing changed.
    """
    schema_name, role = sql.Identifier(schema), sql.Identifier(schema)
    with cluster.superuser_connection() as connection:
        for things in ("TABLES", "SEQUENCES", "ROUTINES"):
            connection.execute(
                sql.SQL("REVOKE ALL ON ALL {} IN SCHEMA {} FROM PUBLIC, {}").format(
                    sql.SQL(things), schema_name, role
                )
            )
        # Column grants outlive a REVOKE on the table only where they were given by column.
        columns = connection.execute(
            "SELECT DISTINCT table_name, column_name FROM information_schema.column_privileges"
            " WHERE table_schema = %s AND grantee = %s",
            (schema, schema),
        ).fetchall()
        for table, column in columns:
            connection.execute(
                sql.SQL("REVOKE ALL ({}) ON {}.{} FROM {}").format(
                    sql.Identifier(column), schema_name, sql.Identifier(table), role
                )
            )
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(owner_of(schema))))
        text = grants.replace("{schema}", f'"{schema}"').replace("{role}", f'"{schema}"')
        connection.execute(sql.SQL(text))


def read_grants(zone_records: Path) -> str:
    """The text of a zone's `grants.sql`; raises FileNotFoundError."""
    return (zone_records / "grants.sql").read_text(encoding="utf-8")


def open_runtime_role(
    cluster: Cluster, role: str, *, schema: str | None = None, password: str | None = None
) -> DatabaseRole:
    """Let the runtime role log in, with a fresh password unless one is given."""
    password = password or secrets.token_urlsafe(PASSWORD_BYTES)
    _set_login(cluster, role, password, RUNTIME_CONNECTION_LIMIT)
    return connection_facts(cluster, role, schema or role, password)


@contextmanager
def owner_login(cluster: Cluster, schema: str) -> Iterator[DatabaseRole]:
    """The owner's connection facts; outside this block nobody can log in as the owner."""
    owner = owner_of(schema)
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    _set_login(cluster, owner, password, 4)
    try:
        yield connection_facts(cluster, owner, schema, password)
    finally:
        cluster.execute_sql(
            sql.SQL("ALTER ROLE {} NOLOGIN PASSWORD NULL").format(sql.Identifier(owner))
        )


def connection_facts(cluster: Cluster, role: str, schema: str, password: str) -> DatabaseRole:
    """How `role` reaches `schema` in this cluster."""
    return DatabaseRole(
        socket_folder=str(cluster.sockets),
        port=PORT,
        database=DATABASE,
        role=role,
        schema=schema,
        password=password,
    )


def _set_login(cluster: Cluster, role: str, password: str, limit: int) -> None:
    cluster.execute_sql(
        sql.SQL("ALTER ROLE {} LOGIN PASSWORD {} CONNECTION LIMIT {}").format(
            sql.Identifier(role), sql.Literal(password), sql.Literal(limit)
        )
    )


def conninfo(role: DatabaseRole) -> str:
    """What psycopg needs to connect as `role`."""
    return make_conninfo(
        host=role.socket_folder,
        port=role.port,
        user=role.role,
        password=role.password,
        dbname=role.database,
        connect_timeout=CONNECT_LIMIT_SECONDS,
    )
