"""CPU that each process of a platform has used, PostgreSQL split by whom it worked for.

Figures are user + system time from the operating system: unlike seconds on the clock they can be
compared on a machine that does other things too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import psutil

from tests.running_platform import RunningPlatform

Used = dict[str, float]
"""CPU seconds by name."""


class CpuReader:
    """Reads what a running platform has used so far."""

    def __init__(self, platform: RunningPlatform) -> None:
        self._pids = {name: row["pid"] for name, row in platform.status().items()}
        self._pids["supervisor"] = platform.pid
        postmaster = platform.data / "postgres" / "pgdata" / "postmaster.pid"
        self._postmaster = _outer_pid(platform, int(postmaster.read_text().splitlines()[0]))

    def read(self) -> Used:
        """Return CPU seconds by process; ``postgres: payments`` is PostgreSQL at work for it."""
        used: Used = {name: _seconds(psutil.Process(pid)) for name, pid in self._pids.items()}
        parent = psutil.Process(self._postmaster)
        times = parent.cpu_times()
        # Backends that ended in between are in the children's times of their parent.
        used["postgres: itself"] = sum(
            (times.user, times.system, times.children_user, times.children_system)
        )
        for child in parent.children():
            try:
                name = f"postgres: {_whom(child.cmdline())}"
                used[name] = used.get(name, 0.0) + _seconds(child)
            except psutil.NoSuchProcess:
                continue
        own = psutil.Process()
        used["load generator"] = _seconds(own)
        return used

    def memory(self, process: str) -> int:
        """Return the proportional set size of ``process``, in bytes."""
        return int(psutil.Process(self._pids[process]).memory_full_info().pss)


def difference(before: Mapping[str, float], after: Mapping[str, float]) -> Used:
    """Return what was used between two readings."""
    return {name: after[name] - before.get(name, 0.0) for name in after}


def merge_postgres(used: Mapping[str, float]) -> Used:
    """Return the same with one line for all of PostgreSQL."""
    merged: Used = {}
    for name, seconds in used.items():
        whole = name.partition(":")[0]
        merged[whole] = merged.get(whole, 0.0) + seconds
    return merged


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _whom(command: list[str]) -> str:
    """``postgres: payments sekisho [local] idle`` works for payments, ``postgres: walwriter`` for
    all."""
    words = " ".join(command).split()
    if len(words) > 2 and words[2] == "sekisho":
        return words[1]
    return "itself"


def _outer_pid(platform: RunningPlatform, written: int) -> int:
    """The postmaster's number as we see it: it may have been written in a namespace of users only,
    so it is checked against the supervisor's descendants."""
    for process in psutil.Process(platform.pid).children(recursive=True):
        if process.name() == "postgres" and process.pid == written:
            return written
    raise RuntimeError(f"{Path('postmaster.pid')} names {written}, which the supervisor lacks")
