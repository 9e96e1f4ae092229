"""Outcomes of the network: twice, late, contradictory, never."""

from __future__ import annotations

import pytest

from sekisho.crossings import card_network, payments, vault
from sekisho.payments import limits
from sekisho.payments.expire import sweep
from tests.rooms.payments.world import ORIGIN, TAX, World, rows_of, told_of


def asked(world: World, *, key: str = "key-1") -> str:
    """Return a payment whose issuer is being asked."""
    payment_id = world.confirmed(key=key)
    world.authenticate(payment_id)
    return payment_id


def state_of(world: World, payment_id: str) -> str:
    return world.history(payment_id).state


def test_every_outcome_may_come_twice(world: World) -> None:
    payment_id = asked(world)
    world.authenticate(payment_id)
    for _ in range(2):
        world.authorise(payment_id)
    for _ in range(2):
        world.capture(payment_id)
    world.authorise(payment_id)
    world.authenticate(payment_id, "failed")
    assert state_of(world, payment_id) == "captured"
    assert len(told_of(world, card_network.Authorise)) == 1
    assert len(told_of(world, card_network.Capture)) == 1
    assert len(told_of(world, vault.SendMail)) == 1
    assert told_of(world, card_network.Reverse) == []
    assert world.books().ok


def test_nobody_knows_means_held_and_told_so(world: World) -> None:
    payment_id = asked(world)
    world.authorise(payment_id, "unknown")
    shown = world.show(payment_id)
    assert (shown.status, shown.reason) == ("unknown", "")
    assert world.books().ok
    line = "SELECT held_for IS NOT NULL FROM payment WHERE id = %s"
    assert rows_of(line, [payment_id]) == [(True,)]


def test_the_network_is_asked_again_and_then_an_operator(world: World) -> None:
    payment_id = asked(world)
    world.authorise(payment_id, "unknown")
    for pause in limits.ASK_AGAIN_AFTER:
        sweep(world.room)
        before = len(told_of(world, card_network.Inquire))
        world.later(seconds=pause.total_seconds() - 1)
        sweep(world.room)
        assert len(told_of(world, card_network.Inquire)) == before
        world.later(seconds=1)
        sweep(world.room)
        assert len(told_of(world, card_network.Inquire)) == before + 1
    assert len(told_of(world, card_network.Inquire)) == 7
    world.later(days=2)
    sweep(world.room)
    ((note,),) = rows_of("SELECT operator_note FROM payment")
    assert "asked 7 times" in note
    assert state_of(world, payment_id) == "unknown"
    world.later(days=9)
    assert sweep(world.room) == 0


def test_a_late_yes_is_honoured_within_a_day(world: World) -> None:
    payment_id = asked(world)
    world.authorise(payment_id, "unknown")
    world.later(hours=23)
    world.authorise(payment_id)
    world.capture(payment_id)
    assert state_of(world, payment_id) == "captured"
    assert told_of(world, card_network.Reverse) == []


def test_a_yes_that_comes_later_is_given_back(world: World) -> None:
    payment_id = asked(world)
    world.authorise(payment_id, "unknown")
    world.later(hours=25)
    world.authorise(payment_id)
    assert world.show(payment_id).status == "unknown"
    (order,) = told_of(world, card_network.Reverse)
    assert order.reason == "time_out"
    world.authorise(payment_id)
    world.reverse(payment_id, "unknown")
    assert state_of(world, payment_id) == "reversing"
    world.reverse(payment_id)
    shown = world.show(payment_id)
    assert (shown.status, shown.reason) == ("failed", "network_unavailable")
    assert told_of(world, card_network.Capture) == []
    (mail,) = told_of(world, vault.SendMail)
    assert mail.template == "payment_failed"
    assert world.books().ok


@pytest.mark.parametrize("answer", ["declined", "not_sent", "code_gone", "reversed"])
def test_a_no_ends_the_unknown_and_frees_the_bill(world: World, answer: str) -> None:
    payment_id = asked(world)
    world.authorise(payment_id, "unknown")
    world.authorise(payment_id, answer)
    assert world.show(payment_id).status in ("declined", "failed")
    assert rows_of("SELECT held_for FROM payment") == [(None,)]
    assert world.books().ok


def test_a_yes_for_a_card_that_was_given_up_is_given_back_by_itself(world: World) -> None:
    payment_id = asked(world)
    world.authorise(payment_id, "not_sent")
    assert world.show(payment_id).status == "failed"
    world.authorise(payment_id)
    world.authorise(payment_id)
    (order,) = told_of(world, card_network.Reverse)
    assert order.attempt == 1
    world.later(minutes=6)
    sweep(world.room)
    assert len(told_of(world, card_network.Reverse)) == 2, "asked again until it is known"
    world.reverse(payment_id)
    world.later(days=9)
    sweep(world.room)
    assert len(told_of(world, card_network.Reverse)) == 2
    assert world.show(payment_id).status == "failed"


