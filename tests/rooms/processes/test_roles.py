"""A zone's role can do what its grants say, and nothing else in the cluster."""

from collections.abc import Iterator

import psycopg
import pytest

from sekisho.processes.cluster import Cluster
from sekisho.processes.roles import (
    apply_grants,
    conninfo,
    make_zone,
    open_runtime_role,
    owner_login,
)
from sekisho.transport.briefing import DatabaseRole

REFUSED_TO_A_ZONE = (
    "CREATE TABLE mine (a int)",
    "CREATE TEMP TABLE mine (a int)",
    "CREATE SCHEMA mine",
    "CREATE TABLE public.mine (a int)",
    "SELECT * FROM public.kept",
    "SELECT * FROM other.theirs",
    "SELECT lo_create(0)",
    "SELECT pg_read_file('PG_VERSION')",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SET ROLE zone_owner",
    "SET SESSION AUTHORIZATION zone_owner",
    "UPDATE thing SET a = 2",
    "DELETE FROM thing",
    "TRUNCATE thing",
    "ALTER TABLE thing ADD COLUMN b int",
    "DROP TABLE thing",
    "SELECT rolpassword FROM pg_authid",
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("roles") / "postgres", durable=False)
    cluster.start()
    cluster.execute_sql("CREATE TABLE public.kept (n int)")
    for schema, table in (("zone", "thing"), ("other", "theirs")):
        make_zone(cluster, schema)
        with owner_login(cluster, schema) as owner, psycopg.connect(conninfo(owner)) as database:
            database.execute(f"CREATE TABLE {table} (a int)")  # type: ignore[call-overload]
    yield cluster
    cluster.stop()


@pytest.fixture
def zone(cluster: Cluster) -> DatabaseRole:
    """A zone that may read and insert into its one table, beside another zone."""
    for schema, table in (("zone", "thing"), ("other", "theirs")):
        apply_grants(cluster, schema, f"GRANT SELECT, INSERT ON {{schema}}.{table} TO {{role}};")
    return open_runtime_role(cluster, "zone")


@pytest.mark.parametrize("statement", REFUSED_TO_A_ZONE)
def test_a_zones_role_can_do_what_its_grants_say_and_no_more(
    zone: DatabaseRole, statement: str
) -> None:
    with psycopg.connect(conninfo(zone)) as database:
        database.execute("INSERT INTO thing VALUES (1)")
        assert database.execute("SELECT a FROM thing").fetchall() == [(1,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute(statement)  # type: ignore[call-overload]


def test_a_grant_that_is_no_longer_written_is_taken_away(
    cluster: Cluster, zone: DatabaseRole
) -> None:
    apply_grants(cluster, "zone", "GRANT SELECT (a) ON {schema}.thing TO {role};")
    with psycopg.connect(conninfo(zone)) as database:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.execute("INSERT INTO thing VALUES (1)")
        database.rollback()
        assert database.execute("SELECT a FROM thing").fetchall() == []
    apply_grants(cluster, "zone", "SELECT 1;")
    with (
        psycopg.connect(conninfo(zone)) as database,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        database.execute("SELECT a FROM thing")


def test_no_password_outlives_its_start(cluster: Cluster, zone: DatabaseRole) -> None:
    open_runtime_role(cluster, "zone")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(conninfo(zone))


def test_nobody_logs_in_as_owner_outside_a_migration(cluster: Cluster, zone: DatabaseRole) -> None:
    with owner_login(cluster, "zone") as owner:
        psycopg.connect(conninfo(owner)).close()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(conninfo(owner))
    assert zone.role == "zone"


def test_a_zones_role_reaches_no_other_database(zone: DatabaseRole) -> None:
    for database in ("postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
            psycopg.connect(conninfo(zone), dbname=database)
