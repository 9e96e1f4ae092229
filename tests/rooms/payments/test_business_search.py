"""A client body searches its payments and refunds, and looks at one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from sekisho.crossings import payments
from sekisho.crossings.message import Refusal
from tests.rooms.payments.business_hands import (
    find_payments,
    link,
    of_body,
    open_link,
    put,
    start_by_link,
    token_of,
)
from tests.rooms.payments.world import DESK, TERMINAL, World


def begin(world: World, key: str, amount_yen: int = 5_000) -> str:
    to_pay = payments.ToPay(amount_yen=amount_yen, item_ja="料金", item_en="Fee", reference=key)
    made = link(world, key, to_pay=to_pay)
    return start_by_link(world, open_link(world, token_of(made)), key).payment_id


def pay(world: World, key: str, amount_yen: int = 5_000) -> str:
    payment_id = begin(world, key, amount_yen)
    world.enter_card(payment_id, f"card_{key}")
    world.confirm(payment_id)
    world.authenticate(payment_id)
    world.authorise(payment_id)
    world.capture(payment_id)
    return payment_id


def ids(found: payments.PaymentsFound) -> list[str]:
    return [line.payment_id for line in found.payments]


def test_payments_are_found_by_every_filter(world: World) -> None:
    start = world.moment
    first = pay(world, "A-1", 1_000)
    world.later(hours=1)
    second = pay(world, "A-2", 2_000)
    world.later(hours=1)
    third = begin(world, "A-3", 3_000)
    line = find_payments(world, payment_number="A-1").payments[0]
    hour = timedelta(hours=1)
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, [third, second, first]),
        ({"reference": line.reference}, [first]),
        ({"reference": line.reference.lower().replace("-", " ")}, [first]),
        ({"reference": second}, [second]),
        ({"reference": "no such word"}, []),
        ({"payment_number": "A-2"}, [second]),
        ({"payment_number": "A-"}, []),
        ({"status": "succeeded"}, [second, first]),
        ({"status": "started"}, [third]),
        ({"kind": "bill"}, [third, second, first]),
        ({"kind": "card_check"}, []),
        ({"started_from": start + hour}, [third, second]),
        ({"started_to": start + hour}, [first]),
        ({"finished_from": start, "finished_to": start + hour}, [first]),
        ({"finished_from": start + hour}, [second]),
        ({"amount_from_yen": 1_055, "amount_to_yen": 1_055}, [first]),
        ({"amount_from_yen": 1_056}, [third, second]),
        ({"brand": "visa", "last_four": "1111"}, [second, first]),
        ({"brand": "jcb"}, []),
        ({"last_four": "9999"}, []),
        ({"policy_number": "12345678"}, []),
    ]
    for filters, wanted in cases:
        assert ids(find_payments(world, **filters)) == wanted, filters


def test_pages_hold_every_payment_once(world: World) -> None:
    made = [begin(world, f"P-{n}") for n in range(7)]
    seen: list[str] = []
    cursor = None
    while True:
        found = find_payments(world, limit=3, cursor=cursor)
        seen += ids(found)
        cursor = found.next_cursor
        if cursor is None:
            break
    # All began at the same moment: the id decides, and none is lost between two pages.
    assert seen == sorted(made, reverse=True)


def test_a_card_check_is_found_by_its_policy(world: World) -> None:
    number = world.add_policy()
    world.apply(world.find_policy(number).policy_id)
    (line,) = find_payments(world, "mihon_kiko", policy_number=number).payments
    assert (line.kind, line.policy_number, line.total_yen) == ("card_check", number, 0)


@pytest.mark.parametrize(
    ("filters", "code", "field"),
    [
        ({"limit": 1_000}, "limit_wrong", "limit"),
        ({"cursor": ""}, "cursor_wrong", "cursor"),
        ({"brand": "v\x00"}, "filter_wrong", "brand"),
        ({"last_four": "x" * 101}, "filter_wrong", "last_four"),
        ({"amount_to_yen": -1}, "filter_wrong", "amount_to_yen"),
        ({"client_body": "mihon"}, "client_body_unknown", "client_body"),
    ],
)
def test_a_bad_search_names_its_field(world: World, filters: Any, code: str, field: str) -> None:
    with pytest.raises(Refusal) as caught:
        world.say(DESK, payments.FindPayments(**{"client_body": "mihon_to", **filters}))
    assert (caught.value.code, caught.value.field) == (code, field)


def test_a_body_sees_whose_doing_each_step_was_and_no_word_of_the_network(world: World) -> None:
    payment_id = begin(world, "S-1")
    world.enter_card(payment_id)
    world.confirm(payment_id)
    world.authenticate(payment_id)
    world.authorise(payment_id, "declined")
    shown = of_body(world, payment_id)
    assert [(step.event, step.who) for step in shown.steps] == [
        ("started", "payer"),
        ("card_entered", "payer"),
        ("confirmed", "payer"),
        ("identity_confirmed", "card_company"),
        ("declined", "card_company"),
    ]
    assert shown.steps[-1].reason == "declined_by_issuer"
    (card,) = shown.cards
    assert (card.brand, card.last_four, card.eci) == ("visa", "1111", "05")
    assert (card.liability, card.outcome, card.authenticated) == ("issuer", "declined", True)
    text = str(msgspec.to_builtins(shown))
    for hidden in ("41111111", "'05 ", "A12345", "ref-1", "fingerprint", "guard", "000001"):
        assert hidden not in text


def test_a_body_sees_its_own_people_by_name_and_operators_as_the_platform(world: World) -> None:
    payment_id = pay(world, "S-2")
    asked = world.refund(payment_id, amount_yen=1_000, fee_yen=0, left_yen=5_055)
    shown = of_body(world, payment_id)
    assert [refund.refund_id for refund in shown.refunds] == [asked.refund_id]
    assert (shown.left_yen, shown.left_fee_yen) == (4_055, 55)
    assert of_body(world, shown.payment.reference) == shown
    assert shown.link_id is not None


def test_refunds_are_found(world: World) -> None:
    first, second = pay(world, "R-1"), pay(world, "R-2")
    one = world.refund(first, "k1", amount_yen=1_000, fee_yen=0, left_yen=5_055)
    world.later(hours=1)
    two = world.refund(second, "k2", amount_yen=2_000, fee_yen=0, left_yen=5_055)
    world.refunded(first, one.refund_id)

    def found(**filters: Any) -> list[str]:
        said = payments.FindRefunds(client_body="mihon_to", **filters)
        return [line.refund_id for line in world.say(DESK, said).refunds]

    assert found() == [two.refund_id, one.refund_id]
    assert found(status="done") == [one.refund_id]
    assert found(payment_id=second) == [two.refund_id]
    assert found(refund_id=one.refund_id) == [one.refund_id]
    assert found(asked_from=world.moment) == [two.refund_id]
    assert found(asked_to=world.moment) == [one.refund_id]
    page = world.say(DESK, payments.FindRefunds(client_body="mihon_to", limit=1))
    assert found(cursor=page.next_cursor) == [one.refund_id]
    assert find_payments(world, reference=first).payments[0].refunded_yen == 1_000


def test_an_operator_searches_all_bodies_in_order_of_time(world: World) -> None:
    live = begin(world, "B-1")
    world.later(minutes=1)
    bill = put(world, body="mihon_to_test")
    made = link(world, "t", client_body="mihon_to_test", bill_id=bill.bill_id)
    opened = open_link(world, token_of(made))
    twin = start_by_link(world, opened, "t").payment_id
    found = world.say(TERMINAL, payments.FindPayments(client_body="*"))
    assert ids(found) == [twin, live]
