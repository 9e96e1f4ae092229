"""Ledger, payments and evidence of a day: equal, and each difference by its name."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sekisho.crossings import payments
from sekisho.crossings.message import Refusal
from sekisho.payments.ledger import reconcile as comparing
from sekisho.payments.ledger import reconcile_daily as daily
from sekisho.payments.ledger import write as ledger
from sekisho.payments.ledger.entry import Leg
from sekisho.payments.records.session import acting_for
from sekisho.vocabulary import clock
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.ledger_hands import TOTAL, bend, captured, write
from tests.rooms.payments.world import TERMINAL, World, rows_of


@pytest.fixture
def today(world: World) -> date:
    """The database dates what is written: these tests live today."""
    world.moment = clock.now()
    return clock.business_date(world.moment)


def compare(world: World, day: date | None) -> payments.Reconciled:
    found: payments.Reconciled = world.say(TERMINAL, payments.Reconcile(day=day))
    return found


def test_a_day_whose_books_agree(world: World, today: date) -> None:
    captured(world)
    captured(world, key="key-2")
    world.confirmed(key="key-3")
    with acting_for("mihon_to") as rows:
        legs = [Leg("bank", -300), Leg("fee", 300)]
        ledger.correct(rows, "mihon_to", legs, "bank charge of June", "operator:ann")
    found = compare(world, today)
    assert found.differences == [] and found.more == 0
    assert (found.payments, found.transfers, found.lines) == (2, 3, 3)
    assert found.money_yen == {"captured": 2 * TOTAL, "corrected": 300}
    assert compare(world, None).transfers == 0
    assert daily.check_reconciliation() == ""


def take_line(payment_id: str) -> None:
    bend(
        "DELETE FROM evidence.line WHERE subject = %s AND kind = 'payments.captured'", [payment_id]
    )


def write_line(payment_id: str) -> None:
    with acting_for("mihon_to"):
        from sekisho import evidence

        evidence.append(kind="payments.captured", subject=payment_id, facts={"total_yen": TOTAL})


def test_a_case_whose_number_looks_like_a_card_is_found_again(world: World, today: date) -> None:
    payment_id, case = captured(world), "CB4111111111111111"
    world.charge_back(payment_id, case)
    world.answer(case)
    world.decide(payment_id, "won", case)
    for kind in ("chargeback", "representment"):
        world.settle(world.clearing(payment_id, kind=kind, network_reference=case))
    done = compare(world, today)
    assert done.differences == []
    assert {"disputed", "disputes won", "chargebacks settled"} <= set(done.money_yen)


BENT: list[tuple[Any, str]] = [
    (take_line, f"ledger {TOTAL} yen, payments {TOTAL} yen, evidence nothing"),
    (write_line, f"evidence {TOTAL} yen and {TOTAL} yen"),
    (
        lambda payment_id: bend(
            "UPDATE transfer SET amount_yen = 1 WHERE kind = 'posted' AND payment_id = %s",
            [payment_id],
        ),
        f"ledger 1 yen, payments {TOTAL} yen, evidence {TOTAL} yen",
    ),
    (
        lambda payment_id: bend(
            "DELETE FROM transfer WHERE kind = 'posted' AND payment_id = %s", [payment_id]
        ),
        "ledger nothing",
    ),
    (
        lambda payment_id: bend(
            "DELETE FROM payment_event WHERE to_state = 'captured' AND payment_id = %s",
            [payment_id],
        ),
        "payments nothing",
    ),
    (
        lambda payment_id: bend(
            "UPDATE payment SET amount_yen = amount_yen + 1, total_yen = total_yen + 1"
            " WHERE id = %s",
            [payment_id],
        ),
        f"payments {TOTAL + 1} yen",
    ),
]


@pytest.mark.parametrize(("bent", "words"), BENT)
def test_a_difference_is_named(world: World, today: date, bent: Any, words: str) -> None:
    captured(world)
    payment_id = captured(world, key="key-2")
    assert compare(world, today).differences == []
    bent(payment_id)
    (difference,) = compare(world, today).differences
    assert difference.startswith(f"{payment_id}, captured: ") and words in difference
    with ROOM.cluster.superuser_connection() as superuser:
        alarms = superuser.execute(
            "SELECT subject FROM evidence.line WHERE kind = 'alarm.payments.reconciliation_differs'"
        ).fetchall()
    assert alarms == [(today.isoformat(),)]
    assert daily.check_reconciliation().endswith(f"differ on 1 days, last on {today}")


def test_a_transfer_that_no_verb_wrote_is_named(world: World, today: date) -> None:
    payment_id = captured(world)
    write(ledger.open_refund, payment_id, "refund_x", 700, 0)
    assert compare(world, today).differences == []
    write(ledger.post_refund, payment_id, "refund_x")
    assert compare(world, today).differences == [
        f"{payment_id} refund_x, refunded: ledger 700 yen, payments nothing, evidence nothing"
    ]


def test_a_day_ends_between_two_of_the_books(world: World, today: date) -> None:
    """The transfer is of the day before by a moment: the same event all the same."""
    payment_id = captured(world)
    bend(
        "UPDATE transfer SET made_at = (date_trunc('day', now() AT TIME ZONE 'Asia/Tokyo')"
        " - interval '1 microsecond') AT TIME ZONE 'Asia/Tokyo' WHERE kind = 'posted'"
    )
    bend(
        "UPDATE payment_event SET at = date_trunc('day', now() AT TIME ZONE 'Asia/Tokyo')"
        " AT TIME ZONE 'Asia/Tokyo'"
    )
    bend(
        "UPDATE evidence.line SET at = date_trunc('day', now() AT TIME ZONE 'Asia/Tokyo')"
        " AT TIME ZONE 'Asia/Tokyo'"
    )
    for day in (today, today - timedelta(days=1)):
        assert compare(world, day).differences == [], payment_id


def test_many_differences_are_counted_and_a_hundred_shown(
    world: World, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "MAX_DIFFERENCES_SHOWN", 2)
    for number in range(5):
        take_line(captured(world, key=f"key-{number}"))
    found = compare(world, today)
    assert len(found.differences) == 2 and found.more == 3


def test_no_day_that_has_not_come(world: World, today: date) -> None:
    with pytest.raises(Refusal, match="day_wrong"):
        compare(world, today + timedelta(days=1))


def test_results_are_kept_and_shown(world: World, today: date) -> None:
    take_line(captured(world))
    first = compare(world, today)
    compare(world, today - timedelta(days=1))
    shown = world.say(TERMINAL, payments.ShowReconciliations(limit=10)).results
    assert shown[0] == first and [one.day for one in shown] == [today, today - timedelta(days=1)]
    assert len(world.say(TERMINAL, payments.ShowReconciliations(limit=1)).results) == 1
    assert world.say(TERMINAL, payments.ShowReconciliations(limit=-1)).results == []


def test_a_zone_reads_its_own_evidence_alone(world: World) -> None:
    with ROOM.cluster.superuser_connection() as superuser:
        superuser.execute(
            "INSERT INTO evidence.line (kind, subject, facts)"
            " VALUES ('payments.captured', 'pay_of_others', '{\"total_yen\": 5}')"
        )
    captured(world)
    seen = {row[0] for row in rows_of("SELECT subject FROM evidence.own_line")}
    assert seen and "pay_of_others" not in seen


# --- by itself ----------------------------------------


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=clock.TOKYO).astimezone(UTC)


def run_daily(world: World) -> list[date]:
    """Look once, as the work thread does; return the days compared so far."""

    class OneLook(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            self.set()
            return True

    daily.reconcile_until(world.room, OneLook())
    return [row[0] for row in rows_of("SELECT day FROM reconciliation WHERE by_itself ORDER BY id")]


def test_each_day_is_compared_once_after_half_past_three(world: World) -> None:
    world.moment = at(20, 3, 29)
    assert run_daily(world) == [date(2026, 11, 18)]
    world.moment = at(20, 3, 30)
    assert run_daily(world) == [date(2026, 11, 18), date(2026, 11, 19)]
    for _ in range(3):
        assert len(run_daily(world)) == 2
    compare(world, date(2026, 11, 19))
    assert len(run_daily(world)) == 2


def test_missed_days_are_caught_up(world: World) -> None:
    world.moment = at(10, 12)
    run_daily(world)
    world.moment = at(13, 2)
    assert run_daily(world)[1:] == [date(2026, 11, 10), date(2026, 11, 11)]
    world.moment = at(28, 12)
    assert run_daily(world)[3:] == [date(2026, 11, day) for day in range(21, 28)]


def test_two_processes_keep_one_result(world: World) -> None:
    day = date(2026, 11, 19)
    for _ in range(2):
        comparing.reconcile_day(day, by_itself=True)
    assert rows_of("SELECT count(*) FROM reconciliation") == [(1,)]


def test_a_comparison_that_fails_stands_in_health_until_it_works(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("no space left")

    world.moment = at(20, 12)
    with monkeypatch.context() as patched:
        patched.setattr(daily, "reconcile_day", broken)
        assert run_daily(world) == []
    assert "fails" in daily.check_reconciliation()
    run_daily(world)
    assert daily.check_reconciliation() == ""
