"""Ends what a killed supervisor may have left, told by process id and start time."""

import contextlib
import json
import logging
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from sekisho.processes.living import started_at
from sekisho.processes.supervisor.child import Child

RUNNING_FILE = "running.json"
END_LIMIT_SECONDS = 5.0

log = logging.getLogger("sekisho.supervisor")


def note_running(folder: Path, children: Iterable[Child]) -> None:
    """Write down which processes run now. A disk that is full is no reason to end them: the list of
    before stays, and a number in it that is another program's by now is told by its start time."""
    running = [[child.pid, started] for child in children if (started := started_at(child.pid))]
    fresh = folder / (RUNNING_FILE + ".new")
    try:
        fresh.write_text(json.dumps(running))
        fresh.rename(folder / RUNNING_FILE)
    except OSError as error:
        log.warning("%s could not be written: %s", RUNNING_FILE, error.strerror)


def end_leftovers(folder: Path) -> int:
    """End the noted processes that still are the same ones; returns how many."""
    try:
        noted = json.loads((folder / RUNNING_FILE).read_text())
    except (FileNotFoundError, ValueError):
        return 0
    left = [pid for pid, started in noted if started_at(pid) == started]
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + END_LIMIT_SECONDS
    while any(started_at(pid) for pid in left) and time.monotonic() < deadline:
        time.sleep(0.02)
    return len(left)