def test_outcomes_of_an_earlier_card_change_nothing(world: World) -> None:
    payment_id = asked(world)
    world.authorise(payment_id, "declined")
    reopen = payments.ReopenCardForm(
        payment_id=payment_id, parent_origin=ORIGIN, return_url=ORIGIN + "/x"
    )
    world.say(TAX, reopen)
    world.enter_card(payment_id, "card_2")
    world.confirm(payment_id)
    world.authenticate(payment_id, attempt=1)
    assert state_of(world, payment_id) == "authenticating", "proven by another card"
    world.authenticate(payment_id, attempt=2)
    world.authorise(payment_id, "declined", attempt=1)
    world.reverse(payment_id, attempt=1)
    assert state_of(world, payment_id) == "authorising"
    world.authorise(payment_id, attempt=2)
    world.capture(payment_id, "refused", attempt=1)
    assert state_of(world, payment_id) == "capture_requested"


def test_a_capture_that_is_refused_gives_the_money_back(world: World) -> None:
    payment_id = asked(world)
    world.authorise(payment_id)
    world.capture(payment_id, "unknown")
    assert world.show(payment_id).status == "processing"
    world.capture(payment_id, "refused")
    (order,) = told_of(world, card_network.Reverse)
    assert order.reason == "cancelled"
    world.capture(payment_id, "refused")
    world.reverse(payment_id, "nothing_to_reverse")
    assert state_of(world, payment_id) == "reversed"
    assert world.books().ok


def test_a_capture_without_an_answer_is_ordered_again(world: World) -> None:
    payment_id = asked(world)
    world.authorise(payment_id)
    world.later(minutes=6)
    sweep(world.room)
    first, again = told_of(world, card_network.Capture)
    assert first == again


def test_a_network_that_contradicts_itself_is_the_operators(world: World) -> None:
    payment_id = asked(world)
    world.authorise(payment_id)
    world.authorise(payment_id, "reversed")
    ((note,),) = rows_of("SELECT operator_note FROM payment")
    assert "approved, then said reversed" in note
    assert state_of(world, payment_id) == "capture_requested"


def test_silence_after_an_authorisation_becomes_unknown(world: World) -> None:
    payment_id = asked(world)
    world.later(minutes=6)
    sweep(world.room)
    assert state_of(world, payment_id) == "unknown"
    assert told_of(world, card_network.Inquire)


def test_sessions_end_and_cards_are_forgotten(world: World) -> None:
    bill, other = world.add_bills(2)
    started = world.start(world.find(bill)).payment_id
    world.enter_card(started)
    confirmed = world.start(world.find(other), "key-2").payment_id
    world.enter_card(confirmed, "card_2")
    world.confirm(confirmed)
    world.later(minutes=21)
    sweep(world.room)
    assert (world.show(started).status, world.show(confirmed).status) == ("expired", "expired")
    assert state_of(world, started) == "expired"
    assert state_of(world, confirmed) == "cancelled_by_expiry"
    forgotten = told_of(world, vault.ForgetCard)
    assert {(m.payment_id, m.card_token) for m in forgotten} == {
        (started, None),
        (confirmed, "card_2"),
    }
    world.authenticate(confirmed)
    assert told_of(world, card_network.Authorise) == []
    assert world.books().ok


def test_a_captured_card_is_forgotten_after_its_time(world: World) -> None:
    payment_id = asked(world)
    world.authorise(payment_id)
    world.capture(payment_id)
    world.later(days=2)
    sweep(world.room)
    assert told_of(world, vault.ForgetCard) == []
    world.later(days=2)
    assert sweep(world.room) == 1
    (forgotten,) = told_of(world, vault.ForgetCard)
    assert (forgotten.card_token, forgotten.reason) == ("card_1", "settled")
    assert sweep(world.room) == 0


def test_what_matters_is_on_evidence(world: World) -> None:
    from tests.rooms.payments.conftest import ROOM

    payment_id = asked(world)
    world.authorise(payment_id, "unknown")
    world.authorise(payment_id)
    world.capture(payment_id)
    with ROOM.cluster.superuser_connection() as connection:
        lines = connection.execute("SELECT kind, subject FROM evidence.line ORDER BY id").fetchall()
    assert ("payments.outcome_unknown", payment_id) in lines
    assert ("payments.captured", payment_id) in lines
