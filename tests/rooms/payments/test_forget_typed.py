"""What was typed for a payment that ended without money is forgotten; with money it stays."""

from __future__ import annotations

from typing import Any

import pytest

from sekisho.crossings import payments, vault
from sekisho.payments.expire import sweep
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.world import ORIGIN, PREMIUM, TAX, World, make_bill, rows_of, told_of


def forgotten(world: World) -> list[tuple[str, str, str]]:
    return [
        (one.payment_id, one.client_body, one.token) for one in told_of(world, vault.ForgetItems)
    ]


def started(world: World, **changed: Any) -> str:
    (bill,) = world.add_bills()
    return world.start(world.find(bill), **changed).payment_id


def test_a_session_that_ended(world: World) -> None:
    payment_id = started(world)
    world.later(minutes=21)
    sweep(world.room)
    sweep(world.room)
    assert forgotten(world) == [(payment_id, "mihon_to", "email_1")]
    world.later(days=9)
    assert sweep(world.room) == 0


def test_nothing_typed_nothing_to_forget(world: World) -> None:
    started(world, sealed_email=None)
    world.later(minutes=21)
    sweep(world.room)
    assert sweep(world.room) == 0
    assert forgotten(world) == []


def test_cancelled_by_the_payer(world: World) -> None:
    payment_id = started(world)
    world.say(TAX, payments.CancelPayment(payment_id=payment_id))
    sweep(world.room)
    assert forgotten(world) == [(payment_id, "mihon_to", "email_1")]


def test_begun_anew_and_changed_by_the_client_body(world: World) -> None:
    (bill,) = world.add_bills()
    facts = world.find(bill)
    first, second = (world.start(facts, key).payment_id for key in ("key-1", "key-2"))
    world.import_rows("bills", [make_bill(2, amount_yen=50_000)])
    sweep(world.room)
    assert [payment_id for payment_id, _, _ in forgotten(world)] == [first, second]


@pytest.mark.parametrize("answer", ["declined", "not_sent"])
def test_not_before_the_mail_has_left_and_no_other_card_is_tried(world: World, answer: str) -> None:
    payment_id = world.confirmed()
    world.authenticate(payment_id)
    world.authorise(payment_id, answer)
    world.later(hours=23)
    sweep(world.room)
    assert forgotten(world) == []
    world.later(hours=2)
    sweep(world.room)
    assert len(forgotten(world)) == 1
    assert world.books().ok


def test_another_card_keeps_it(world: World) -> None:
    payment_id = world.confirmed()
    world.authenticate(payment_id)
    world.authorise(payment_id, "declined")
    world.say(TAX, payments.ExtendPayment(payment_id=payment_id))
    reopen = payments.ReopenCardForm(
        payment_id=payment_id, parent_origin=ORIGIN, return_url=ORIGIN + "/x"
    )
    world.say(TAX, reopen)
    world.enter_card(payment_id, "card_2")
    world.confirm(payment_id)
    world.authenticate(payment_id, attempt=2)
    world.authorise(payment_id, attempt=2)
    world.capture(payment_id, attempt=2)
    world.later(days=30)
    sweep(world.room)
    assert forgotten(world) == []
    assert [mail.template for mail in told_of(world, vault.SendMail)] == ["payment_receipt"]


def test_money_taken_keeps_it_for_refunds(world: World) -> None:
    payment_id = world.captured()
    world.settle(world.clearing(payment_id))
    world.later(days=30)
    sweep(world.room)
    assert forgotten(world) == []


def enrolled(world: World) -> str:
    policy = world.find_policy(world.add_policy())
    payment_id: str = world.apply(policy.policy_id).payment_id
    return payment_id


def test_an_applicant_whose_enrolment_was_not_made(world: World) -> None:
    payment_id = enrolled(world)
    ((subject,),) = rows_of("SELECT subject FROM enrolment")
    world.later(minutes=21)
    sweep(world.room)
    sweep(world.room)
    assert forgotten(world) == [(payment_id, "mihon_kiko", subject)]


def test_an_applicant_who_is_enrolled_stays(world: World) -> None:
    payment_id = enrolled(world)
    world.enter_card(payment_id)
    world.confirm(payment_id, PREMIUM)
    world.authenticate(payment_id)
    world.authorise(payment_id)
    assert rows_of("SELECT status FROM enrolment") == [("active",)]
    with ROOM.cluster.superuser_connection() as connection:
        connection.execute("UPDATE payments.payment SET due_at = '2026-01-01'")
    world.later(days=30)
    sweep(world.room)
    assert forgotten(world) == []


def test_nobody_forgets_an_applicant_whose_enrolment_stands(world: World) -> None:
    enrolled(world)
    world.later(minutes=21)
    sweep(world.room)
    with ROOM.cluster.superuser_connection() as connection:
        # Past the trigger: no step of the life leads there.
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("UPDATE payments.enrolment SET status = 'active'")
    sweep(world.room)
    assert forgotten(world) == []
