"""The sandbox refuses what an intruder would try; the same attempts succeed without it."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sekisho.processes.sandbox import SandboxError, SandboxReport, enter, landlock, plan_for_code
from tests.rooms.processes import attempts

ALLOWED = (
    "read_inside",
    "write_inside",
    "rename_inside",
    "import_late",
    "connect_listed_port",
)
REFUSED = (
    "read_outside",
    "list_outside",
    "write_outside",
    "change_outside",
    "truncate_outside",
    "remove_outside",
    "link_inside_to_outside",
    "connect_other_port",
    "listen",
    "start_program",
    "signal_parent",
    "read_own_memory_file",
    "read_parent_memory_file",
)


@pytest.fixture
def ports() -> Iterator[tuple[int, int]]:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        yield one.getsockname()[1], other.getsockname()[1]


def try_all(mode: str, folder: Path, ports: tuple[int, int]) -> dict[str, Any]:
    inside, outside = folder / mode / "inside", folder / mode / "outside"
    inside.mkdir(parents=True)
    outside.mkdir()
    (inside / "own.txt").write_text("mine")
    (outside / "secret.txt").write_text("theirs")
    (outside / "victim.txt").write_text("theirs")
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [
            *(sys.executable, attempts.__file__, mode, str(inside), str(outside)),
            *map(str, ports),
        ],
        env={**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_refuses_everything_outside_the_plan(tmp_path: Path, ports: tuple[int, int]) -> None:
    told = try_all("on", tmp_path, ports)
    assert told["report"]["missing"] == []
    assert {name: told[name] for name in ALLOWED} == dict.fromkeys(ALLOWED, "")
    assert [name for name in REFUSED if told[name] == ""] == []
    assert (tmp_path / "on" / "outside" / "secret.txt").read_text() == "theirs"


def test_gives_up_every_privilege(tmp_path: Path, ports: tuple[int, int]) -> None:
    told = try_all("on", tmp_path, ports)
    assert told["privileges"] == {
        "capabilities": 0,
        "no_new_privileges": 1,
        "dumpable": 0,
        "core_bytes": 0,
    }


def test_the_same_attempts_succeed_without_it(tmp_path: Path, ports: tuple[int, int]) -> None:
    told = try_all("off", tmp_path, ports)
    assert [name for name in (*ALLOWED, *REFUSED) if told[name]] == []


def test_is_refused_once_a_thread_runs() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        with pytest.raises(SandboxError, match="threads run already"):
            enter(plan_for_code())
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    ("version", "missing"),
    [
        (0, ["files", "TCP ports", "signals"]),
        (3, ["TCP ports", "signals"]),
        (5, ["signals"]),
        (6, []),
    ],
)
def test_what_the_kernel_lacks_is_said(version: int, missing: list[str]) -> None:
    report = SandboxReport(
        landlock_abi=version,
        files=version >= 1,
        ports=version >= landlock.ABI_PORTS,
        scopes=version >= landlock.ABI_SCOPES,
        no_new_privileges=True,
        no_capabilities=True,
        no_dumps=True,
    )
    assert len(report.missing) == len(missing)
    assert all(said.startswith(word) for said, word in zip(report.missing, missing, strict=True))
    assert all(said in report.describe() for said in report.missing)
