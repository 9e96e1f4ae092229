"""``[payments.guard]`` of a site's file: when a try is slowed, refused, and when the site stops
taking cards. Each pair of numbers is the limit over 1 hour and over 24 hours; 0 means never."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import msgspec

Pair = tuple[int, int]

MIN_PUZZLE_BITS, MAX_PUZZLE_BITS = 10, 24
"""Work of a puzzle is 2**bits hashes: 2**24 keeps a telephone busy for a minute or two."""

MAX_LIMIT = 1_000_000
MAX_WAIT_MINUTES = 60
MAX_WAITS_PER_HOUR = 1_000


class CountLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many tries may reach the card network. *Fruitless* ones have not brought a yes (yet)."""

    step_up_fruitless: Pair = (0, 0)
    refuse_fruitless: Pair = (0, 0)
    step_up_attempts: Pair = (0, 0)
    refuse_attempts: Pair = (0, 0)


class RateLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shares in percent, judged from ``from_attempts`` tries on. ``step_up_percent`` is of
    fruitless tries among all; the others are of declines among answers."""

    from_attempts: Pair
    step_up_percent: Pair = (0, 0)
    refuse_percent: Pair = (0, 0)
    close_percent: Pair = (0, 0)


class CardLimits(CountLimits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Defaults of ``[payments.guard.card]``: a key left out keeps the one below."""

    step_up_fruitless: Pair = (3, 6)
    refuse_fruitless: Pair = (6, 12)
    step_up_attempts: Pair = (20, 60)


class SessionLimits(CountLimits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    step_up_fruitless: Pair = (3, 8)
    refuse_fruitless: Pair = (8, 20)


class BillLimits(CountLimits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    step_up_fruitless: Pair = (4, 8)
    refuse_fruitless: Pair = (8, 16)


class SourceLimits(CountLimits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Many payers may share one address."""

    step_up_fruitless: Pair = (15, 45)
    refuse_fruitless: Pair = (45, 150)


class BinLimits(RateLimits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    from_attempts: Pair = (20, 60)
    step_up_percent: Pair = (70, 70)
    refuse_percent: Pair = (95, 95)


class SiteLimits(RateLimits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    from_attempts: Pair = (50, 200)
    step_up_percent: Pair = (60, 60)
    close_percent: Pair = (80, 80)


class GuardSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section as written; the defaults are safe for a site of any size."""

    mode: Literal["act", "watch"] = "act"
    """``watch``: count, and note what would have been done, but hold nobody up."""
    card: CardLimits = CardLimits()
    session: SessionLimits = SessionLimits()
    bill: BillLimits = BillLimits()
    source: SourceLimits = SourceLimits()
    bin: BinLimits = BinLimits()
    site: SiteLimits = SiteLimits()
    puzzle_bits: int = 18
    puzzle_bits_most: int = 22
    wait_minutes: int = 5
    """Without a script a payer goes on after this long."""
    waits_per_hour: int = 6
    """How often an hour one network address may go on by waiting."""

    @property
    def acts(self) -> bool:
        return self.mode == "act"

    @property
    def wait(self) -> timedelta:
        return timedelta(minutes=self.wait_minutes)

    def faults(self) -> Iterator[str]:
        """Yield what is wrong, key first."""
        for scope in ("card", "session", "bill", "source"):
            yield from _count_faults(scope, getattr(self, scope))
        for scope in ("bin", "site"):
            yield from _rate_faults(scope, getattr(self, scope))
        if self.bin.close_percent != (0, 0):
            yield "bin.close_percent: only guard.site closes; use bin.refuse_percent"
        if self.site.refuse_percent != (0, 0):
            yield "site.refuse_percent: use site.close_percent, which says so to payers"
        low, high = MIN_PUZZLE_BITS, MAX_PUZZLE_BITS
        if not low <= self.puzzle_bits <= self.puzzle_bits_most <= high:
            yield f"puzzle_bits and puzzle_bits_most must rise from {low} to {high} at most"
        if not 1 <= self.wait_minutes <= MAX_WAIT_MINUTES:
            yield f"wait_minutes must be from 1 to {MAX_WAIT_MINUTES}"
        if not 1 <= self.waits_per_hour <= MAX_WAITS_PER_HOUR:
            yield f"waits_per_hour must be from 1 to {MAX_WAITS_PER_HOUR}: nobody is shut out"


def _count_faults(scope: str, limits: CountLimits) -> Iterator[str]:
    for name in ("step_up_fruitless", "refuse_fruitless", "step_up_attempts", "refuse_attempts"):
        if not all(0 <= limit <= MAX_LIMIT for limit in getattr(limits, name)):
            yield f"{scope}.{name}: both from 0 (never) to {MAX_LIMIT}"
    for measure in ("fruitless", "attempts"):
        asked, refused = (getattr(limits, f"{act}_{measure}") for act in ("step_up", "refuse"))
        for step_up, refuse in zip(asked, refused, strict=True):
            if step_up > refuse > 0:
                yield f"{scope}.refuse_{measure} must not be under step_up_{measure}"


def _rate_faults(scope: str, limits: RateLimits) -> Iterator[str]:
    if not all(1 <= limit <= MAX_LIMIT for limit in limits.from_attempts):
        yield f"{scope}.from_attempts: both from 1 to {MAX_LIMIT}"
    for name in ("step_up_percent", "refuse_percent", "close_percent"):
        if not all(0 <= limit <= 100 for limit in getattr(limits, name)):
            yield f"{scope}.{name}: both from 0 (never) to 100"
