"""Twins for trying out: the same rules, behind a wall of their own."""

from __future__ import annotations

import pytest

from sekisho.crossings import payments
from sekisho.crossings.message import Refusal
from sekisho.payments.errors import SettingsWrong
from sekisho.payments.site_rules import read_site_rules
from sekisho.vocabulary.twins import is_of_twin, is_test_token, live_of, twin_of
from tests.rooms.payments.business_hands import (
    events,
    find_bills,
    find_payments,
    link,
    of_body,
    open_link,
    pay_by_link,
    put,
    start_by_link,
    token_of,
)
from tests.rooms.payments.test_business_bills import facts
from tests.rooms.payments.world import DESK, PREMIUM, SITES, World

TWIN = "mihon_to_test"


def test_a_twin_pays_behind_its_own_wall(world: World) -> None:
    made = link(world, client_body=TWIN)
    assert made.test and made.link_id.startswith("tlink_") and made.site == "metropolitan_tax_test"
    assert is_test_token(token_of(made))
    opened = open_link(world, token_of(made))
    assert opened.test and opened.bill.total_yen == 5_055
    payment_id = pay_by_link(world, made)
    assert payment_id.startswith("tpay_")
    assert world.show(payment_id).test and world.show(payment_id).status == "succeeded"
    (line,) = find_payments(world, TWIN).payments
    assert line.test and line.payment_id == payment_id
    assert find_payments(world, "mihon_to").payments == []
    with pytest.raises(Refusal, match="payment_unknown"):
        of_body(world, payment_id, "mihon_to")
    assert {event.client_body for event in events(world).events} == {TWIN}
    assert world.books().ok


def test_a_twins_payment_is_found_again_by_its_reference(world: World) -> None:
    made = link(world, client_body=TWIN)
    payment_id = pay_by_link(world, made)
    reference = world.show(payment_id).reference
    message = payments.FindPayment(reference=reference, number="R-link-1", source="a", session="s")
    site = world.say(DESK, payments.ShowLink(client_body=TWIN, link_id=made.link_id)).site
    assert live_of(site) == "metropolitan_tax"
    from tests.rooms.payments.world import TAX

    found = world.say(TAX, message)
    assert (found.payment_id, found.test) == (payment_id, True)
    with pytest.raises(Refusal, match="payment_unknown"):
        world.say(PREMIUM, message)


def test_a_slip_finds_no_bill_of_a_twin(world: World) -> None:
    shown = put(world, body=TWIN)
    assert shown.bill_id.startswith("tbill_") and shown.test
    with pytest.raises(Refusal, match="bill_unknown"):
        facts(world, shown)
    live = put(world, payment_number=shown.payment_number)
    assert facts(world, shown).bill_id == live.bill_id
    assert [bill.bill_id for bill in find_bills(world, TWIN).bills] == [shown.bill_id]


def test_a_live_link_id_does_not_pay_a_twins_bill_nor_the_other_way(world: World) -> None:
    live, twin = link(world, "live"), link(world, "twin", client_body=TWIN)
    opened_live, opened_twin = open_link(world, token_of(live)), open_link(world, token_of(twin))
    for opened, other in ((opened_live, opened_twin), (opened_twin, opened_live)):
        with pytest.raises(Refusal, match="link_unknown"):
            start_by_link(world, opened, link_id=other.link_id)


@pytest.mark.parametrize("named", ["site", "client_body"])
def test_the_suffix_is_reserved(named: str) -> None:
    section = dict(SITES["metropolitan_tax"])
    if named == "client_body":
        section["client_body"] = TWIN
    with pytest.raises(SettingsWrong, match="_test"):
        read_site_rules("tax_test" if named == "site" else "tax", section)


def test_a_name_tells_whose_a_thing_is() -> None:
    assert twin_of("mihon_to") == TWIN and live_of(TWIN) == "mihon_to" == live_of("mihon_to")
    assert is_of_twin("tpay_1") and is_of_twin("tbill_1") and is_of_twin("tlink_1")
    assert (
        not is_of_twin("pay_1") and not is_of_twin("test_") and not is_of_twin("test_" + "a" * 38)
    )
    assert is_of_twin("test_" + "a" * 43)
