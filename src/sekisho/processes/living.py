"""Whether a process still lives, and whether it is still the same one."""

import os
import signal
import time
from pathlib import Path

POLL_SECONDS = 0.03


def started_at(pid: int | None) -> str | None:
    """When a living process began, in clock ticks since boot: with its id, unlike any other.

    None when there is none, or only its exit status that nobody has read yet (a zombie, which a
    container without an init keeps for ever).
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def end_process(pid: int, number: signal.Signals, limit_seconds: float) -> bool:
    """Send a signal and wait; True when the process is gone."""
    deadline = time.monotonic() + limit_seconds
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return True
    while started_at(pid) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
