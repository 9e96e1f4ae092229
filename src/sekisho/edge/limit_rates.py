"""Bounds how much of the process one client, and all together, may take."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sekisho.edge.limits import EdgeLimits


class Rates:
    """A token bucket for each client; the least lately seen is forgotten first."""

    def __init__(self, limits: EdgeLimits, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds that never run back."""
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allow(self, client: str) -> bool:
        """Take one request from the client's bucket; False when it is empty."""
        now = self._clock()
        with self._lock:
            left, since = self._buckets.pop(client, (float(self._limits.rate_burst), now))
            left = min(
                float(self._limits.rate_burst), left + (now - since) * self._limits.rate_per_second
            )
            allowed = left >= 1
            self._buckets[client] = (left - 1 if allowed else left, now)
            while len(self._buckets) > self._limits.clients_remembered:
                self._buckets.popitem(last=False)
            return allowed

    def __len__(self) -> int:
        return len(self._buckets)


class Slots:
    """A bounded number of things under way at once."""

    def __init__(self, most: int) -> None:
        self._free = threading.Semaphore(most)
        self._lock = threading.Lock()
        self.most = most
        self.taken = 0

    def take(self, wait_seconds: float = 0.0) -> bool:
        """Take a slot, waiting at most so long; False when none came free."""
        if not self._free.acquire(blocking=wait_seconds > 0, timeout=wait_seconds or None):
            return False
        with self._lock:
            self.taken += 1
        return True

    def give_back(self) -> None:
        with self._lock:
            self.taken -= 1
        self._free.release()

    @contextmanager
    def one(self, wait_seconds: float) -> Iterator[bool]:
        """Hold a slot while inside; yields False when none came free."""
        taken = self.take(wait_seconds)
        try:
            yield taken
        finally:
            if taken:
                self.give_back()
