"""Counts under the keys that every try touches: a BIN range, a whole site.

Their rows are many (a day of quarters, several shards each), so they are summed in the database at
most once in ``SUM_AGAIN_SECONDS``; in between this process adds its own tries to what it knows.
What another process counts is seen a second late."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import NamedTuple

from sekisho.payments.guard.rules import Scope

SUM_AGAIN_SECONDS = 1.0
MAX_KEYS_KNOWN = 10_000
"""When more BIN ranges than that are busy, all are summed anew."""

BUSY: tuple[Scope, ...] = ("bin", "site")

Sums = tuple[int, int, int, int, int, int]
"""Attempts, declines, cleared over the short window, then over the long one."""


class BusyKey(NamedTuple):
    site: str
    scope: Scope
    key: str


class _Known(NamedTuple):
    summed_at: float
    bucket: datetime
    sums: Sums


class BusyCounts:
    """What this process knows of busy keys."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[BusyKey, _Known] = {}

    def recall(self, key: BusyKey, bucket: datetime) -> Sums | None:
        """Return the sums if they are known and fresh; windows move with ``bucket``."""
        with self._lock:
            known = self._known.get(key)
        if known is None or known.bucket != bucket:
            return None
        return known.sums if time.monotonic() - known.summed_at < SUM_AGAIN_SECONDS else None

    def learn(self, key: BusyKey, bucket: datetime, sums: Sums) -> None:
        """Keep what the database summed."""
        with self._lock:
            if len(self._known) >= MAX_KEYS_KNOWN:
                self._known.clear()
            self._known[key] = _Known(time.monotonic(), bucket, sums)

    def add(self, key: BusyKey, *, attempts: int, declines: int, cleared: int) -> None:
        """Add what this process counts now, if the key is known."""
        more = (attempts, declines, cleared) * 2
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                sums = tuple(old + new for old, new in zip(known.sums, more, strict=True))
                self._known[key] = known._replace(sums=sums)  # type: ignore[arg-type]

    def forget(self) -> None:
        """Sum everything anew at the next question."""
        with self._lock:
            self._known.clear()
