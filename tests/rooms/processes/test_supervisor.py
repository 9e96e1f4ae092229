"""The supervisor with real processes: what dies comes back, what stops leaves nothing behind."""

import http.client
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from sekisho.processes.roles import conninfo
from sekisho.processes.supervisor.data_folder import DataFolder
from sekisho.processes.supervisor.errors import AlreadyRunning, PortTaken
from sekisho.processes.supervisor.up import Platform, Progress
from sekisho.transport.briefing import Briefing
from tests.rooms.processes.small_platform import (
    WAIT_SECONDS,
    Running,
    all_gone,
    few_seats,
    find_port_base,
    running,
    wait_until,
)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("platform") / "data") as platform:
        yield platform


def get(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    finally:
        connection.close()


def evidence_of(platform: Running, kind: str) -> list[tuple[Any, ...]]:
    file = platform.folder / "secrets" / "terminal" / "briefing.json"
    briefing = msgspec.json.decode(file.read_bytes(), type=Briefing)
    assert briefing.database is not None
    with psycopg.connect(conninfo(briefing.database)) as database:
        return database.execute(
            "SELECT subject, facts FROM evidence.line WHERE kind = %s ORDER BY id", [kind]
        ).fetchall()


def test_status_shows_each_process(platform: Running) -> None:
    status = platform.status()
    assert status["ready"] is True
    rows = {row["process"]: row for row in status["processes"]}
    assert set(rows) == {"notices", "evidence_keeper"}
    assert rows["evidence_keeper"]["database_role"] == "evidence_keeper"
    assert rows["notices"]["database_role"] == ""
    for row in rows.values():
        assert row["state"] == "healthy"
        assert row["sandbox"].startswith("Landlock")
        assert row["memory_bytes"] > 1_000_000
    assert status["memory_bytes"] > sum(row["memory_bytes"] for row in rows.values())


def test_status_for_people_has_no_colour_codes_in_a_pipe(platform: Running) -> None:
    done = platform.sekisho("status")
    assert done.returncode == 0
    assert "evidence_keeper" in done.stdout
    assert "\x1b" not in done.stdout


def test_evidence_verifies(platform: Running) -> None:
    wait_until(lambda: "the chain is whole" in platform.sekisho("evidence", "verify").stdout)
    assert evidence_of(platform, "supervisor.platform_ready")


def test_a_killed_process_comes_back_and_no_connection_is_refused(platform: Running) -> None:
    before = platform.row("notices")
    os.kill(before["pid"], signal.SIGKILL)
    assert get(platform.port_of("notices")) == 200
    wait_until(lambda: platform.row("notices")["state"] == "healthy")
    after = platform.row("notices")
    assert after["pid"] != before["pid"]
    assert after["restarts"] == before["restarts"] + 1
    ended = evidence_of(platform, "supervisor.process_ended")
    assert ("notices", '{"why":"ended by SIGKILL"}') in ended
    assert evidence_of(platform, "supervisor.process_restarted")


def test_a_process_that_ends_by_itself_leaves_its_doors_usable(platform: Running) -> None:
    before = platform.row("notices")
    os.kill(before["pid"], signal.SIGTERM)
    wait_until(lambda: platform.row("notices")["restarts"] > before["restarts"])
    # Health goes through the crossing socket that the earlier life shut its end of.
    wait_until(lambda: platform.row("notices")["state"] == "healthy")
    assert get(platform.port_of("notices")) == 200


def told(platform: Running, kind: str) -> bool:
    """Whether evidence has such a line; no while the database is still recovering."""
    try:
        return bool(evidence_of(platform, kind))
    except psycopg.OperationalError:
        return False


def test_a_killed_database_comes_back(platform: Running) -> None:
    before = platform.status()["database_pid"]
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: platform.status()["database_pid"] not in (before, None))
    wait_until(lambda: told(platform, "supervisor.database_restarted"))
    wait_until(lambda: all(r["state"] == "healthy" for r in platform.status()["processes"]))


def test_a_second_supervisor_is_refused(platform: Running) -> None:
    second = Platform(DataFolder(platform.folder), few_seats(platform.port_base), Progress())
    with pytest.raises(AlreadyRunning, match=f"process {platform.program.pid}"):
        second.start()


