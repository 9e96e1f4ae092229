"""Payment by link: made by a client body, opened and paid by whoever has its address."""

from __future__ import annotations

from typing import Any

import pytest

from sekisho.crossings import payments
from sekisho.crossings.message import Refusal
from sekisho.payments.business.link_token import link_token, token_hash
from tests.rooms.payments.business_hands import (
    find_payments,
    link,
    open_link,
    pay_by_link,
    put,
    start_by_link,
    token_of,
)
from tests.rooms.payments.world import DESK, PREMIUM, TAX, World, rows_of


def code_of(do: Any) -> str:
    with pytest.raises(Refusal) as caught:
        do()
    return caught.value.code


def show(world: World, made: payments.LinkShown) -> payments.LinkShown:
    shown: payments.LinkShown = world.say(
        DESK, payments.ShowLink(client_body=made.client_body, link_id=made.link_id)
    )
    return shown


def test_a_link_to_a_printed_bill_is_paid(world: World) -> None:
    bill = put(world)
    made = link(world, bill_id=bill.bill_id)
    opened = open_link(world, token_of(made))
    assert (opened.bill.bill_id, opened.printed) == (bill.bill_id, True)
    payment_id = pay_by_link(world, made)
    paid = show(world, made)
    assert (paid.state, paid.payment_id) == ("paid", payment_id)
    assert code_of(lambda: open_link(world, token_of(made))) == "bill_paid"


def test_a_payment_made_by_api_is_paid_by_its_link_alone(world: World) -> None:
    made = link(world, return_url="https://example.jp/thanks?order=1")
    opened = open_link(world, token_of(made))
    assert (opened.bill.amount_yen, opened.bill.total_yen, opened.printed) == (5_000, 5_055, False)
    assert (opened.payment_number, opened.return_url) == (
        "R-link-1",
        "https://example.jp/thanks?order=1",
    )
    without = {"link_id": "", "key": "other"}
    assert code_of(lambda: start_by_link(world, opened, **without)) == "bill_unknown"
    payment_id = pay_by_link(world, made)
    (line,) = find_payments(world, payment_number="R-link-1").payments
    assert (line.payment_id, line.status, line.total_yen) == (payment_id, "succeeded", 5_055)
    assert world.books().ok


def test_the_same_key_is_the_same_link_and_its_address_can_be_shown_again(world: World) -> None:
    made = link(world)
    assert link(world) == made == show(world, made)
    assert len(token_of(made)) == 43
    assert code_of(lambda: link(world, bill_id="bill_x")) == "key_reused"
    assert code_of(lambda: link(world, "link-2", to_pay=_to_pay(made.payment_number))) == (
        "reference_taken"
    )


def _to_pay(reference: str, **changed: Any) -> payments.ToPay:
    fields: dict[str, Any] = {"amount_yen": 100, "item_ja": "使用料", "item_en": ""}
    return payments.ToPay(reference=reference, **{**fields, **changed})


def test_of_a_token_only_its_hash_is_kept(world: World) -> None:
    token = token_of(link(world))
    kept = rows_of("SELECT l::text, l.token_hash FROM payment_link l")
    assert token not in kept[0][0] and bytes(kept[0][1]) == token_hash(token)
    assert link_token(b"another key of thirty-two bytes.", "link_1") != token


def test_a_wrong_token_is_a_wrong_answer_and_too_many_are_refused(world: World) -> None:
    made = link(world)
    for at in range(5):
        assert code_of(lambda at=at: open_link(world, f"{at:043d}")) == "link_unknown"
    assert code_of(lambda: open_link(world, token_of(made))) == "too_many_tries"
    assert open_link(world, token_of(made), session="another").link_id == made.link_id


def test_another_site_finds_no_link(world: World) -> None:
    made = link(world)
    assert code_of(lambda: open_link(world, token_of(made), PREMIUM)) == "link_unknown"
    opened = open_link(world, token_of(made))
    assert code_of(lambda: start_by_link(world, opened, caller=PREMIUM)) == "link_unknown"


