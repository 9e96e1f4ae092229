"""`sekisho up` on which faults can be made: run as a program, like the command.

The same platform, but
- it waits less for the network, so that what is asked again after minutes in service is asked again
  while a story runs, and its card-testing guard only watches;
- PostgreSQL's folder and the log folder are small disks of their own (tmpfs in a mount namespace),
  where the kernel lets this user make them;
- each process's clock can be stepped: ``sekisho.vocabulary.clock.now`` and ``time.time`` add the
  seconds in the file ``clock_step`` of its folder. (A time namespace moves only monotonic clocks.)
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sekisho.processes.supervisor import start_program as real
from sekisho.processes.supervisor import up
from sekisho.processes.terminal.main import main

SMALL_DISKS = {"postgres": "600m", "log": "64m"}
"""Size by folder of the data folder."""

NO_DISKS = "no disks of our own here"
CLOCK_STEP_FILE = "clock_step"

PATIENCE = {
    "answer_s": 3.0,
    "ready_s": 4.0,
    "put_off_s": 0.5,
    "ask_again_s": [0.5, 1.0, 2.0, *[4.0] * 20],
    "directory_answer_s": 4.0,
}
"""Of ``card_network.connector.Patience``, in seconds."""

_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_MS_REC, _MS_PRIVATE, _MS_NOSUID, _MS_NODEV = 0x4000, 0x40000, 2, 4

_STEPPED = """
import datetime, runpy, sys, time
from sekisho.vocabulary import clock
_file, _real, _seconds = {file!r}, clock.now, time.time
def _step():
    try:
        with open(_file) as file:
            return float(file.read() or 0)
    except (OSError, ValueError):
        return 0.0
clock.now = lambda: _real() + datetime.timedelta(seconds=_step())
time.time = lambda: _seconds() + _step()
runpy.run_module({module!r}, run_name="__main__", alter_sys=True)
"""

_told = up.site_settings


def hurried_settings(zone: str) -> dict[str, Any]:
    """What a zone is told, with less patience."""
    told = dict(_told(zone))
    if zone == "card_network":
        told["card_network"] = {**told.get("card_network", {}), "patience": PATIENCE}
    return told


def start_with_stepped_clock(
    module: str, verb: str, briefing: Any, **more: Any
) -> subprocess.Popen[bytes]:
    """Start a program as the supervisor does, its clock in our hands."""
    honest = subprocess.Popen
    code = _STEPPED.format(file=str(Path(briefing.folder) / CLOCK_STEP_FILE), module=module)

    def popen(command: list[str], **facts: Any) -> subprocess.Popen[bytes]:
        return honest([*command[: command.index("-m")], "-c", code, verb], **facts)

    real.subprocess.Popen = popen  # type: ignore[misc, assignment]
    try:
        return real.start_program(module, verb, briefing, **more)
    finally:
        real.subprocess.Popen = honest  # type: ignore[misc]


def mount_small_disks(data: Path) -> None:
    """Enter a user and a mount namespace and put a small tmpfs on each folder. Raises OSError where
    the kernel does not let us."""
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    _do(libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _do(libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None))
    for name, size in SMALL_DISKS.items():
        folder = data / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        options = f"size={size},mode=0700".encode()
        flags = _MS_NOSUID | _MS_NODEV
        _do(libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", flags, options))


def _do(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    data = Path(sys.argv[sys.argv.index("--data") + 1])
    try:
        mount_small_disks(data)
    except OSError as refused:
        print(f"{NO_DISKS}: {refused}", flush=True)
    up.site_settings = hurried_settings
    up.start_program = start_with_stepped_clock
    sys.exit(main(sys.argv[1:]))
