"""Two things at the same moment, in threads of their own, each with its own database connection."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.db import connection

from sekisho.crossings import card_network
from sekisho.crossings.message import Refusal
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.test_take_payment import world_is_raced
from tests.rooms.payments.world import (
    World,
    make_bill,
    next_number,
    rows_of,
    told_of,
)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run ``acts`` in threads that start together; return replies, or the ``Refusal``."""
    gate = threading.Barrier(len(acts))
    replies: list[Any] = [None] * len(acts)

    def run(at: int, act: Callable[[], Any]) -> None:
        gate.wait(10)
        try:
            replies[at] = act()
        except Refusal as refusal:
            replies[at] = refusal
        except Exception as error:
            replies[at] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return replies


@pytest.fixture
def watched(clean: None) -> Iterator[World]:
    """A world whose guard only looks on: one card in twenty tabs is what it would stop."""
    world = World(ROOM.own_folder, metropolitan_tax={"guard": {"mode": "watch"}})
    world.enter()
    yield world
    world.leave()


def test_of_four_tabs_that_pay_at_once_one_pays(watched: World) -> None:
    world = watched
    for _ in range(5):
        (bill,) = world.add_bills(payment_number=next_number())
        facts = world.find(bill)
        tabs = []
        for key in "abcd":
            tabs.append(world.start(facts, facts.bill_id + key).payment_id)
            world_is_raced(tabs[-1])
        for tab in tabs:
            world_is_raced(tab)
            world.enter_card(tab, f"card {tab}")
        shown = at_once(*(lambda t=tab: world.confirm(t) for tab in tabs))
        statuses = sorted(getattr(one, "status", repr(one)) for one in shown)
        assert statuses == ["cancelled", "cancelled", "cancelled", "processing"], statuses
    assert len(told_of(world, card_network.Authenticate)) == 5
    assert world.books().ok


def test_the_same_click_ten_times_at_once_is_one_payment(world: World) -> None:
    (bill,) = world.add_bills()
    facts = world.find(bill)
    started = at_once(*[lambda: world.start(facts, sealed_email=None)] * 6)
    assert len({one.payment_id for one in started}) == 1, started
    payment_id = started[0].payment_id
    world.enter_card(payment_id)
    assert {one.status for one in at_once(*[lambda: world.confirm(payment_id)] * 6)} == {
        "processing"
    }
    assert len(told_of(world, card_network.Authenticate)) == 1


def test_one_outcome_from_many_sides_counts_once(world: World) -> None:
    payment_id = world.confirmed()
    world.authenticate(payment_id)
    at_once(*[lambda: world.authorise(payment_id)] * 6)
    at_once(*[lambda: world.capture(payment_id)] * 6)
    assert world.history(payment_id).state == "captured"
    assert len(told_of(world, card_network.Capture)) == 1
    assert rows_of("SELECT count(*) FROM transfer WHERE kind = 'posted'") == [(1,)]


def test_a_file_and_a_payer_do_not_meet_half_way(world: World) -> None:
    """Whoever comes first: never a payment under way for an amount that the bill has no more."""
    for turn in range(6):
        number = next_number()
        (bill,) = world.add_bills(payment_number=number)
        payment_id = world.start(world.find(bill), f"key-{number}").payment_id
        world.enter_card(payment_id, f"card {turn}")
        dearer = make_bill(2, payment_number=number, amount_yen=50_000)
        shown, result = at_once(
            partial(world.confirm, payment_id), partial(world.import_rows, "bills", [dearer])
        )
        ((amount, state),) = rows_of(
            "SELECT b.amount_yen, p.state FROM bill b JOIN payment p ON p.bill_id = b.id"
            " WHERE b.payment_number = %s",
            [number],
        )
        if state == "authenticating":
            assert amount == 12_000 and [r.code for r in result.refused] == ["bill_in_payment"]
        else:
            assert (amount, state) == (50_000, "cancelled_by_client_body"), shown
            assert result.changed == 1


def test_two_files_with_the_same_new_bill(world: World) -> None:
    results = at_once(
        lambda: world.import_rows("bills", [make_bill(2)], digest="c" * 64),
        lambda: world.import_rows("bills", [make_bill(2)], digest="d" * 64),
    )
    assert sorted((one.added, one.unchanged) for one in results) == [(0, 1), (1, 0)], results