def test_secrets_are_for_their_owner_alone(platform: Running) -> None:
    secrets = [*(platform.folder / "secrets").rglob("*"), *platform.folder.glob("*/keys/*")]
    assert len(secrets) > 4
    assert [path for path in secrets if path.stat().st_mode & 0o077] == []


def test_no_secret_in_arguments_or_environment(platform: Running) -> None:
    folder = platform.folder / "secrets"
    briefing = msgspec.json.decode(
        (folder / "terminal" / "briefing.json").read_bytes(), type=Briefing
    )
    assert briefing.database is not None
    superuser = (folder / "postgres_superuser").read_text()
    wait_until(lambda: None not in platform.pids())
    for pid in platform.pids():
        for name in ("cmdline", "environ"):
            shown = Path(f"/proc/{pid}/{name}").read_text()
            assert superuser not in shown
            assert briefing.database.password not in shown


def test_stop_leaves_nothing_and_start_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with running(folder) as platform:
        port_base, pids = platform.port_base, platform.pids()
        assert platform.end(signal.SIGINT) == 0
    assert all_gone(pids)
    with running(folder, port_base) as platform:
        assert len(evidence_of(platform, "supervisor.platform_ready")) == 2
        assert len(evidence_of(platform, "supervisor.platform_stopped")) == 1
        pids = platform.pids()
        done = platform.sekisho("down")
        assert (done.returncode, done.stdout) == (0, "stopped\n")
        assert platform.program.wait(30) == 0
    assert all_gone(pids)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (signal.SIGINT, signal.SIGINT),
        (signal.SIGTERM, signal.SIGTERM),
        (signal.SIGTERM, signal.SIGINT),
    ],
)
def test_a_second_order_to_stop_forces_what_hangs(
    tmp_path: Path, first: signal.Signals, second: signal.Signals
) -> None:
    """One process can't hear the first order; the small platform would wait for it for minutes."""
    with running(tmp_path / "data") as platform:
        pids = platform.pids()
        os.kill(platform.row("notices")["pid"], signal.SIGSTOP)
        log = platform.folder / "log" / "supervisor" / "log.jsonl"
        platform.program.send_signal(first)
        wait_until(lambda: "platform_stopped" in log.read_text())
        assert platform.program.poll() is None
        platform.program.send_signal(second)
        assert platform.program.wait(WAIT_SECONDS) == 0
    assert all_gone(pids)


def test_a_process_that_was_well_comes_back_soon_however_often_it_falls(
    platform: Running,
) -> None:
    for _ in range(4):
        wait_until(lambda: platform.row("notices")["state"] == "healthy")
        os.kill(platform.row("notices")["pid"], signal.SIGKILL)
    wait_until(lambda: platform.row("notices")["state"] == "healthy")


def test_a_killed_supervisor_leaves_no_orphans_and_the_next_start_recovers(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    with running(folder) as platform:
        port_base, pids = platform.port_base, platform.pids()
        platform.end(signal.SIGKILL)
    wait_until(lambda: all_gone(pids))
    with running(folder, port_base) as platform:
        assert platform.row("notices")["state"] == "healthy"
        wait_until(lambda: platform.sekisho("evidence", "verify").returncode == 0)


def test_a_taken_port_is_named_with_its_holder(tmp_path: Path) -> None:
    base = find_port_base()
    seat = next(seat for seat in few_seats(base) if seat.ports)
    port = seat.ports["pages"]
    platform = Platform(DataFolder(tmp_path / "data"), few_seats(base), Progress())
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(PortTaken) as refused:
            platform.start()
        platform.stop()
    said = str(refused.value)
    assert f"port {port} ({seat.title}) is taken by process {os.getpid()}" in said
    assert "--port-base" in said


def test_down_without_a_platform_says_so(tmp_path: Path) -> None:
    from sekisho.processes.terminal.main import main

    assert main(["down", "--data", str(tmp_path)]) == 0
    assert main(["status", "--data", str(tmp_path)]) == 1
