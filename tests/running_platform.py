"""A whole platform for one test session: `sekisho up` on its own data folder and ports."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

START_LIMIT_SECONDS = 300
STOP_LIMIT_SECONDS = 60
COMMAND_LIMIT_SECONDS = 120
FIRST_PORT, LAST_PORT = 7001, 7010

SEKISHO = [sys.executable, "-I", "-m", "sekisho.processes.terminal.main"]


class PlatformDidNotStart(Exception):
    """Carries what `sekisho up` said."""


def free_port_base() -> int:
    """A number to add to every port so that all of them are free."""
    for base in range(1000 + os.getpid() % 40 * 100, 40_000, 20):
        with contextlib.ExitStack() as held:
            try:
                for port in range(FIRST_PORT, LAST_PORT + 1):
                    probe = held.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port + base))
            except OSError:
                continue
            return base
    raise PlatformDidNotStart("no ten free ports in a row")


class RunningPlatform:
    """`sekisho up` as an operator would start it."""

    def __init__(
        self, data: Path, *, port_base: int | None = None, up: list[str] | None = None
    ) -> None:
        """``up``: another program in place of ``sekisho``, for starting only."""
        self.data = data
        self._up = up or SEKISHO
        self.port_base = free_port_base() if port_base is None else port_base
        self.said = data.with_suffix(".said")
        self._program: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._program is not None
        return self._program.pid

    def start(self) -> RunningPlatform:
        with self.said.open("wb") as said:
            self._program = subprocess.Popen(
                [*self._up, "up", "--data", str(self.data), "--port-base", str(self.port_base)],
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_LIMIT_SECONDS
        while "Ctrl-C stops everything" not in self.words():
            if self._program.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise PlatformDidNotStart(self.words())
            time.sleep(0.1)
        return self

    def words(self) -> str:
        """All that `sekisho up` has said."""
        return self.said.read_text(encoding="utf-8", errors="replace")

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """End it as Ctrl-C does; return its exit status."""
        if self._program is None:
            return 0
        if self._program.poll() is None:
            os.kill(self._program.pid, number)
        try:
            return self._program.wait(STOP_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._program.pid, signal.SIGKILL)
            self._program.wait()
            raise

    def sekisho(self, *words: str, check: bool = True) -> str:
        """Run a command on this platform; return what it printed."""
        done = subprocess.run(
            [*SEKISHO, *words, "--data", str(self.data)],
            capture_output=True,
            text=True,
            timeout=COMMAND_LIMIT_SECONDS,
            check=False,
        )
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def status(self) -> dict[str, dict[str, Any]]:
        """Each process's row of `sekisho status --json`, by name."""
        # The status tells by its exit status that a process is down: that is no fault here.
        rows = json.loads(self.sekisho("status", "--json", check=False))["processes"]
        return {row["process"]: row for row in rows}

    def address(self, process: str) -> str:
        """A process's public address, without a slash at its end."""
        address: str = self.status()[process]["address"]
        return address.rstrip("/")
