"""How many requests one key may make: a bucket of tokens for questions, another for deeds.

In memory, as the desk is one process; after a restart every bucket is full again."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from sekisho.client_desk.api import limits


class Pace(NamedTuple):
    """A kind of bucket: ``burst`` tokens at most, ``per_second`` come back."""

    name: str
    per_second: float
    burst: int


READS = Pace("reads", limits.READS_PER_SECOND, limits.READS_BURST)
WRITES = Pace("writes", limits.WRITES_PER_SECOND, limits.WRITES_BURST)


class Left(NamedTuple):
    """What a bucket said. ``wait_seconds``: until there is a token again, 0 if there was one."""

    pace: Pace
    tokens: int
    wait_seconds: int

    def headers(self) -> dict[str, str]:
        """The bucket as ``RateLimit-Policy`` and ``RateLimit`` fields (IETF httpapi draft)."""
        window = math.ceil(self.pace.burst / self.pace.per_second)
        full_in = math.ceil((self.pace.burst - self.tokens) / self.pace.per_second)
        return {
            "RateLimit-Policy": f'"{self.pace.name}";q={self.pace.burst};w={window}',
            "RateLimit": f'"{self.pace.name}";r={self.tokens};t={full_in}',
        }


class Buckets:
    """The buckets of all keys; the least lately seen is forgotten first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds that never run back."""
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def forget(self) -> None:
        """Fill every bucket."""
        with self._lock:
            self._kept.clear()

    def take(self, key_id: str, pace: Pace) -> Left:
        """Take a token of ``key_id``, if there is one."""
        now, place = self._clock(), (key_id, pace.name)
        with self._lock:
            tokens, since = self._kept.pop(place, (float(pace.burst), now))
            tokens = min(float(pace.burst), tokens + (now - since) * pace.per_second)
            allowed = tokens >= 1
            tokens -= 1 if allowed else 0
            self._kept[place] = (tokens, now)
            while len(self._kept) > limits.KEYS_REMEMBERED:
                self._kept.popitem(last=False)
        wait = 0 if allowed else max(1, math.ceil((1 - tokens) / pace.per_second))
        return Left(pace, int(tokens), wait)


buckets = Buckets()
