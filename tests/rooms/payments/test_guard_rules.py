"""The guard's rules, without a database: each limit lets through what it says and no more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.crossings import payments
from sekisho.payments.errors import SettingsWrong
from sekisho.payments.guard import puzzle
from sekisho.payments.guard.guard_section import (
    BillLimits,
    BinLimits,
    CardLimits,
    GuardSection,
    SessionLimits,
    SiteLimits,
    SourceLimits,
)
from sekisho.payments.guard.puzzle import part_bits, solves
from sekisho.payments.guard.rules import PARTS, Count, judge, judge_site
from sekisho.payments.site_rules import read_site_rules
from tests.rooms.payments.guard_hands import solve
from tests.rooms.payments.world import SITES

COUNTED = st.sampled_from(["bill", "card", "session", "source"])
RATED = st.sampled_from(["bin", "site"])
HOURS = st.sampled_from([1, 24])

NEVER: dict[str, tuple[int, int]] = dict.fromkeys(
    ("step_up_fruitless", "refuse_fruitless", "step_up_attempts", "refuse_attempts"), (0, 0)
)
SILENT = GuardSection(
    card=CardLimits(**NEVER),
    session=SessionLimits(**NEVER),
    bill=BillLimits(**NEVER),
    source=SourceLimits(**NEVER),
    bin=BinLimits(step_up_percent=(0, 0), refuse_percent=(0, 0)),
    site=SiteLimits(step_up_percent=(0, 0), close_percent=(0, 0)),
)


def section(scope: str, **limits: Any) -> GuardSection:
    changed = msgspec.structs.replace(getattr(SILENT, scope), **limits)
    return msgspec.structs.replace(SILENT, **{scope: changed})


@given(
    scope=COUNTED,
    hours=HOURS,
    limit=st.integers(1, 500),
    seen=st.integers(0, 1_000),
    act=st.sampled_from(["step_up", "refuse"]),
    measure=st.sampled_from(["fruitless", "attempts"]),
    cleared=st.integers(0, 100),
)
def test_a_limit_of_n_lets_n_through(
    scope: Any, hours: int, limit: int, seen: int, act: str, measure: str, cleared: int
) -> None:
    pair = (limit, 0) if hours == 1 else (0, limit)
    rules = section(scope, **{f"{act}_{measure}": pair})
    attempts = seen + cleared if measure == "fruitless" else seen
    if measure == "attempts":
        cleared = min(cleared, attempts)
    verdict = judge(rules, [Count(scope, hours, attempts, 0, cleared)])
    assert (getattr(verdict, act) is not None) == (seen > limit)
    assert getattr(verdict, "refuse" if act == "step_up" else "step_up") is None


@given(
    scope=RATED,
    hours=HOURS,
    percent=st.integers(1, 100),
    least=st.integers(1, 50),
    declines=st.integers(0, 100),
    cleared=st.integers(0, 100),
)
def test_a_rate_trips_from_its_share_on_once_enough_was_seen(
    scope: Any, hours: int, percent: int, least: int, declines: int, cleared: int
) -> None:
    act = "refuse" if scope == "bin" else "close"
    rules = section(scope, from_attempts=(least, least), **{f"{act}_percent": (percent, percent)})
    count = Count(scope, hours, declines + cleared + 7, declines, cleared)
    answers = declines + cleared
    trips = answers >= least and declines / answers >= percent / 100 - 1e-12
    found = judge(rules, [count]).refuse if scope == "bin" else judge_site(rules, [count])
    assert (found is not None) == trips


def test_tries_in_flight_count_as_fruitless() -> None:
    """A burst is held up before the first answer came."""
    rules = section("site", from_attempts=(50, 50), step_up_percent=(60, 60))
    assert judge(rules, [Count("site", 1, 49, 0, 0)]).step_up is None
    assert judge(rules, [Count("site", 1, 50, 0, 0)]).step_up is not None
    assert judge(rules, [Count("site", 1, 50, 0, 21)]).step_up is None


def test_refusing_leaves_the_step_up_in_place() -> None:
    """Were the puzzle not asked of who is refused, its absence would tell."""
    rules = GuardSection()
    verdict = judge(rules, [Count("card", 1, 7, 7, 0)])
    assert verdict.refuse is not None and verdict.step_up is not None
    assert verdict.refuse.why == "card: 7 fruitless in 1 h, limit 6"


@given(seen=st.integers(1, 10_000))
def test_the_puzzle_hardens_and_stops_hardening(seen: int) -> None:
    rules = GuardSection()
    bits = judge(rules, [Count("source", 1, seen, 0, 0)]).bits
    harder = judge(rules, [Count("source", 1, seen + 15, 0, 0)]).bits
    assert rules.puzzle_bits <= bits <= harder <= rules.puzzle_bits_most


def test_nothing_counted_is_nothing_done() -> None:
    verdict = judge(GuardSection(), [])
    assert (verdict.step_up, verdict.refuse, verdict.why) == (None, None, "")


def test_a_key_left_out_keeps_its_default() -> None:
    """Who sets one limit must not switch the others off."""
    section = {**SITES["metropolitan_tax"], "guard": {
        "card": {"refuse_fruitless": [7, 14]}, "site": {"close_percent": [90, 90]}
    }}  # fmt: skip
    rules, plain = read_site_rules("metropolitan_tax", section).section.guard, GuardSection()
    assert rules.card == msgspec.structs.replace(plain.card, refuse_fruitless=(7, 14))
    assert rules.site == msgspec.structs.replace(plain.site, close_percent=(90, 90))
    assert rules.card.step_up_fruitless == (3, 6) and rules.site.step_up_percent == (60, 60)


@pytest.mark.parametrize(
    ("guard", "says"),
    [
        ({"mode": "off"}, "guard"),
        ({"card": {"step_up_fruitless": [3]}}, "guard.card.step_up_fruitless"),
        ({"card": {"step_up": [3, 3]}}, "guard.card"),
        ({"card": {"step_up_fruitless": [-1, 3]}}, "guard.card.step_up_fruitless: both from 0"),
        (
            {"bill": {"step_up_fruitless": [5, 5], "refuse_fruitless": [4, 9]}},
            "guard.bill.refuse_fruitless must not be under step_up_fruitless",
        ),
        ({"site": {"from_attempts": [0, 10]}}, "guard.site.from_attempts: both from 1"),
        ({"site": {"from_attempts": [9, 9], "refuse_percent": [9, 9]}}, "site.close_percent"),
        ({"bin": {"from_attempts": [9, 9], "close_percent": [9, 9]}}, "bin.refuse_percent"),
        ({"bin": {"from_attempts": [9, 9], "refuse_percent": [9, 101]}}, "from 0 (never) to 100"),
        ({"puzzle_bits": 9}, "guard.puzzle_bits and puzzle_bits_most"),
        ({"puzzle_bits": 20, "puzzle_bits_most": 19}, "puzzle_bits_most must rise"),
        ({"wait_minutes": 0}, "guard.wait_minutes must be from 1"),
        ({"waits_per_hour": 0}, "nobody is shut out"),
    ],
)
def test_a_wrong_setting_is_named(guard: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsWrong) as caught:
        read_site_rules("metropolitan_tax", {**SITES["metropolitan_tax"], "guard": guard})
    assert says in str(caught.value) and "metropolitan_tax" in str(caught.value)


@given(
    salt=st.text("0123456789abcdef", min_size=32, max_size=32),
    nudge=st.integers(1, 3),
)
def test_a_proof_is_right_for_its_own_salt_alone(salt: str, nudge: int) -> None:
    bits = 10
    asked = payments.Puzzle(
        salt=salt,
        parts=PARTS,
        part_bits=part_bits(bits, PARTS),
        waits_until=datetime(2026, 11, 20, tzinfo=UTC),
    )
    proof = solve(asked)
    assert solves(salt, bits, PARTS, proof)
    numbers = proof.split("-")
    assert not solves(salt, bits, PARTS, "-".join(numbers[:-1]))
    assert not solves(salt, bits, PARTS, proof + "-0")
    assert not solves(salt, 40, PARTS, proof)
    assert not solves(salt, bits, PARTS, "-".join(str(nudge) for _ in range(PARTS)))
    assert not solves(salt[::-1] + "0", bits, PARTS, proof)


@given(st.text(max_size=200))
def test_any_text_is_a_proof_or_not(text: str) -> None:
    assert not solves("0" * 32, 18, PARTS, text)


@pytest.mark.parametrize("number", ["", "00", "+1", "-1", "１", "1e3", "0x1", " 1", "1" * 13])
def test_a_number_has_one_spelling(number: str) -> None:
    assert puzzle._NUMBER.fullmatch(number) is None
