"""Settled days and payouts: to the yen, by two persons, never twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from sekisho.crossings import payments
from sekisho.crossings.message import Refusal
from sekisho.payments.ledger.entry import Leg
from sekisho.payments.ledger.write import correct
from sekisho.payments.records.session import EVERY_BODY, acting_for
from tests.rooms.payments.ledger_hands import bend
from tests.rooms.payments.payout_hands import BODY, Days, account
from tests.rooms.payments.test_races import at_once
from tests.rooms.payments.world import DESK, TERMINAL, World, rows_of


@pytest.fixture
def days(world: World) -> Days:
    return Days(world)


def refused(code: str, verb: Any, *arguments: Any, **more: Any) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        verb(*arguments, **more)
    assert refusal.value.code == code
    return refusal.value


def test_a_day_is_closed_with_its_file(days: Days) -> None:
    first, second = days.pay(12_000), days.pay(30_000)
    days.give_back(first, 2_000)
    noted = days.end()
    assert (noted.closed, noted.differences_open) == ([BODY], 0)
    day = days.shown()
    fees = days.paid[first] + days.paid[second] - 42_000
    assert (day.captures, day.captured_yen, day.refunds, day.refunded_yen) == (
        2,
        42_000 + fees,
        1,
        2_000,
    )
    assert day.net_yen == 40_000
    assert day.fee_yen + day.fee_tax_yen == fees
    assert day.clearing_yen == day.ledger_yen == account("bank") == 40_000 + fees
    assert day.net_yen == -account("client_body")
    assert (day.payout_id, day.payout_yen) == ("", None)
    assert days.world.books().ok


def test_a_day_that_is_not_over_is_not_closed(days: Days) -> None:
    days.pay()
    assert days.end(final=False).closed == []
    refused("settlement_unknown", days.shown)
    assert days.end().closed == [BODY]


def test_a_line_that_comes_late_is_of_a_later_day(days: Days) -> None:
    days.pay()
    (late,) = (days.pay(), days.rows.pop())[1:]
    days.end()
    assert days.shown().captures == 1
    yesterday = days.today
    days.world.later(days=1)
    days.world.settle(late, day=yesterday)
    days.end()
    assert days.shown().captures == 1
    assert days.ask(payments.ShowSettlement(client_body=BODY, day=yesterday)).captures == 1


def test_a_payout_by_two(days: Days) -> None:
    paid = days.pay()
    days.end()
    payout = days.prepare()
    assert (payout.amount_yen, payout.state, payout.days) == (12_000, "prepared", 1)
    assert payout.fee_yen + payout.fee_tax_yen == days.paid[paid] - 12_000
    assert days.shown().payout_id == payout.payout_id
    assert days.prepare() == payout
    refused("same_person", days.approve, payout, by="sora")
    refused("amount_differs", days.approve, payout, amount_yen=11_999)
    refused("not_approved", days.made, payout)
    assert account("client_body") == -12_000
    approved = days.approve(payout)
    assert (approved.state, approved.order_number) == ("approved", 1)
    assert (account("client_body"), account("payouts")) == (0, -12_000)
    refused("nothing_to_pay", days.prepare)
    made = days.made(approved)
    assert made.state == "made"
    assert account("payouts") == 0
    assert account("bank") == days.paid[paid] - 12_000, "the payer's fee stays with us"
    assert days.made(made).state == "made"
    refused("payout_over", days.drop, made)
    assert days.world.books().ok
    kinds = rows_of("SELECT kind FROM body_event WHERE client_body = %s ORDER BY id", [BODY])
    assert [kind for (kind,) in kinds][-2:] == ["settlement.closed", "payout.made"]


def test_the_bank_returned_it(days: Days) -> None:
    days.pay()
    days.end()
    payout = days.approve(days.prepare())
    returned = days.returned(payout)
    assert (returned.state, account("client_body"), account("payouts")) == ("returned", -12_000, 0)
    again = days.approve(payout)
    assert again.order_number == 2
    days.returned(again, "closed account")
    days.drop(again)
    assert days.shown().payout_id == ""
    days.made(days.approve(days.prepare()))
    assert (account("client_body"), account("payouts")) == (0, 0)
    assert days.world.books().ok


def test_below_zero_is_carried_over(days: Days) -> None:
    first = days.pay(12_000)
    days.end()
    days.made(days.approve(days.prepare()))
    days.world.later(days=1)
    days.give_back(first, 12_000)
    days.pay(5_000)
    days.end()
    assert days.shown().net_yen == -7_000
    assert "-7000 yen" in refused("nothing_to_pay", days.prepare).detail
    (owed,) = days.ask(payments.ListPayouts(client_body=BODY)).owed
    assert owed.amount_yen == -7_000
    days.world.later(days=1)
    days.pay(20_000)
    days.end()
    payout = days.prepare()
    assert (payout.amount_yen, payout.carried_yen, payout.days) == (13_000, -7_000, 2)
    days.made(days.approve(payout))
    assert account("client_body") == 0


def test_a_lost_dispute_is_taken_off(days: Days) -> None:
    payment_id = days.pay(12_000)
    days.pay(30_000)
    days.charge_back(payment_id, "CB-1", days.paid[payment_id])
    days.end()
    assert (days.shown().net_yen, days.shown().disputes_yen) == (42_000, -days.paid[payment_id])
    days.world.later(days=1)
    days.world.answer(answer="accept")
    days.end()
    day = days.shown()
    assert (day.disputes_lost, day.disputes_lost_yen, day.net_yen) == (1, 12_000, -12_000)
    assert day.clearing_yen == 0
    assert days.prepare().amount_yen == 30_000


def test_two_who_prepare_at_once_make_one(days: Days) -> None:
    days.pay()
    days.end()
    done = at_once(lambda: days.prepare(by="sora"), lambda: days.prepare(by="kai"))
    assert len({payout.payout_id for payout in done}) == 1
    assert rows_of("SELECT count(*) FROM payout") == [(1,)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE settlement SET net_yen = net_yen + 1",
        "UPDATE settlement_item SET bill_yen = 1",
        "UPDATE settlement SET payout_id = NULL",
        "UPDATE payout SET amount_yen = 1",
        "UPDATE payout SET state = 'made'",
        "UPDATE payout SET state = 'approved', approved_by = 'console:sora'",
        "DELETE FROM payout",
        "DELETE FROM settlement_item",
        "INSERT INTO settlement_item SELECT 1",
        "SELECT end_payout((SELECT id FROM payout), 'mihon_to', 'payout_posted')",
        "SELECT open_payout((SELECT id FROM payout), 'mihon_to')",
    ],
)
def test_what_was_counted_is_never_changed(days: Days, statement: Any) -> None:
    days.pay()
    days.end()
    days.prepare()
    with pytest.raises(psycopg.Error), acting_for(EVERY_BODY) as rows:
        rows.do(statement)


def test_a_payout_is_over_its_items_alone(days: Days) -> None:
    """Code that would pay more than was settled is stopped by the ledger's own function."""
    days.pay()
    days.end()
    with (
        pytest.raises(psycopg.errors.CheckViolation, match="its items are"),
        acting_for(EVERY_BODY) as rows,
    ):
        rows.do(
            "INSERT INTO payout (id, client_body, first_day, last_day, days, amount_yen,"
            " carried_yen, state, account, prepared_by, prepared_at, moved_by)"
            " VALUES ('payout_x', 'mihon_to', now(), now(), 1, 99, 0, 'prepared', '{}',"
            " 'terminal:a', now(), 'a')"
        )
        rows.do("UPDATE settlement SET payout_id = 'payout_x'")
        rows.do("UPDATE payout SET state = 'approved', number = 1, approved_by = 'console:b'")
        rows.do("SELECT open_payout('payout_x', 'mihon_to')")


