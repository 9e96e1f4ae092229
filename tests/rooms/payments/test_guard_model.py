"""The guard's counts against a plain list, over random tries, answers and pauses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sekisho.payments.guard.busy import BusyCounts
from sekisho.payments.guard.count import (
    Who,
    bucket_of,
    count_answer,
    count_of_site,
    count_try,
    uncount_try,
)
from sekisho.payments.guard.rules import WINDOW_HOURS, Count, Scope
from sekisho.payments.move_payment import lock_payment
from sekisho.payments.records.session import EVERY_BODY, acting_for
from tests.rooms.payments.guard_hands import Furnish


class Step(NamedTuple):
    source: str
    session: str
    answer: str
    """``yes``, ``no``, ``uncount``, or nothing."""
    minutes: int


class Noted(NamedTuple):
    at: datetime
    source: str
    session: str
    what: str


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(["a", "b", ""]),
        st.sampled_from(["s", "t"]),
        st.sampled_from(["yes", "no", "uncount", ""]),
        st.sampled_from([0, 0, 1, 14, 50, 61, 700, 1_500]),
    ),
    max_size=12,
)


def reckon(book: list[Noted], now: datetime, hours: int, **same: str) -> tuple[int, int, int]:
    """Count what is in the window by going through the whole list."""
    start = bucket_of(now) - timedelta(hours=hours)
    seen = [
        note.what
        for note in book
        if note.at >= start and all(getattr(note, key) == value for key, value in same.items())
    ]
    return seen.count("try"), seen.count("no"), seen.count("yes")


_run = iter(range(10**6))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, forgets=st.sets(st.integers(0, 11)))
def test_the_counts_are_those_of_a_plain_list(
    furnish: Furnish, steps: list[Step], forgets: set[int]
) -> None:
    prober = furnish(bills=1)
    payment_id, busy = prober.begin(), BusyCounts()
    # Each example in days of its own (twelve steps are 12.5 days at most), so that windows see
    # nothing of the one before.
    now = prober.world.moment + timedelta(days=20 * next(_run))
    book: list[Noted] = []
    for place, step in enumerate(steps):
        now += timedelta(minutes=step.minutes)
        if place in forgets:
            busy = BusyCounts()
        with acting_for(EVERY_BODY) as rows:
            payment = lock_payment(rows, payment_id)
            assert payment is not None
            who = Who(step.session, step.source)
            book.append(Noted(now, step.source, step.session, "try"))
            found = {(c.scope, c.hours): c for c in count_try(rows, busy, payment, who, now)}
            _compare(found, book, step, now)
            if step.answer == "uncount":
                uncount_try(rows, busy, payment, who, now)
                book.pop()
            elif step.answer:
                told = payment._replace(counted_session=who.session, counted_source=who.source)
                count_answer(rows, busy, told, now, declined=step.answer == "no")
                book.append(Noted(now, step.source, step.session, step.answer))
            for count in count_of_site(rows, busy, payment.site, now):
                assert _facts(count) == reckon(book, now, count.hours)


def _facts(count: Count) -> tuple[int, int, int]:
    return count.attempts, count.declines, count.cleared


def _compare(
    found: Mapping[tuple[Scope, int], Count], book: list[Noted], step: Step, now: datetime
) -> None:
    for hours in WINDOW_HOURS:
        whole = reckon(book, now, hours)
        whole_scopes: tuple[Scope, ...] = ("card", "bin", "bill", "site")
        for scope in whole_scopes:
            assert _facts(found[scope, hours]) == whole
        same = reckon(book, now, hours, session=step.session)
        assert _facts(found["session", hours]) == same
        if step.source:
            same = reckon(book, now, hours, source=step.source)
            assert _facts(found["source", hours]) == same
        else:
            assert ("source", hours) not in found
