"""The request log: one JSON line for each request, rotated, compressed, kept for a year.

Format and promises: docs/reference/request-log.md. A disk that is full must not take the site
down: lines are then dropped and counted, and `health` says so.
"""

from __future__ import annotations

import gzip
import itertools
import json
import logging
import os
import queue
import shutil
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

ROTATE_BYTES: Final = 64 * 1024 * 1024
ROTATE_SECONDS: Final = 24 * 3600
RETENTION_DAYS: Final = 400
"""PCI DSS 10.5.1 asks for twelve months; a month on top for the audit of the twelfth."""
# The bounds in describe_request.py, each character escaped, fit in.
MAX_LINE_BYTES: Final = 131_072
RETRY_AFTER_FAULT_SECONDS: Final = 1.0
MAX_FILES_TO_COMPRESS: Final = 1_000

_LIVE: Final = "requests.jsonl"
_ended = logging.getLogger("sekisho.edge")


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%S") + f".{moment.microsecond // 1000:03d}Z"


class RequestLog:
    """Writes lines from any thread; rotates and compresses in a thread of its own."""

    def __init__(
        self,
        folder: Path,
        *,
        rotate_bytes: int = ROTATE_BYTES,
        rotate_seconds: float = ROTATE_SECONDS,
        retention_days: int = RETENTION_DAYS,
    ) -> None:
        """Opens `folder`/requests.jsonl for appending; a fault now is tried again later."""
        self.folder = folder
        self._rotate_bytes, self._rotate_seconds = rotate_bytes, rotate_seconds
        self._retention = timedelta(days=retention_days)
        self._lock = threading.Lock()
        self._file: int | None = None
        self._size = 0
        self._opened_at = 0.0
        self._fault_at = float("-inf")
        self.fault = ""
        self.lines_written = 0
        self.lines_dropped = 0
        self._rotations = itertools.count()
        self._rotated: queue.Queue[Path | None] = queue.Queue(MAX_FILES_TO_COMPRESS)
        # Listed before this process rotates anything, so that nothing is compressed twice.
        self._left_over = sorted(folder.glob("requests-*.jsonl"))
        self._tidying = threading.Thread(target=self._tidy, name="request-log", daemon=True)
        self._tidying.start()
        with self._lock:
            self._try_open()

    def write(self, line: Mapping[str, Any]) -> None:
        """Append one line; never raises. ASCII only, so no byte can steer a terminal."""
        try:
            written = json.dumps(line, ensure_ascii=True, separators=(",", ":")).encode("ascii")
        except (TypeError, ValueError) as error:
            self.note(f"a line could not be written as JSON: {type(error).__name__}")
            return
        if len(written) > MAX_LINE_BYTES:
            self.note(f"a line was longer than {MAX_LINE_BYTES} bytes")
            return
        with self._lock:
            self._append(written + b"\n")

    def health(self) -> dict[str, Any]:
        """Lines written and dropped, and the last fault in words ("" when all is well)."""
        return {
            "lines_written": self.lines_written,
            "lines_dropped": self.lines_dropped,
            "fault": self.fault,
        }

    def close(self) -> None:
        """Close the file and wait for the compression under way."""
        with self._lock:
            self._close_file()
        self._rotated.put(None)
        self._tidying.join()

    def rotate(self) -> None:
        """Begin a new file now; the old one is compressed in the background."""
        with self._lock:
            self._rotate()

    def note(self, fault: str) -> None:
        self.lines_dropped += 1
        if fault != self.fault:
            _ended.warning("request log: %s", fault)
        self.fault = fault

    def _append(self, written: bytes) -> None:
        if self._file is None and time.monotonic() - self._fault_at >= RETRY_AFTER_FAULT_SECONDS:
            self._try_open()
        if self._file is None:
            self.lines_dropped += 1
            return
        try:
            done = os.write(self._file, written)
            self._size += done
            if done != len(written):
                raise OSError("only part of a line could be written")
        except OSError as error:
            self._close_file()
            self._fault_at = time.monotonic()
            self.note(f"could not write to {self.folder / _LIVE}: {error}")
            return
        self.lines_written += 1
        self.fault = ""
        aged = time.monotonic() - self._opened_at > self._rotate_seconds
        if self._size >= self._rotate_bytes or aged:
            self._rotate()

    def _try_open(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
            self._file = os.open(self.folder / _LIVE, flags, 0o640)
            self._size = os.fstat(self._file).st_size
            self._opened_at = time.monotonic()
            if self._size and os.pread(self._file, 1, self._size - 1) != b"\n":
                # A process that was killed, or a full disk, left half a line: end it.
                os.write(self._file, b"\n")
        except OSError as error:
            self._close_file()
            self._fault_at = time.monotonic()
            self.note(f"could not open {self.folder / _LIVE}: {error}")

    def _close_file(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _rotate(self) -> None:
        live = self.folder / _LIVE
        name = f"requests-{_stamp(datetime.now(UTC))}-{os.getpid()}-{next(self._rotations)}.jsonl"
        kept = self.folder / name
        try:
            self._close_file()
            if live.stat().st_size:
                live.rename(kept)
                self._rotated.put_nowait(kept)
        except (OSError, queue.Full) as error:
            self.note(f"could not rotate {live}: {error}")
        self._try_open()

    def _tidy(self) -> None:
        """Compress what was rotated, first what an earlier process left; forget what is old."""
        for left in self._left_over:
            self._compress(left)
        self._forget_old()
        while (kept := self._rotated.get()) is not None:
            self._compress(kept)
            self._forget_old()

    def _compress(self, kept: Path) -> None:
        packed = kept.with_suffix(".jsonl.gz")
        half = packed.with_suffix(".gz.part")
        try:
            with kept.open("rb") as source, gzip.open(half, "wb", compresslevel=6) as target:
                shutil.copyfileobj(source, target, 1 << 18)
            half.replace(packed)
            kept.unlink()
        except OSError as error:
            half.unlink(missing_ok=True)
            self.note(f"could not compress {kept}: {error}")

    def _forget_old(self) -> None:
        oldest = (datetime.now(UTC) - self._retention).timestamp()
        for packed in self.folder.glob("requests-*.jsonl.gz"):
            try:
                if packed.stat().st_mtime < oldest:
                    packed.unlink()
            except OSError as error:
                self.note(f"could not remove {packed}: {error}")
