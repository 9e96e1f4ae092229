"""Delayed capture and void: the money waits for the client body's word, and not for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from sekisho.crossings import card_network, payments, vault
from sekisho.crossings.message import Refusal
from sekisho.payments import limits
from sekisho.payments.errors import SettingsWrong
from sekisho.payments.expire import sweep
from sekisho.payments.site_rules import read_site_rules
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.test_races import at_once
from tests.rooms.payments.world import DESK, SITES, TERMINAL, World, rows_of, told_of


@pytest.fixture
def slow(clean: None) -> Iterator[World]:
    """A world whose tax site captures when the client body says so, within 48 hours."""
    world = World(
        ROOM.own_folder, metropolitan_tax={"capture": "delayed", "capture_within_hours": 48}
    )
    world.enter()
    yield world
    world.leave()


def authorised(world: World, *, key: str = "key-1") -> str:
    payment_id = world.confirmed(key=key)
    world.authenticate(payment_id)
    world.authorise(payment_id)
    return payment_id


def capture(world: World, payment_id: str, caller: Any = DESK, body: str = "mihon_to") -> Any:
    message = payments.CapturePayment(client_body=body, payment_id=payment_id, by="hanako")
    return world.say(caller, message)


def void(world: World, payment_id: str, reason: str = "bill withdrawn") -> Any:
    message = payments.VoidPayment(
        client_body="mihon_to", payment_id=payment_id, reason=reason, by="hanako"
    )
    return world.say(DESK, message)


def last_event(world: World, payment_id: str) -> tuple[str, str, str]:
    row = rows_of("SELECT state, event, moved_by FROM payment WHERE id = %s", [payment_id])[0]
    return row[0], row[1], row[2]


def refused(act: Any) -> str:
    with pytest.raises(Refusal) as caught:
        act()
    return caught.value.code


def test_an_authorised_payment_waits(slow: World) -> None:
    payment_id = authorised(slow)
    assert told_of(slow, card_network.Capture) == []
    assert told_of(slow, vault.ForgetSecurityCode) == [], "the vault wiped it at the release"
    assert slow.show(payment_id).status == "authorised"
    money = slow.money(payment_id)
    assert (money.state, money.captured_yen, money.left_yen) == ("authorised", 0, 0)
    assert money.capture_by == slow.moment + timedelta(hours=48)
    slow.later(hours=47)
    sweep(slow.room)
    assert slow.history(payment_id).state == "authorised"
    assert slow.books().ok
    assert refused(lambda: slow.refund(payment_id)) == "not_captured"


def test_captured_when_the_client_body_says_so(slow: World) -> None:
    payment_id = authorised(slow)
    slow.later(hours=20)
    for _ in range(2):
        assert capture(slow, payment_id).state == "capture_requested"
    assert last_event(slow, payment_id) == (
        "capture_requested",
        "capture_asked",
        "client_desk:hanako",
    )
    slow.later(minutes=6)
    sweep(slow.room)
    first, again = told_of(slow, card_network.Capture)
    assert first == again, "said again while the network is silent"
    slow.capture(payment_id)
    assert capture(slow, payment_id).captured_yen == 12_143
    assert [mail.template for mail in told_of(slow, vault.SendMail)] == ["payment_receipt"]
    assert slow.books().ok


def test_a_capture_that_nobody_answers_is_an_operators(slow: World) -> None:
    payment_id = authorised(slow)
    capture(slow, payment_id)
    for pause in limits.ASK_AGAIN_AFTER:
        slow.later(seconds=pause.total_seconds())
        sweep(slow.room)
    assert len(told_of(slow, card_network.Capture)) == 1 + len(limits.ASK_AGAIN_AFTER)
    slow.later(days=2)
    sweep(slow.room)
    ((note,),) = rows_of("SELECT operator_note FROM payment")
    assert "capture_requested: the network was asked 7 times" in note
    slow.later(days=2)
    assert sweep(slow.room) == 0


def test_not_asked_for_in_time_it_is_given_back(slow: World) -> None:
    payment_id = authorised(slow)
    slow.later(hours=48)
    assert refused(lambda: capture(slow, payment_id)) == "not_capturable"
    sweep(slow.room)
    assert last_event(slow, payment_id) == ("reversing", "capture_never_asked", "payments:sweep")
    assert slow.show(payment_id).status == "unknown", "held until the network gave it back"
    assert refused(lambda: capture(slow, payment_id)) == "not_capturable"
    assert refused(lambda: void(slow, payment_id)) == "not_voidable"
    slow.reverse(payment_id)
    shown = slow.show(payment_id)
    assert (shown.status, shown.reason) == ("expired", "not_asked_for")
    assert last_event(slow, payment_id) == ("cancelled_by_expiry", "never_captured", "card_network")
    assert rows_of("SELECT held_for FROM payment") == [(None,)]
    assert [mail.template for mail in told_of(slow, vault.SendMail)] == ["payment_failed"]
    assert slow.books().ok


def test_voided_by_the_client_body(slow: World) -> None:
    payment_id = authorised(slow)
    for _ in range(2):
        assert void(slow, payment_id).state == "reversing"
    (order,) = told_of(slow, card_network.Reverse)
    assert order.reason == "cancelled"
    assert refused(lambda: capture(slow, payment_id)) == "not_capturable"
    slow.reverse(payment_id, "unknown")
    slow.later(minutes=6)
    sweep(slow.room)
    assert told_of(slow, card_network.Reverse) == [order, order]
    slow.reverse(payment_id)
    assert void(slow, payment_id).state == "cancelled_by_client_body"
    shown = slow.show(payment_id)
    assert (shown.status, shown.reason) == ("cancelled", "by_client_body")
    why = "SELECT why FROM payment_event WHERE event = 'void_asked'"
    assert rows_of(why) == [("bill withdrawn",)]
    (forgotten,) = told_of(slow, vault.ForgetCard)
    assert forgotten.card_token == "card_1"
    assert slow.books().ok


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "card 4111 1111 1111 1111", "a\nb"])
def test_a_void_says_why_in_plain_words(slow: World, reason: str) -> None:
    payment_id = authorised(slow)
    assert refused(lambda: void(slow, payment_id, reason)) == "reason_wrong"
    assert slow.history(payment_id).state == "authorised"


def test_captured_or_voided_never_both(slow: World) -> None:
    for turn in range(6):
        payment_id = authorised(slow, key=f"key-{turn}")
        one, other = at_once(
            lambda p=payment_id: capture(slow, p), lambda p=payment_id: void(slow, p)
        )
        orders = [
            order
            for kind in (card_network.Capture, card_network.Reverse)
            for order in told_of(slow, kind)
            if order.payment_id == payment_id
        ]
        assert len(orders) == 1, (one, other)
        assert sum(isinstance(reply, Refusal) for reply in (one, other)) == 1


def test_another_bodys_payment_is_unknown(slow: World) -> None:
    payment_id = authorised(slow)
    acts = (
        lambda: capture(slow, payment_id, body="mihon_kiko"),
        lambda: capture(slow, payment_id, body="*"),
        lambda: capture(slow, payment_id, body="mihon_to,mihon_kiko"),
        lambda: slow.money(payment_id, body="mihon_kiko"),
        lambda: slow.money(payment_id, body=""),
    )
    assert [refused(act) for act in acts] == ["payment_unknown"] * len(acts)
    reference = slow.show(payment_id).reference.lower()
    assert capture(slow, reference, TERMINAL, "*").state == "capture_requested"
    assert rows_of("SELECT moved_by FROM payment") == [("terminal:hanako",)]


def test_a_no_while_it_waits_is_told_and_still_ends_by_itself(slow: World) -> None:
    payment_id = authorised(slow)
    slow.authorise(payment_id, "reversed")
    slow.authorise(payment_id, "reversed")
    ((note,),) = rows_of("SELECT operator_note FROM payment")
    assert note.count("approved, then said reversed") == 1
    slow.later(hours=49)
    sweep(slow.room)
    slow.reverse(payment_id, "nothing_to_reverse")
    assert slow.history(payment_id).state == "cancelled_by_expiry"


def test_at_once_is_the_rule(world: World) -> None:
    payment_id = authorised(world)
    assert world.history(payment_id).state == "capture_requested"
    assert capture(world, payment_id).capture_by is None
    assert refused(lambda: void(world, payment_id)) == "not_voidable"
    world.capture(payment_id)
    assert capture(world, payment_id).captured_yen == 12_143


@pytest.mark.parametrize(
    ("key", "value"), [("capture_within_hours", 0), ("capture_within_hours", 169), ("capture", "x")]
)
def test_settings_of_capture_are_checked(key: str, value: Any) -> None:
    with pytest.raises(SettingsWrong, match=key):
        read_site_rules("metropolitan_tax", {**SITES["metropolitan_tax"], key: value})
