"""The guard counts what it should: each scope by itself, over both windows, whatever comes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from sekisho.payments.expire import sweep
from sekisho.payments.guard.count import (
    BUCKET,
    COUNTS_KEPT,
    Who,
    bucket_of,
    count_try,
    window_start,
)
from sekisho.payments.guard.rules import SCOPES, WINDOW_HOURS
from sekisho.payments.move_payment import lock_payment
from sekisho.payments.records.session import EVERY_BODY, acting_for
from tests.rooms.payments.guard_hands import Furnish
from tests.rooms.payments.world import rows_of

SAME = {
    "card": {"card": "one"},
    "session": {"session": "one"},
    "source": {"source": "one"},
}


@pytest.mark.parametrize("scope", [*SAME, "bill"])
@pytest.mark.parametrize("hours", WINDOW_HOURS)
def test_each_scope_trips_at_its_limit_and_not_before(
    furnish: Furnish, scope: str, hours: int
) -> None:
    pair = [3, 0] if hours == 1 else [0, 3]
    changes: dict[str, Any] = {scope: {"refuse_fruitless": pair}}
    prober = furnish(**changes)
    same: dict[str, Any] = SAME.get(scope) or {"bill": prober.bill()}
    said = [prober.attempt(**same) for _ in range(3)]
    assert said == ["declined"] * 3
    assert prober.attempt(**same) == "refused"
    # The same try under other keys goes out: no other scope was touched.
    assert prober.attempt() == "declined"


@pytest.mark.parametrize("hours", WINDOW_HOURS)
def test_the_window_passes(furnish: Furnish, hours: int) -> None:
    pair = [2, 0] if hours == 1 else [0, 2]
    prober = furnish(card={"refuse_fruitless": pair})
    for _ in range(2):
        assert prober.attempt(card="one") == "declined"
    prober.world.later(hours=hours)
    assert prober.attempt(card="one") == "refused"
    prober.world.later(seconds=BUCKET.total_seconds())
    assert prober.attempt(card="one") == "declined"


def test_what_was_refused_or_asked_does_not_count(furnish: Furnish) -> None:
    """Else a refusal would renew itself for ever, and anybody could shut a card out."""
    prober = furnish(card={"refuse_fruitless": [2, 0]})
    prober.attempt(card="one")
    prober.attempt(card="one")
    for _ in range(5):
        assert prober.attempt(card="one") == "refused"
    assert counted("card") == [(2, 2, 0)]
    prober.world.later(hours=1, minutes=15)
    assert prober.attempt(card="one") == "declined"


def counted(scope: str) -> list[tuple[int, int, int]]:
    return [
        (int(a), int(d), int(c))
        for a, d, c in rows_of(
            "SELECT sum(attempts), sum(declines), sum(cleared) FROM guard_count"
            " WHERE scope = %s GROUP BY key HAVING sum(attempts) > 0 ORDER BY 1 DESC",
            [scope],
        )
    ]


@pytest.mark.parametrize(
    ("answer", "code", "counts"),
    [
        ("approved", "", (1, 0, 1)),
        ("declined", "05", (1, 1, 0)),
        ("declined", "51", (1, 1, 0)),
        ("declined", "91", (1, 0, 1)),
        ("not_sent", "", (1, 0, 1)),
        ("unknown", "", (1, 0, 0)),
        ("code_gone", "", (1, 0, 0)),
        ("failed", "", (1, 1, 0)),
        ("rejected", "", (1, 1, 0)),
        ("unavailable", "", (1, 0, 0)),
        ("silent", "", (1, 0, 0)),
    ],
)
def test_each_answer_is_counted_for_what_it_says(
    furnish: Furnish, answer: str, code: str, counts: tuple[int, int, int]
) -> None:
    prober = furnish()
    prober.attempt(answer=answer, code=code)
    assert {scope: counted(scope) for scope in SCOPES} == {scope: [counts] for scope in SCOPES}


def test_an_answer_that_comes_twice_counts_once(furnish: Furnish) -> None:
    prober = furnish()
    prober.attempt()
    (payment_id,) = {row[0] for row in rows_of("SELECT id FROM payment")}
    for _ in range(2):
        prober.world.authorise(payment_id, "declined")
        prober.world.authenticate(payment_id, "failed")
    assert counted("site") == [(1, 1, 0)]


def test_what_a_site_does_not_tell_is_not_counted(furnish: Furnish) -> None:
    prober = furnish()
    payment_id = prober.begin()
    with acting_for(EVERY_BODY) as rows:
        payment = lock_payment(rows, payment_id)
        assert payment is not None
        found = count_try(
            rows, prober.world.room.busy_counts, payment, Who("", ""), prober.world.moment
        )
    assert {count.scope for count in found} == {"bill", "card", "bin", "site"}


def test_tries_at_once_do_not_slip_through_together(furnish: Furnish) -> None:
    """Twelve tries of one card at the same moment: the limit of four holds."""
    prober = furnish(card={"refuse_fruitless": [4, 0]})
    payments = [prober.begin(card="one") for _ in range(12)]
    gate = threading.Barrier(12)

    def run(payment_id: str) -> None:
        try:
            gate.wait(30)
            prober.pay(payment_id, source=payment_id, session=payment_id)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[payment_id]) for payment_id in payments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert counted("card") == [(4, 0, 0)]
    assert rows_of("SELECT count(*) FROM attempt WHERE guard <> ''") == [(8,)]


def test_buckets_and_windows_fit() -> None:
    at = datetime(2026, 11, 20, 3, 14, 59, 999, tzinfo=UTC)
    assert bucket_of(at) == datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
    assert at - timedelta(hours=1) - BUCKET < window_start(at, 1) <= at - timedelta(hours=1)


def test_counts_and_puzzles_past_every_window_are_dropped(furnish: Furnish) -> None:
    prober = furnish(card={"step_up_fruitless": [1, 0]})
    prober.attempt(card="one")
    assert prober.attempt(card="one") == "asked"
    prober.world.later(seconds=COUNTS_KEPT.total_seconds())
    sweep(prober.world.room)
    assert rows_of("SELECT count(*) FROM guard_count") != [(0,)]
    prober.world.later(seconds=BUCKET.total_seconds())
    sweep(prober.world.room)
    assert rows_of("SELECT count(*) FROM guard_count") == [(0,)]
    assert rows_of("SELECT count(*) FROM guard_puzzle") == [(0,)]
