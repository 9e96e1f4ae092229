"""How long a refusal by the guard takes: as long as noes of issuers took lately, so that a clock
tells a card tester nothing."""

from __future__ import annotations

import secrets
from collections import deque
from datetime import timedelta

REMEMBERED_NOES = 64
ENOUGH_NOES = 8
"""Before that many were seen, a guess from ``GUESSED_SECONDS`` is taken."""

GUESSED_SECONDS = (1.2, 4.0)
LEAST_SECONDS, MOST_SECONDS = 0.3, 30.0

_dice = secrets.SystemRandom()


class Pace:
    """Seconds from "pay" to the issuer's no, of the latest noes without a challenge. Kept in memory
    of the one process that hears them."""

    def __init__(self) -> None:
        self._seen: deque[float] = deque(maxlen=REMEMBERED_NOES)

    def note(self, took: timedelta) -> None:
        """Remember how long a no took."""
        self._seen.append(min(max(took.total_seconds(), LEAST_SECONDS), MOST_SECONDS))

    def draw(self) -> timedelta:
        """Return a time as a no might take."""
        seen = list(self._seen)
        if len(seen) < ENOUGH_NOES:
            return timedelta(seconds=_dice.uniform(*GUESSED_SECONDS))
        return timedelta(seconds=_dice.choice(seen) * _dice.uniform(0.85, 1.15))
