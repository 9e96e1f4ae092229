"""A payment is found again by its reference together with the number it was for."""

from __future__ import annotations

import pytest

from sekisho.crossings import payments
from sekisho.crossings.message import Refusal
from sekisho.transport.doors import Caller
from tests.rooms.payments.world import PREMIUM, TAX, World


def found(world: World, reference: str, number: str, caller: Caller = TAX) -> payments.PaymentShown:
    shown: payments.PaymentShown = world.say(
        caller,
        payments.FindPayment(reference=reference, number=number, source="s", session="v"),
    )
    return shown


def test_reference_and_number_find_the_payment(world: World) -> None:
    (bill,) = world.add_bills()
    started = world.start(world.find(bill))
    shown = found(world, started.reference, bill.payment_number)
    assert (shown.payment_id, shown.status) == (started.payment_id, "started")


def test_a_policy_number_finds_its_card_check(world: World) -> None:
    number = world.add_policy()
    started = world.apply(world.find_policy(number).policy_id)
    assert found(world, started.reference, number, PREMIUM).purpose == "enrolment"


def test_neither_alone_nor_another_site_finds_it_and_guessing_ends(world: World) -> None:
    bill, other = world.add_bills(2)
    started = world.start(world.find(bill))
    with pytest.raises(Refusal, match="payment_unknown"):
        found(world, started.reference, bill.payment_number, PREMIUM)
    with pytest.raises(Refusal, match="payment_unknown"):
        found(world, "AAAA-AAAA-AAAA-A", bill.payment_number)
    codes = []
    for _ in range(30):
        with pytest.raises(Refusal) as refused:
            found(world, started.reference, other.payment_number)
        codes.append(refused.value.code)
    assert codes[0] == "payment_unknown" and codes[-1] == "too_many_tries"
