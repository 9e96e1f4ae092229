"""A platform of a few processes for tests: `python -m tests.rooms.processes.small_platform`."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sekisho.processes.living import started_at
from sekisho.processes.supervisor import up
from sekisho.processes.supervisor.data_folder import DataFolder
from sekisho.processes.supervisor.roster import SEATS, Seat, seats
from sekisho.processes.supervisor.up import Platform, Progress

PROCESSES = ("notices", "evidence_keeper")
READY = "ready"
WAIT_SECONDS = 60.0


def few_seats(port_base: int) -> tuple[Seat, ...]:
    return tuple(seat for seat in seats(port_base=port_base) if seat.process in PROCESSES)


def find_port_base() -> int:
    """A number that moves every port of the roster to a free place."""
    ports = [port for seat in SEATS for port in seat.ports.values()]
    for base in range(20_000 + os.getpid() % 200 * 20, 50_000, 20):
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in ports:
                held.enter_context(socket.create_server(("127.0.0.1", port + base)))
            return base
    raise RuntimeError("no free ports")


def main() -> None:
    folder, base = sys.argv[1:]
    # As good as for ever: a test that waits for a second order sees that nothing else ended it.
    up.STOP_LIMIT_SECONDS = 10 * WAIT_SECONDS
    platform = Platform(DataFolder(Path(folder)), few_seats(int(base)), Progress())
    try:
        platform.start()
        if platform.wait_until_ready(WAIT_SECONDS):
            print(READY, flush=True)
        platform.watch()
    finally:
        platform.stop()


class Running:
    """A platform in a process of its own, as the terminal would start it."""

    def __init__(self, folder: Path, port_base: int) -> None:
        self.folder, self.port_base = folder, port_base
        command = (sys.executable, "-m", "tests.rooms.processes.small_platform")
        root = Path(__file__).parents[3]
        self.program = subprocess.Popen(
            [*command, str(folder), str(port_base)],
            cwd=root,
            env={**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.program.stdout is not None
        said = self.program.stdout.readline().strip()
        if said != READY:
            self.program.kill()
            raise AssertionError(self.program.communicate()[1])

    def sekisho(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a `sekisho` command on it."""
        command = (sys.executable, "-m", "sekisho.processes.terminal.main", *words)
        return subprocess.run(
            [*command, "--data", str(self.folder)],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")},
            capture_output=True,
            text=True,
            timeout=WAIT_SECONDS,
            check=False,
        )

    def status(self) -> dict[str, Any]:
        done = self.sekisho("status", "--json")
        shown: dict[str, Any] = json.loads(done.stdout)
        return shown

    def row(self, process: str) -> dict[str, Any]:
        rows = self.status()["processes"]
        return next(row for row in rows if row["process"] == process)

    def pids(self) -> list[int]:
        """Every process of it but the supervisor."""
        status = self.status()
        return [status["database_pid"], *(row["pid"] for row in status["processes"])]

    def port_of(self, process: str) -> int:
        seat = next(seat for seat in few_seats(self.port_base) if seat.process == process)
        return seat.ports["pages"]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.program.send_signal(number)
        self.program.communicate(timeout=WAIT_SECONDS)
        return self.program.returncode


@contextlib.contextmanager
def running(folder: Path, port_base: int | None = None) -> Iterator[Running]:
    platform = Running(folder, find_port_base() if port_base is None else port_base)
    try:
        yield platform
    finally:
        if platform.program.poll() is None:
            platform.end()


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not true():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def all_gone(pids: list[int]) -> bool:
    return all(started_at(pid) is None for pid in pids)


if __name__ == "__main__":
    main()