def test_a_link_that_is_over_says_why(world: World) -> None:
    made = link(world)
    opened = open_link(world, token_of(made))
    cancel = payments.CancelLink(client_body="mihon_to", link_id=made.link_id, by="hana")
    assert world.say(DESK, cancel).state == "cancelled"
    assert code_of(lambda: open_link(world, token_of(made))) == "link_cancelled"
    assert code_of(lambda: start_by_link(world, opened)) == "link_cancelled"
    late = link(world, "link-2")
    world.later(days=31)
    assert show(world, late).state == "expired"
    assert code_of(lambda: open_link(world, token_of(late))) == "link_expired"


def test_a_link_cancelled_ends_an_open_payment_but_not_one_that_holds_money(world: World) -> None:
    made = link(world)
    payment_id = start_by_link(world, open_link(world, token_of(made))).payment_id
    world.enter_card(payment_id)
    world.confirm(payment_id)
    cancel = payments.CancelLink(client_body="mihon_to", link_id=made.link_id, by="hana")
    assert code_of(lambda: world.say(DESK, cancel)) == "bill_in_payment"
    other = link(world, "link-2")
    begun = start_by_link(world, open_link(world, token_of(other)), "key-2").payment_id
    world.say(DESK, payments.CancelLink(client_body="mihon_to", link_id=other.link_id, by="x"))
    assert world.show(begun).reason == "by_client_body"


def test_a_cancelled_link_of_a_printed_bill_leaves_the_bill_payable(world: World) -> None:
    bill = put(world)
    made = link(world, bill_id=bill.bill_id)
    world.say(DESK, payments.CancelLink(client_body="mihon_to", link_id=made.link_id, by="x"))
    shown = world.say(DESK, payments.ShowBill(client_body="mihon_to", bill_id=bill.bill_id))
    assert shown.state == "unpaid"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"bill_id": "bill_nobody"}, "bill_unknown"),
        ({"bill_id": "x", "to_pay": _to_pay("A")}, "what_wrong"),
        ({"to_pay": None}, "what_wrong"),
        ({"to_pay": _to_pay("有")}, "reference_wrong"),
        ({"to_pay": _to_pay("A", amount_yen=0)}, "amount_out_of_bounds"),
        ({"to_pay": _to_pay("A", amount_yen=999_999)}, "bill_over_limit"),
        ({"to_pay": _to_pay("A", item_ja="")}, "text_wrong"),
        ({"return_url": "http://example.jp/"}, "return_url_wrong"),
        ({"return_url": "javascript:alert(1)"}, "return_url_wrong"),
        ({"return_url": "https://a@example.jp/"}, "return_url_wrong"),
        ({"return_url": "https://example.jp/\r\nX: y"}, "return_url_wrong"),
        ({"return_url": "https://[::1"}, "return_url_wrong"),
        ({"site": "group_life_premium"}, "site_unknown"),
        ({"by": ""}, "by_wrong"),
        ({"key": "a b"}, "key_wrong"),
    ],
)
def test_a_wrong_link_is_refused_and_nothing_is_made(world: World, changed: Any, code: str) -> None:
    assert code_of(lambda: link(world, **changed)) == code
    assert rows_of("SELECT count(*) FROM payment_link") == [(0,)]
    assert rows_of("SELECT count(*) FROM bill") == [(0,)]


def test_a_body_whose_site_takes_no_bills_has_links_too(world: World) -> None:
    made = link(world, client_body="mihon_kiko")
    opened = open_link(world, token_of(made), PREMIUM)
    assert (opened.bill.fee_yen, opened.bill.total_yen) == (0, 5_000)
    started = start_by_link(world, opened, caller=PREMIUM)
    assert world.show(started.payment_id, PREMIUM).total_yen == 5_000


def test_links_are_listed_for_their_body(world: World) -> None:
    made = [link(world, f"link-{n}") for n in range(3)]
    first = world.say(DESK, payments.FindLinks(client_body="mihon_to", limit=2))
    assert [one.link_id for one in first.links] == [made[2].link_id, made[1].link_id]
    message = payments.FindLinks(client_body="mihon_to", limit=2, cursor=first.next_cursor)
    assert [one.link_id for one in world.say(DESK, message).links] == [made[0].link_id]
    assert world.say(DESK, payments.FindLinks(client_body="mihon_kiko")).links == []


def test_a_payer_of_a_link_may_say_it_twice(world: World) -> None:
    opened = open_link(world, token_of(link(world)))
    first = start_by_link(world, opened)
    assert start_by_link(world, opened).payment_id == first.payment_id
    assert world.show(first.payment_id, TAX).total_yen == 5_055
