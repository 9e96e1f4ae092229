"""The embedded PostgreSQL comes up whatever the last one left."""

import contextlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from sekisho.processes import cluster as cluster_module
from sekisho.processes.cluster import Cluster
from sekisho.processes.cluster_errors import ClusterFolderError
from sekisho.processes.socket_places import MAX_SOCKET_PATH_BYTES

WAIT_SECONDS = 20.0


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cluster's files, made once; a test takes a copy."""
    folder = tmp_path_factory.mktemp("made") / "postgres"
    cluster = Cluster(folder, durable=False)
    cluster.start()
    cluster.execute_sql("CREATE TABLE public.kept (n int)")
    cluster.execute_sql("INSERT INTO public.kept VALUES (7)")
    cluster.stop()
    return folder


@pytest.fixture
def cluster(made: Path, tmp_path: Path) -> Iterator[Cluster]:
    folder = tmp_path / "postgres"
    shutil.copytree(made, folder, symlinks=True)
    cluster = Cluster(folder)
    yield cluster
    cluster.stop()


def kept(cluster: Cluster) -> list[tuple[object, ...]]:
    return cluster.execute_sql("SELECT n FROM public.kept")


def gone(pid: int) -> bool:
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not gone(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_starts_again_on_the_same_data(cluster: Cluster) -> None:
    cluster.start()
    assert kept(cluster) == [(7,)]
    cluster.stop()
    cluster.start()
    assert kept(cluster) == [(7,)]


def test_a_killed_server_comes_back(cluster: Cluster) -> None:
    cluster.start()
    cluster.execute_sql("INSERT INTO public.kept VALUES (8)")
    killed = cluster.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    wait_until_gone(killed)
    assert cluster.pid is None
    assert not cluster.is_healthy()
    cluster.start()
    assert kept(cluster) == [(7,), (8,)]
    assert cluster.is_healthy()


def test_a_stale_pid_of_another_program_is_forgotten(cluster: Cluster) -> None:
    (cluster.pgdata / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.pgdata}\n")
    cluster.start()
    assert kept(cluster) == [(7,)]


def test_the_server_of_a_killed_supervisor_is_ended_first(cluster: Cluster) -> None:
    left = Cluster(cluster.folder, durable=False)
    left.start()
    left_pid = left.pid
    assert left_pid is not None
    cluster.start()
    assert cluster.pid != left_pid
    assert left.pid is None
    assert kept(cluster) == [(7,)]


def test_root_without_user_namespaces_runs_it_as_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ordinary user has one mode only, which the other tests show."""
    as_root = os.geteuid() == 0
    if as_root:
        monkeypatch.setattr(cluster_module, "possible_modes", lambda: ["uid:65534"])
    folder = Path(tempfile.mkdtemp(prefix="sekisho-nobody-"))
    cluster = Cluster(folder / "postgres", durable=False)
    try:
        cluster.start()
        assert cluster.pid is not None
        assert Path(f"/proc/{cluster.pid}").stat().st_uid == (65534 if as_root else os.geteuid())
        cluster.stop()
        cluster.start()
        assert cluster.is_healthy()
    finally:
        cluster.stop()
        shutil.rmtree(folder)


def test_half_made_files_are_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    half_made = folder / "pgdata.half-made-0badcafe"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    cluster = Cluster(folder, durable=False)
    try:
        cluster.start()
        assert cluster.is_healthy()
        assert not half_made.exists()
    finally:
        cluster.stop()


def test_somebody_elses_files_are_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    (folder / "pgdata").mkdir(parents=True)
    precious = folder / "pgdata" / "thesis.txt"
    precious.write_text("mine")
    with pytest.raises(ClusterFolderError, match="move it away"):
        Cluster(folder, durable=False).start()
    assert precious.read_text() == "mine"


def test_a_missing_superuser_password_is_named(cluster: Cluster) -> None:
    (cluster.folder / "secrets" / "postgres_superuser").unlink()
    with pytest.raises(ClusterFolderError, match="postgres_superuser"):
        cluster.start()


def test_a_long_folder_gets_a_short_socket(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30) / "postgres"
    shutil.copytree(made, folder)
    cluster = Cluster(folder, durable=False)
    try:
        assert len(os.fsencode(cluster.sockets)) < MAX_SOCKET_PATH_BYTES
        assert cluster.sockets.stat().st_mode & 0o077 == 0
        cluster.start()
        assert kept(cluster) == [(7,)]
    finally:
        cluster.stop()
        shutil.rmtree(cluster.sockets, ignore_errors=True)


def test_is_durable_and_silent_unless_thrown_away(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    shutil.copytree(made, folder)
    cluster = Cluster(folder)
    try:
        cluster.start()
        wanted = {
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
            "listen_addresses": "",
            "log_statement": "none",
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            "data_checksums": "on",
        }
        rows = cluster.execute_sql(
            "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(wanted)]
        )
        assert dict(rows) == wanted
    finally:
        cluster.stop()


def test_a_failing_statement_leaves_no_value_in_the_log(cluster: Cluster) -> None:
    cluster.start()
    cluster.execute_sql("CREATE TABLE public.once (word text PRIMARY KEY)")
    for _ in range(2):
        with contextlib.suppress(psycopg.errors.UniqueViolation):
            cluster.execute_sql("INSERT INTO public.once VALUES ('canary-7f3a')")
    cluster.stop()
    log = cluster.log.read_text()
    assert "duplicate key" in log
    assert "canary-7f3a" not in log
