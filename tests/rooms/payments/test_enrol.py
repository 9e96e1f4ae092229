"""Enrolment: the policy found, the card checked, kept for the yearly charge."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.crossings import card_network, payments, vault
from sekisho.crossings.message import Refusal
from sekisho.payments import limits
from sekisho.payments.enrol import first_charge_month
from tests.rooms.payments.test_take_payment import refused, world_folder
from tests.rooms.payments.world import PREMIUM, World, make_policy, rows_of, told_of


def applied(world: World, number: str = "12345678", key: str = "apply-1") -> str:
    policy = world.find_policy(number)
    payment_id: str = world.apply(policy.policy_id, key).payment_id
    world.enter_card(payment_id, f"card_{key}")
    world.confirm(payment_id, PREMIUM)
    return payment_id


def test_a_holder_enrols(world: World) -> None:
    world.add_policy()
    payment_id = applied(world)
    (asked,) = told_of(world, card_network.Authenticate)
    assert (asked.purpose, asked.amount_yen) == ("enrolment", 0)
    world.authenticate(payment_id)
    (ordered,) = told_of(world, card_network.Authorise)
    assert (ordered.amount_yen, ordered.entry_mode) == (0, "ecommerce")
    world.authorise(payment_id)
    shown = world.show(payment_id, PREMIUM)
    assert shown.status == "succeeded" and shown.purpose == "enrolment"
    assert shown.enrolment and shown.enrolment.status == "active"
    assert shown.enrolment.applied_on == date(2026, 11, 20)
    assert shown.enrolment.first_charge_month == "2027-04"
    assert rows_of("SELECT card_token FROM enrolment") == [("card_apply-1",)]
    assert told_of(world, card_network.Capture) == []
    assert told_of(world, vault.ForgetCard) == [], "the card is kept for the yearly charge"
    assert told_of(world, vault.ForgetSecurityCode), "the code is not"
    (mail,) = told_of(world, vault.SendMail)
    assert mail.template == "enrolment_done"
    assert mail.facts["product"] == "団体信用生命保険"
    refused("policy_enrolled", lambda: world.find_policy("12345678"))
    assert world.books().ok


def test_a_one_yen_check_is_given_back(world: World) -> None:
    one = World(world_folder(), group_life_premium={"card_check_yen": 1})
    one.enter()
    one.add_policy()
    payment_id = applied(one)
    one.authenticate(payment_id)
    one.authorise(payment_id)
    assert one.show(payment_id, PREMIUM).status == "succeeded"
    (order,) = told_of(one, card_network.Reverse)
    assert order.reason == "card_check_done"
    one.reverse(payment_id)
    assert one.history(payment_id).state == "checked"
    assert one.books().ok
    assert rows_of("SELECT kind FROM transfer ORDER BY id") == [("pending",), ("voided",)]
    assert told_of(one, vault.ForgetCard) == []


def test_a_declined_card_may_be_replaced(world: World) -> None:
    world.add_policy()
    payment_id = applied(world)
    world.authenticate(payment_id)
    world.authorise(payment_id, "declined")
    shown = world.show(payment_id, PREMIUM)
    assert shown.enrolment and (shown.status, shown.enrolment.status) == ("declined", "refused")
    reopen = payments.ReopenCardForm(
        payment_id=payment_id,
        parent_origin="http://localhost:7001",
        return_url="http://localhost:7001/x",
    )
    world.say(PREMIUM, reopen)
    world.enter_card(payment_id, "card_2")
    world.confirm(payment_id, PREMIUM)
    world.authenticate(payment_id, attempt=2)
    world.authorise(payment_id, attempt=2)
    assert rows_of("SELECT status, card_token FROM enrolment") == [("active", "card_2")]


def test_a_wrong_date_of_birth_tells_nothing_and_is_counted(world: World) -> None:
    world.add_policy()
    world.date_of_birth_matches = False
    codes = []
    for number in ("12345678", "87654321"):
        with pytest.raises(Refusal) as caught:
            world.find_policy(number)
        codes.append((caught.value.code, caught.value.detail, caught.value.field))
    assert codes[0] == codes[1] == ("policy_unknown", "", None)
    for _ in range(limits.WRONG_ANSWERS_PER_SESSION - 2):
        refused("policy_unknown", lambda: world.find_policy("12345678"))
    world.date_of_birth_matches = True
    refused("too_many_tries", lambda: world.find_policy("12345678"))


def test_ended_policies_and_bad_forms_are_refused(world: World) -> None:
    world.add_policy("11111111", ended=True)
    refused("policy_ended", lambda: world.find_policy("11111111"))
    refused("number_wrong", lambda: world.find_policy("12"))
    world.add_policy()
    policy_id = world.find_policy("12345678").policy_id
    world.broken_boxes[b"bad"] = "postal code"
    assert refused("item_invalid", lambda: world.apply(policy_id, box=b"bad")).field == "email"
    assert rows_of("SELECT id FROM enrolment") == []
    refused("policy_unknown", lambda: world.apply("policy_guessed"))


def test_applying_again_supersedes_and_saying_it_again_does_not(world: World) -> None:
    world.add_policy()
    policy_id = world.find_policy("12345678").policy_id
    first = world.apply(policy_id)
    assert world.apply(policy_id, box=b"sealed anew") == first
    second = world.apply(policy_id, "apply-2")
    assert second.payment_id != first.payment_id
    shown = world.show(first.payment_id, PREMIUM)
    assert (shown.status, shown.reason) == ("cancelled", "superseded")
    assert shown.enrolment and shown.enrolment.status == "refused"


def test_a_policy_is_enrolled_once(world: World) -> None:
    world.add_policy()
    first = applied(world)
    refused("policy_enrolled", lambda: world.find_policy("12345678"))
    world.authenticate(first)
    world.authorise(first, "unknown")
    refused("policy_enrolled", lambda: world.find_policy("12345678"))
    world.authorise(first)
    assert rows_of("SELECT status FROM enrolment") == [("active",)]


def test_a_policy_that_ends_meanwhile_cancels_the_check(world: World) -> None:
    world.add_policy()
    payment_id = world.apply(world.find_policy("12345678").policy_id).payment_id
    world.enter_card(payment_id)
    row: Any = make_policy(2, policy_number="12345678", ended=True)
    assert world.import_rows("policies", [row]).withdrawn == 1
    shown = world.confirm(payment_id, PREMIUM)
    assert (shown.status, shown.reason) == ("cancelled", "by_client_body")


@given(
    st.dates(min_value=date(2020, 1, 1), max_value=date(2099, 12, 31)),
    st.integers(min_value=1, max_value=12),
)
def test_the_first_charge_is_the_next_month_of_joining(applied_on: date, joined: int) -> None:
    year, month = map(int, first_charge_month(applied_on, joined).split("-"))
    months_ahead = (year - applied_on.year) * 12 + month - applied_on.month
    assert month == joined and 1 <= months_ahead <= 12
