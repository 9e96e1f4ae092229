"""Starts one of our programs with its briefing on a descriptor, nothing of ours in argv or
environment."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import msgspec

from sekisho.transport.briefing import BRIEFING_FD_VARIABLE, Briefing

KEPT_VARIABLES = ("PATH", "SEKISHO_CRS", "SEKISHO_FONTS", "TZDIR")
MAX_OUTPUT_BYTES = 1024 * 1024
OUTPUT_FILE = "output.log"


def environment() -> dict[str, str]:
    """The environment of every process: the little that Python and the edge need."""
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    # One arena for each thread would cost more memory than it saves time here.
    return kept | {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2"}


def start_program(
    module: str,
    verb: str,
    briefing: Briefing,
    *,
    pass_fds: Sequence[int] = (),
    stdout: int | IO[bytes] = subprocess.DEVNULL,
    stderr: int | IO[bytes] = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start `python -m module verb` in a process group of its own.

    Call it from a thread that lives as long as the program may: the kernel ends the program with
    the thread that started it (PR_SET_PDEATHSIG).
    """
    # A memory file and not a pipe: a pipe that is not read yet holds 64 KiB only.
    descriptor = os.memfd_create("briefing", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, msgspec.json.encode(briefing))
        os.lseek(descriptor, 0, os.SEEK_SET)
        return subprocess.Popen(
            [sys.executable, "-I", "-B", "-m", module, verb],
            env=environment() | {BRIEFING_FD_VARIABLE: str(descriptor)},
            cwd=briefing.folder,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            pass_fds=(descriptor, *pass_fds),
            process_group=0,
            umask=0o077,
        )
    finally:
        os.close(descriptor)


def open_output(log_folder: Path) -> IO[bytes]:
    """Where a process's stray output goes: what it says before its own log is open."""
    log_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = log_folder / OUTPUT_FILE
    mode = "wb" if path.exists() and path.stat().st_size > MAX_OUTPUT_BYTES else "ab"
    output = path.open(mode)
    path.chmod(0o600)
    return output


def last_output(log_folder: Path, characters: int = 600) -> str:
    """The end of a process's stray output, for an error message."""
    try:
        return (log_folder / OUTPUT_FILE).read_text(errors="replace")[-characters:].strip()
    except FileNotFoundError:
        return ""
