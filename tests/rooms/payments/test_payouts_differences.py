"""The work list of settlement, and the network's file of each day fetched by itself."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sekisho.crossings import payments
from sekisho.payments.payouts import fetch_daily
from sekisho.payments.payouts.fetch_daily import days_missing, fetch, tell_missing
from sekisho.payments.payouts.find_differences import NAMED_WITHIN_DAYS
from sekisho.payments.records.session import EVERY_BODY, acting_for
from sekisho.simulators.card_network.book import Book, Entry, Key
from sekisho.simulators.card_network.clearing import write_clearing
from tests.rooms.payments.ledger_hands import bend
from tests.rooms.payments.payout_hands import BODY, CONSOLE, Days
from tests.rooms.payments.test_payouts import refused
from tests.rooms.payments.world import DESK, TERMINAL, World, rows_of

RUN = threading.Event()


@pytest.fixture
def days(world: World) -> Days:
    # The ledger is dated by the database's clock: the world stands where it stands.
    world.moment = datetime.now(UTC).replace(hour=3)
    return Days(world)


def take(days: Days, difference_id: str, by: str = "sora") -> Any:
    message = payments.TakeDifference(difference_id=difference_id, by=by)
    return days.world.say(TERMINAL, message)


def close(days: Days, difference_id: str, by: str, reason: str = "written to the network") -> Any:
    message = payments.CloseDifference(difference_id=difference_id, reason=reason, by=by)
    return days.world.say(CONSOLE, message)


def test_a_line_of_nobodys_is_worked_on(days: Days) -> None:
    days.name(days.pay(), "refund", "net-x", 5_000)
    days.end()
    (found,) = days.differences()
    assert (found.kind, found.amount_yen, found.state) == ("not_with_us", 5_000, "open")
    assert "no such refund" in found.said and found.client_body == BODY
    assert take(days, found.difference_id).taken_by == "terminal:sora"
    assert take(days, found.difference_id).state == "taken"
    refused("taken_already", take, days, found.difference_id, "kai")
    refused("reason_wrong", close, days, found.difference_id, "kai", " ")
    closed = close(days, found.difference_id, "kai")
    assert (closed.state, closed.closed_by) == ("closed", "console:kai")
    assert close(days, found.difference_id, "kai") == closed
    refused("difference_closed", close, days, found.difference_id, "sora")
    assert days.differences() == []
    words = rows_of("SELECT state, by_name FROM difference_event ORDER BY id")
    assert words == [("open", "payments"), ("taken", "terminal:sora"), ("closed", "console:kai")]


def test_over_the_limit_two_persons_close_it(days: Days) -> None:
    days.name(days.pay(), "refund", "net-x", 10_001)
    days.end()
    (found,) = days.differences()
    assert found.needs_second
    proposed = close(days, found.difference_id, "sora")
    assert (proposed.state, proposed.proposed_by) == ("proposed", "console:sora")
    assert close(days, found.difference_id, "sora") == proposed
    refused("same_person", close, days, found.difference_id, "sora", "another reason")
    with (
        pytest.raises(psycopg.errors.CheckViolation, match="another person"),
        acting_for(EVERY_BODY) as rows,
    ):
        rows.do(
            "UPDATE difference SET state = 'closed', closed_by = 'terminal:sora',"
            " reason = 'x', closed_at = now()"
        )
    closed = close(days, found.difference_id, "kai", "seen too")
    assert closed.state == "closed" and "console:sora: written to the network" in closed.reason


def test_nobody_knows_whose_it_is(days: Days) -> None:
    payment_id = days.pay()
    days.rows = [days.world.clearing(payment_id, reference="7K3M-9QXD-2F4H-T")]
    days.end()
    (found,) = days.differences()
    assert (found.kind, found.client_body) == ("not_with_us", "")
    own = payments.ListDifferences(client_body=BODY)
    assert days.world.say(DESK, own).differences == []


def test_another_amount_is_named_and_closes_when_it_is_right(days: Days) -> None:
    payment_id = days.pay()
    right = days.rows.pop()
    days.name(payment_id, "capture", "ref-1", 11_111)
    wrong = days.rows[0]
    days.end()
    (found,) = days.differences()
    assert found.kind == "row_differs" and "11111 yen" in found.said
    days.world.settle(right, day=days.today)
    assert [one.kind for one in days.differences()] == ["row_differs"]
    assert days.world.settle(wrong, day=days.today).settled == 0
    assert len(days.differences()) == 1, "the same line is on the list once"


def test_the_line_of_a_capture_that_we_heard_of_later_closes_by_itself(days: Days) -> None:
    payment_id = days.world.confirmed()
    days.world.authenticate(payment_id)
    days.rows = [days.world.clearing(payment_id)]
    rows, day = days.rows, days.today
    days.end()
    assert [one.kind for one in days.differences()] == ["row_differs"]
    days.world.authorise(payment_id)
    days.world.capture(payment_id)
    assert days.world.settle(*rows, day=day).settled == 1
    assert days.differences() == []
    (closed,) = days.differences(only_open=False)
    assert closed.closed_by == "payments:clearing"


def test_captured_and_never_named(days: Days) -> None:
    forgotten = days.pay()
    line = days.rows.pop()
    for _ in range(NAMED_WITHIN_DAYS):
        assert days.end().differences_open == 0
        days.world.later(days=1)
    assert days.end().differences_open == 1
    (found,) = days.differences()
    assert (found.kind, found.amount_yen) == ("never_named", days.paid[forgotten])
    assert found.subject == line.reference
    days.world.later(days=1)
    days.rows = [line]
    assert days.end().differences_open == 0
    assert days.differences(only_open=False)[0].closed_by == "payments:clearing"


def test_a_files_own_sums_are_compared(days: Days) -> None:
    days.pay()
    kept, days.rows = days.rows, []
    days.world.settle(*kept, day=days.today)
    days.note(days.today, [*kept, kept[0]])
    (found,) = days.differences()
    assert found.kind == "clearing_differs"
    assert f"2 rows of {2 * kept[0].amount_yen} yen" in found.said


def test_the_ledgers_own_story_is_compared(days: Days) -> None:
    days.pay()
    days.world.settle(*days.rows, day=days.today)
    bend("DELETE FROM settlement_item")
    days.note(days.today, days.rows)
    (found,) = days.differences()
    assert found.kind == "ledger_differs" and "no line of a clearing" in found.said


def test_the_bank_paid_otherwise(days: Days) -> None:
    days.pay()
    days.end()
    payout = days.approve(days.prepare())
    refused("amount_differs", days.made, payout, amount_yen=11_000)
    (found,) = days.differences()
    assert (found.kind, found.amount_yen) == ("payout_differs", 1_000)
    assert days.made(payout).state == "made", "once the bank corrected it"


def test_the_bank_does_not_say(days: Days) -> None:
    days.pay()
    days.end()
    days.approve(days.prepare())
    for _ in range(4):
        days.world.later(days=1)
        days.end()
    (found,) = days.differences()
    assert found.kind == "payout_differs" and "the bank has not said" in found.said


# --- the file is fetched by itself ---------------------------------------------------------------


def deliver(folder: Path, days: Days, *paid: str, day: date | None = None) -> Path:
    """The network delivers the file of a day that is over."""
    book = Book(folder / "network")
    day = day or days.today
    for serial, payment_id in enumerate(paid):
        entry = Entry(
            key=Key("49000001", f"{serial:06d}", "0401030000"),
            kind="authorisation",
            state="captured",
            response_code="00",
            amount=days.paid[payment_id],
            captured=days.paid[payment_id],
            retrieval_reference="ref-1",
            merchant="MERCHANT",
            reference=days.world.show(payment_id).reference,
            day=day.isoformat(),
        )
        book.write(entry)
    after = days.world.moment + timedelta(days=2)
    path, _ = write_clearing(folder, book, day.isoformat(), acquirer="49000001", now=after)
    book.close()
    return path


def test_the_file_is_fetched_once(days: Days, tmp_path: Path) -> None:
    (tmp_path / "network").mkdir()
    one, two = days.pay(), days.pay(30_000)
    path = deliver(tmp_path, days, one, two)
    seen: dict[str, tuple[int, int]] = {}
    assert fetch(days.world.room, path.parent, seen, RUN) == [path]
    assert days.shown().captures == 2
    assert fetch(days.world.room, path.parent, seen, RUN) == []
    path.touch()
    fetch(days.world.room, path.parent, {}, RUN)
    assert rows_of("SELECT count(*) FROM settlement") == [(1,)]
    assert rows_of("SELECT count(*) FROM clearing_file") == [(1,)]
    (shown,) = days.ask(payments.ListClearings(limit=5)).clearings
    assert (shown.state, shown.rows, shown.settled) == ("taken", 2, 2)


def test_a_broken_file_is_told_once(days: Days, tmp_path: Path) -> None:
    (tmp_path / "network").mkdir()
    path = deliver(tmp_path, days, days.pay())
    path.write_bytes(path.read_bytes()[:-20])
    for _ in range(2):
        assert fetch(days.world.room, path.parent, {}, RUN) == []
    kinds = "SELECT count(*) FROM evidence.own_line WHERE kind = 'alarm.payments.clearing_broken'"
    assert rows_of(kinds) == [(1,)]
    assert rows_of("SELECT count(*) FROM transfer WHERE kind = 'settled'") == [(0,)]
    deliver(tmp_path, days)
    assert len(fetch(days.world.room, path.parent, {}, RUN)) == 1


def test_a_stop_in_the_middle_goes_on_later(
    days: Days, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "network").mkdir()
    monkeypatch.setattr("sekisho.bank_files.clearing.MAX_CLEARING_ROWS", 1)
    paid = [days.pay() for _ in range(3)]
    path = deliver(tmp_path, days, *paid)
    stops = iter([False, True])
    from sekisho.payments.payouts.take_clearing import take_file

    assert not take_file(days.world.room, path, lambda: next(stops))
    assert rows_of("SELECT count(*) FROM clearing_line") == [(1,)]
    assert take_file(days.world.room, path)
    assert days.shown().captures == 3


def test_a_missing_file_raises_an_alarm(days: Days) -> None:
    days.pay()
    assert days_missing(days.world.moment) == []
    morning = days.world.moment.replace(hour=22)  # 7:00 in Tokyo, the day after
    assert days_missing(morning) == [days.today]
    for _ in range(2):
        tell_missing(morning)
    told = rows_of(
        "SELECT subject FROM evidence.own_line WHERE kind = 'alarm.payments.clearing_missing'"
    )
    assert told == [(days.today.isoformat(),)]
    day = days.today
    days.world.moment = morning
    days.note(day, days.rows, days.world.settle(*days.rows, day=day))
    assert days_missing(morning) == []
    assert not fetch_daily._failed.is_set()
