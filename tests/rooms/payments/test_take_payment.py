"""The way of a payment, from bill to receipt, and what payers do besides."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sekisho.crossings import card_network, payments, vault
from sekisho.crossings.message import Refusal
from sekisho.payments import limits
from sekisho.transport import CrossingUnavailable
from tests.rooms.payments.world import (
    ORIGIN,
    PREMIUM,
    TAX,
    World,
    make_bill,
    next_number,
    rows_of,
    told_of,
)


def refused(code: str, act: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code, caught.value
    return caught.value


def test_a_bill_is_paid_and_the_books_say_so(world: World) -> None:
    (bill,) = world.add_bills()
    facts = world.find(bill)
    assert (facts.amount_yen, facts.fee_yen, facts.fee_tax_yen) == (12_000, 143, 13)
    started = world.start(facts)
    assert started.card_form_url.startswith("http://localhost:7003/card/")
    payment_id = started.payment_id
    assert world.show(payment_id).status == "started"
    world.enter_card(payment_id)
    assert world.show(payment_id).status == "card_entered"
    assert world.confirm(payment_id).status == "processing"
    (asked,) = told_of(world, card_network.Authenticate)
    permit = asked.signed_permit
    world.permit_key.public_key().verify(permit.signature, permit.permit.signed_bytes())
    assert (permit.permit.purpose, permit.permit.with_security_code) == ("authenticate", False)
    world.authenticate(payment_id)
    (ordered,) = told_of(world, card_network.Authorise)
    assert (ordered.amount_yen, ordered.reference) == (12_143, started.reference)
    assert ordered.signed_permit.permit.with_security_code
    world.authorise(payment_id)
    assert told_of(world, card_network.Capture)[0].amount_yen == 12_143
    assert told_of(world, vault.ForgetSecurityCode) == [], "the vault wiped it at the release"
    world.capture(payment_id)
    shown = world.show(payment_id)
    assert (shown.status, shown.card_last_four) == ("succeeded", "1111")
    (mail,) = told_of(world, vault.SendMail)
    assert (mail.template, mail.facts["total_yen"]) == ("payment_receipt", 12_143)
    assert refused("bill_paid", lambda: world.find(bill)).detail == started.reference
    assert world.books().ok
    assert rows_of("SELECT account, amount_yen FROM entry WHERE transfer_id = 2 ORDER BY leg") == [
        ("acquirer", 12_143),
        ("payer", -12_143),
    ]
    claim = "SELECT account, amount_yen FROM entry WHERE transfer_id = 1 ORDER BY leg"
    assert rows_of(claim) == [
        ("payer", 12_143),
        ("client_body", -12_000),
        ("fee", -130),
        ("tax", -13),
    ]


def test_the_history_says_who_and_why(world: World) -> None:
    payment_id = world.confirmed()
    world.authenticate(payment_id)
    world.authorise(payment_id)
    world.capture(payment_id)
    history = world.history(payment_id)
    assert [(event.to_state, event.by) for event in history.events] == [
        ("created", "payer_site:metropolitan_tax"),
        ("card_entered", "vault"),
        ("authenticating", "payer_site:metropolitan_tax"),
        ("authorising", "card_network"),
        ("authorised", "card_network"),
        ("capture_requested", "payments"),
        ("captured", "card_network"),
    ]
    assert "ECI 05" in history.events[3].why
    typed = history.reference.lower().replace("-", " ")
    assert world.history(typed).payment_id == payment_id


def test_a_challenge_is_shown_once_and_its_end_comes_from_the_network(world: World) -> None:
    payment_id = world.confirmed()
    world.authenticate(payment_id, "challenge")
    shown = world.show(payment_id)
    assert shown.status == "challenge" and shown.challenge and shown.challenge.creq == "creq"
    back = payments.FinishChallenge(payment_id=payment_id, cres="cres")
    assert world.say(TAX, back).status == "processing"
    world.authenticate(payment_id, "challenge")
    assert world.show(payment_id).status == "processing", "an echo reopened the challenge"
    assert world.say(TAX, back).status == "processing"
    assert len(told_of(world, card_network.ChallengeReturned)) == 1
    world.authenticate(payment_id)
    assert len(told_of(world, card_network.Authorise)) == 1


@pytest.mark.parametrize(
    ("result", "status", "reason"),
    [
        ("failed", "failed", "authentication_failed"),
        ("rejected", "failed", "authentication_failed"),
        ("unavailable", "failed", "authentication_unavailable"),
        ("attempted", "processing", ""),
    ],
)
def test_what_three_d_secure_means(world: World, result: str, status: str, reason: str) -> None:
    payment_id = world.confirmed()
    world.authenticate(payment_id, result)
    shown = world.show(payment_id)
    assert (shown.status, shown.reason) == (status, reason)


def test_a_site_may_go_on_without_three_d_secure(world: World) -> None:
    easy = World(world_folder(), metropolitan_tax={"three_d_secure_unavailable": "proceed"})
    easy.enter()
    payment_id = easy.confirmed()
    easy.authenticate(payment_id, "unavailable")
    assert told_of(easy, card_network.Authorise)


def world_folder() -> Any:
    from tests.rooms.payments.conftest import ROOM

    return ROOM.own_folder


def test_a_decline_is_uniform_to_the_payer_and_true_in_the_history(world: World) -> None:
    payment_id = world.confirmed()
    world.authenticate(payment_id)
    world.authorise(payment_id, "declined")
    shown = world.show(payment_id)
    assert (shown.status, shown.reason) == ("declined", "declined_by_issuer")
    assert "response code 05" in world.history(payment_id).events[-1].why
    (forgotten,) = told_of(world, vault.ForgetCard)
    assert (forgotten.card_token, forgotten.reason) == ("card_1", "ended")
    assert world.books().ok
    reopen = payments.ReopenCardForm(
        payment_id=payment_id, parent_origin=ORIGIN, return_url=ORIGIN + "/x"
    )
    assert world.say(TAX, reopen).payment_id == payment_id
    assert world.show(payment_id).card_brand is None
    world.enter_card(payment_id, "card_2")
    world.confirm(payment_id)
    world.authenticate(payment_id, attempt=2)
    world.authorise(payment_id, attempt=2)
    world.capture(payment_id, attempt=2)
    assert world.show(payment_id).status == "succeeded"
    assert world.books().ok


def test_cards_per_payment_are_limited(world: World) -> None:
    (bill,) = world.add_bills()
    payment_id = world.start(world.find(bill)).payment_id
    for number in range(limits.CARDS_PER_PAYMENT_LIMIT):
        world.enter_card(payment_id, f"card_{number}")
    refused("payment_over", lambda: world.enter_card(payment_id, "card_more"))
    replaced = told_of(world, vault.ForgetCard)
    assert [message.reason for message in replaced] == ["replaced"] * 5


def test_pay_clicked_twice_is_one_payment(world: World) -> None:
    payment_id = world.confirmed()
    assert world.confirm(payment_id).status == "processing"
    assert len(told_of(world, card_network.Authenticate)) == 1
    world.enter_card(payment_id)
    refused("payment_over", lambda: world.enter_card(payment_id, "card_other"))


def test_of_two_tabs_one_pays(world: World) -> None:
    (bill,) = world.add_bills()
    facts = world.find(bill)
    first = world.start(facts, "key-1").payment_id
    world.enter_card(first)
    second = world.start(facts, "key-2").payment_id
    shown = world.show(first)
    assert (shown.status, shown.reason) == ("cancelled", "superseded")
    assert world.confirm(first).status == "cancelled"
    world.enter_card(second, "card_2")
    assert world.confirm(second).status == "processing"
    reference = world.show(second).reference
    act = lambda: world.start(facts, "key-3")  # noqa: E731
    assert refused("bill_in_payment", act).detail == reference


def test_the_tab_that_comes_second_gives_way(world: World) -> None:
    (bill,) = world.add_bills()
    facts = world.find(bill)
    first, second = (world.start(facts, key).payment_id for key in ("key-1", "key-2"))
    world_is_raced(first)
    for payment_id, card in ((first, "card_1"), (second, "card_2")):
        world.enter_card(payment_id, card)
    assert world.confirm(second).status == "processing"
    shown = world.confirm(first)
    assert (shown.status, shown.reason) == ("cancelled", "superseded")
    assert world.history(first).events[-1].event == "overtaken"
    assert world.books().ok


def world_is_raced(payment_id: str) -> None:
    """As if the second tab had not seen the first one: put the first back to *created*."""
    from tests.rooms.payments.conftest import ROOM

    with ROOM.cluster.superuser_connection() as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(
            "UPDATE payments.payment SET state = 'created', finished_at = NULL WHERE id = %s",
            [payment_id],
        )


def test_start_said_again_is_the_same_payment(world: World) -> None:
    bill, other = world.add_bills(2)
    facts = world.find(bill)
    first = world.start(facts)
    stored = world.stored
    assert world.start(facts, sealed_email=b"sealed anew") == first
    assert world.stored == stored, "an e-mail was stored for a payment that was there already"
    refused("key_reused", lambda: world.start(world.find(other)))
    world.enter_card(first.payment_id)
    world.confirm(first.payment_id)
    assert world.start(facts).card_form_url == ""


def test_start_that_cannot_reach_the_vault_can_be_said_again(world: World) -> None:
    (bill,) = world.add_bills()
    facts = world.find(bill)
    world.unreachable = True
    with pytest.raises(CrossingUnavailable):
        world.start(facts)
    with pytest.raises(CrossingUnavailable):
        world.start(facts, "key-2", sealed_email=None)
    world.unreachable = False
    assert world.start(facts, "key-2", sealed_email=None).card_form_url
    assert len(rows_of("SELECT id FROM payment")) == 1


def test_a_wrong_mail_address_changes_nothing(world: World) -> None:
    (bill,) = world.add_bills()
    facts = world.find(bill)
    world.broken_boxes[b"bad"] = "not an address"
    act = lambda: world.start(facts, sealed_email=b"bad")  # noqa: E731
    assert refused("item_invalid", act).field == "email"
    assert rows_of("SELECT id FROM payment") == []


@pytest.mark.parametrize(
    ("code", "fields", "detail"),
    [
        ("bill_not_yet", {"first_payable_at": datetime(2026, 11, 21, tzinfo=UTC)}, "2026-11-21"),
        ("bill_expired", {"payable_until": datetime(2026, 11, 20, tzinfo=UTC)}, ""),
        ("bill_over_limit", {"amount_yen": 999_999}, ""),
    ],
)
def test_bills_that_cannot_be_paid(
    world: World, code: str, fields: dict[str, Any], detail: str
) -> None:
    (bill,) = world.add_bills(**fields)
    assert refused(code, lambda: world.find(bill)).detail.startswith(detail)


def test_a_closed_site_says_when_it_opens(world: World) -> None:
    closed = World(world_folder(), metropolitan_tax={"closed": [{"from": "11:00", "to": "13:00"}]})
    closed.enter()
    (bill,) = closed.add_bills()
    refusal = refused("site_closed", lambda: closed.find(bill))
    assert refusal.detail == "2026-11-20T13:00:00+09:00"
    closed.later(hours=1)
    facts = closed.find(bill)
    closed.later(hours=-1)
    refused("site_closed", lambda: closed.start(facts))


def test_numbers_are_checked_field_by_field(world: World) -> None:
    (bill,) = world.add_bills()
    for field, value in {
        "payee_number": "1399",
        "payment_number": "12",
        "confirmation_number": "12345６",
        "category_number": "",
    }.items():
        assert refused("number_wrong", lambda f=field, v=value: world.find(bill, **{f: v})).field
    wrong = refused("number_wrong", lambda: world.find(bill, payee_number="13998"))
    assert wrong.field == "payee_number"


def test_an_amount_that_changed_is_not_taken(world: World) -> None:
    (bill,) = world.add_bills()
    facts = world.find(bill)
    world.import_rows("bills", [make_bill(2, amount_yen=13_000)])
    refused("amount_changed", lambda: world.start(facts))


def test_guesses_are_limited_by_session_and_a_right_one_is_refused_too(world: World) -> None:
    (bill,) = world.add_bills()
    for _ in range(limits.WRONG_ANSWERS_PER_SESSION):
        refused("bill_unknown", lambda: world.find(bill, confirmation_number="999999"))
    again_at = refused("too_many_tries", lambda: world.find(bill)).detail
    assert again_at == (world.moment + limits.WRONG_ANSWERS_WINDOW).isoformat()
    assert world.find(bill, session="session-2").bill_id
    world.later(minutes=61)
    assert world.find(bill).bill_id


def test_guesses_are_limited_by_bill_and_by_address(world: World) -> None:
    bill, other = world.add_bills(2)
    for guess in range(limits.WRONG_ANSWERS_PER_NUMBER):
        who = {"session": f"s{guess}", "source": f"a{guess}"}
        refused("bill_unknown", lambda w=who: world.find(bill, confirmation_number="999999", **w))
    refused("too_many_tries", lambda: world.find(bill, session="new", source="new"))
    for guess in range(limits.WRONG_ANSWERS_PER_SOURCE):
        asked = {"session": f"t{guess}", "payment_number": next_number()}
        refused(
            "bill_unknown",
            lambda a=asked: world.find(other, **a),
        )
    refused("too_many_tries", lambda: world.find(other, session="fresh"))
    assert world.find(other, session="fresh", source="elsewhere").bill_id


def test_a_payer_may_give_up_until_the_issuer_is_asked(world: World) -> None:
    payment_id = world.confirmed()
    cancel = payments.CancelPayment(payment_id=payment_id)
    world.authenticate(payment_id, "challenge")
    shown = world.say(TAX, cancel)
    assert (shown.status, shown.reason) == ("cancelled", "by_payer")
    assert world.say(TAX, cancel) == shown
    assert world.books().ok
    other = world.confirmed(key="key-2")
    world.authenticate(other)
    refused("payment_in_flight", lambda: world.say(TAX, payments.CancelPayment(payment_id=other)))
    world.authorise(other)
    world.capture(other)
    refused("payment_over", lambda: world.say(TAX, payments.CancelPayment(payment_id=other)))


def test_more_time_is_given_ten_times(world: World) -> None:
    (bill,) = world.add_bills()
    payment_id = world.start(world.find(bill)).payment_id
    extend = payments.ExtendPayment(payment_id=payment_id)
    for _ in range(limits.EXTENSIONS_LIMIT):
        world.later(minutes=19)
        before = world.show(payment_id).expires_at
        assert world.say(TAX, extend).expires_at > before
    assert world.say(TAX, extend) == world.show(payment_id)
    world.later(minutes=1)
    refused("extended_enough", lambda: world.say(TAX, extend))
    world.later(minutes=21)
    refused("payment_over", lambda: world.say(TAX, extend))


def test_another_sites_payment_is_unknown(world: World) -> None:
    payment_id = world.confirmed()
    refused("payment_unknown", lambda: world.show(payment_id, PREMIUM))
    refused("payment_unknown", lambda: world.confirm(payment_id, PREMIUM))
    cancel = payments.CancelPayment(payment_id=payment_id)
    refused("payment_unknown", lambda: world.say(PREMIUM, cancel))


def test_a_card_form_sends_nobody_elsewhere(world: World) -> None:
    (bill,) = world.add_bills()
    facts = world.find(bill)
    act = lambda: world.start(facts, return_url="http://elsewhere.example/")  # noqa: E731
    assert refused("address_wrong", act).field == "return_url"