def test_another_bodys_days_are_not_seen(days: Days) -> None:
    days.pay()
    days.end()
    payout = days.prepare()
    for message in (
        payments.ShowSettlement(client_body="mihon_kiko", day=days.today),
        payments.ShowPayout(client_body="mihon_kiko", payout_id=payout.payout_id),
    ):
        with pytest.raises(Refusal, match="unknown"):
            days.world.say(DESK, message)
    for asked in (
        payments.ListSettlements(client_body="mihon_kiko"),
        payments.ListPayouts(client_body="mihon_kiko"),
    ):
        shown = days.world.say(DESK, asked)
        assert not getattr(shown, "settlements", None) and not getattr(shown, "payouts", None)
    with pytest.raises(Refusal, match="payment_unknown"):
        days.world.say(DESK, payments.ListSettlements(client_body="*"))


def test_a_test_body_is_not_paid(days: Days) -> None:
    refused("test_body", days.prepare, client_body="mihon_to_test")


def test_settlements_come_in_pages(days: Days) -> None:
    made = []
    for _ in range(3):
        days.pay()
        days.end()
        made.append(days.today)
        days.world.later(days=1)
    seen, after = [], ""
    while True:
        message = payments.ListSettlements(client_body=BODY, after=after, limit=1)
        page = days.world.say(TERMINAL, message)
        seen += [one.day for one in page.settlements]
        after = page.next_after
        if not after:
            break
    assert seen == made[::-1]
    since = payments.ListSettlements(client_body=BODY, since=made[1], until=made[1])
    assert len(days.ask(since).settlements) == 1
    assert made[1] - made[0] == timedelta(days=1)


