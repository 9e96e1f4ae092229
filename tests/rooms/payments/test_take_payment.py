"""The way of a payment, from bill to receipt."""

from __future__ import annotations

import pytest

from sekisho.crossings import card_network, vault
from sekisho.crossings.message import Refusal
from tests.rooms.payments.world import World, rows_of, told_of


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
    assert told_of(world, vault.ForgetSecurityCode)
    world.capture(payment_id)
    shown = world.show(payment_id)
    assert (shown.status, shown.card_last_four) == ("succeeded", "1111")
    (mail,) = told_of(world, vault.SendMail)
    assert (mail.template, mail.facts["total_yen"]) == ("payment_receipt", 12_143)
    with pytest.raises(Refusal, match="bill_paid") as refused:
        world.find(bill)
    assert refused.value.detail == started.reference
    assert world.books().ok
    assert rows_of("SELECT account, amount_yen FROM entry WHERE transfer_id = 2 ORDER BY leg") == [
        ("acquirer", 12_143),
        ("client_body", -12_000),
        ("fee", -130),
        ("tax", -13),
    ]
    history = world.history(payment_id)
    assert [event.to_state for event in history.events] == [
        "created",
        "card_entered",
        "authenticating",
        "authorising",
        "authorised",
        "capture_requested",
        "captured",
    ]
    assert {event.by for event in history.events} == {
        "payer_site:metropolitan_tax",
        "vault",
        "card_network",
        "payments",
    }


def test_a_challenge_is_shown_and_its_end_comes_from_the_network(world: World) -> None:
    payment_id = world.confirmed()
    world.authenticate(payment_id, "challenge")
    shown = world.show(payment_id)
    assert shown.status == "challenge" and shown.challenge and shown.challenge.creq == "creq"
