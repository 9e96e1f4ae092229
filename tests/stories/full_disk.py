"""Fills one of the platform's disks to the last byte, and empties it again.

Where the platform has no small disks (``faulty_platform``), its processes are forbidden to write
(RLIMIT_FSIZE 0): the kernel then refuses a write with EFBIG in the place of ENOSPC."""

from __future__ import annotations

import contextlib
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.running_platform import RunningPlatform
from tests.stories.faulty_platform import NO_DISKS

PIECE_BYTES = 4 * 1024 * 1024


@contextlib.contextmanager
def full_disk(platform: RunningPlatform, name: str) -> Iterator[None]:
    """While inside, nothing can be written to folder ``name`` of the data folder."""
    if NO_DISKS in platform.words():
        with _forbidden_to_write(platform, name):
            yield
        return
    # The disk is to be seen in the supervisor's mount namespace alone.
    seen = Path(f"/proc/{platform.pid}/root") / (platform.data / name).relative_to("/")
    filler = seen / "filler"
    try:
        _fill(filler)
        yield
    finally:
        filler.unlink()


def _fill(filler: Path) -> None:
    piece = PIECE_BYTES
    descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        while piece >= 1:
            try:
                os.write(descriptor, bytes(piece))
            except OSError:
                piece //= 4
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _forbidden_to_write(platform: RunningPlatform, name: str) -> Iterator[None]:
    everybody = psutil.Process(platform.pid).children(recursive=True)
    chosen = [one.pid for one in everybody if (one.name() == "postgres") == (name == "postgres")]
    try:
        _limit(chosen, 0)
        yield
    finally:
        _limit([one.pid for one in psutil.Process(platform.pid).children(recursive=True)], None)


def _limit(pids: list[int], most_bytes: int | None) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
            soft = hard if most_bytes is None else most_bytes
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