def test_what_was_settled_before_there_were_items_is_counted(days: Days) -> None:
    """As the migration does with a platform that has been at work."""
    first = days.pay(12_000)
    days.pay(30_000)
    days.give_back(first, 2_000)
    days.charge_back(first, "CB-1", 5_000)
    days.world.settle(*days.rows, day=days.today)
    days.world.answer(answer="accept")
    every = "SELECT * FROM settlement_item ORDER BY transfer_id"
    before = rows_of(every)
    assert len(before) == 5
    bend("DELETE FROM settlement_item")
    bend("SELECT count_line(l) FROM clearing_line l")
    bend("SELECT count_transfer(t) FROM transfer t WHERE t.kind = 'dispute_lost'")
    assert rows_of(every) == before


def test_a_correction_is_in_a_settlement(days: Days) -> None:
    days.world.moment = datetime.now(UTC)
    days.pay(12_000)
    with acting_for(BODY) as rows:
        legs = [Leg("client_body", -100), Leg("fee", 100)]
        correct(rows, BODY, legs, "the bill was 100 yen more", "terminal:sora")
    days.end()
    day = days.shown()
    assert (day.corrections_yen, day.net_yen) == (100, 12_100)
    assert day.clearing_yen == day.net_yen + day.fee_yen + day.fee_tax_yen + day.disputes_yen
    assert days.made(days.approve(days.prepare())).amount_yen == 12_100
    assert account("client_body") == 0
    (line,) = [
        one
        for one in days.ask(
            payments.ReconciliationLines(client_body=BODY, since=day.day, until=day.day)
        ).lines
        if one.kind == "correction"
    ]
    assert (line.amount_yen, line.reference, line.payment_number) == (100, "", "")


def test_payments_ledger_and_evidence_agree_on_payouts(days: Days) -> None:
    days.world.moment = datetime.now(UTC)
    days.pay()
    days.end()
    days.returned(days.approve(days.prepare()))
    (payout,) = days.ask(payments.ListPayouts(client_body=BODY)).payouts
    days.made(days.approve(payout))
    found = days.ask(payments.Reconcile(day=days.today))
    assert found.differences == []
    assert found.money_yen["paid out"] == 12_000
    bend("DELETE FROM payout_event WHERE to_state = 'made'")
    assert "paid out" in days.ask(payments.Reconcile(day=days.today)).differences[0]
