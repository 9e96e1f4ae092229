"""A client body puts, finds and withdraws its bills one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sekisho.crossings import payments
from sekisho.crossings.message import Refusal
from sekisho.crossings.repeating import KEY_REUSED
from tests.rooms.payments.business_hands import find_bills, given, put
from tests.rooms.payments.world import DESK, TERMINAL, World, next_number, rows_of


def refused(world: World, message: Any, caller: Any = DESK) -> tuple[str, str | None]:
    with pytest.raises(Refusal) as caught:
        world.say(caller, message)
    return caught.value.code, caught.value.field


def test_a_bill_put_is_found_and_can_be_paid_by_its_slip(world: World) -> None:
    shown = put(world)
    assert (shown.state, shown.test, shown.client_body) == ("unpaid", False, "mihon_to")
    assert find_bills(world, payment_number=shown.payment_number).bills == [shown]
    row = payments.BillRow(
        line=1,
        **{
            name: getattr(given(payment_number=shown.payment_number), name)
            for name in payments.BillGiven.__struct_fields__
        },
    )
    assert world.find(row).bill_id == shown.bill_id


def test_the_confirmation_number_is_not_shown_again(world: World) -> None:
    assert "confirmation_number" not in payments.BillShown.__struct_fields__


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"payee_number": "99999"}, "payee_unknown", "payee_number"),
        ({"payment_number": "12"}, "wrong_length", "payment_number"),
        ({"confirmation_number": "12345a"}, "wrong_length", "confirmation_number"),
        ({"category_number": ""}, "wrong_length", "category_number"),
        ({"amount_yen": 0}, "amount_out_of_bounds", "amount_yen"),
        ({"amount_yen": 10**18}, "amount_out_of_bounds", "amount_yen"),
        ({"item_ja": ""}, "text_wrong", "item_ja"),
        ({"item_en": "x" * 101}, "text_wrong", "item_en"),
        ({"term": "a\x00b"}, "text_wrong", "term"),
        ({"fiscal_year": 10**9}, "year_wrong", "fiscal_year"),
        ({"payable_until": datetime(2026, 10, 1, tzinfo=UTC)}, "dates_in_wrong_order", None),
        ({"payable_until": datetime(2027, 10, 1)}, "date_wrong", "payable_until"),  # noqa: DTZ001
    ],
)
def test_a_bad_bill_is_refused_by_field_and_changes_nothing(
    world: World, changed: Any, code: str, field: str | None
) -> None:
    message = payments.PutBill(client_body="mihon_to", key="k", bill=given(**changed), by="hana")
    said = refused(world, message)
    assert said == (code, field or "payable_until")
    assert rows_of("SELECT count(*) FROM bill") == [(0,)]
    assert rows_of("SELECT count(*) FROM bill_staged") == [(0,)]
    assert rows_of("SELECT count(*) FROM body_key") == [(0,)]


def test_a_key_says_one_thing_and_a_changed_bill_needs_a_new_one(world: World) -> None:
    number = next_number()
    first = put(world, key="k1", payment_number=number)
    assert put(world, key="k1", payment_number=number) == first
    other = payments.PutBill(
        client_body="mihon_to", key="k1", bill=given(payment_number=number, amount_yen=9), by="x"
    )
    assert refused(world, other) == (KEY_REUSED, "key")
    changed = put(world, key="k2", payment_number=number, amount_yen=13_000)
    assert (changed.bill_id, changed.amount_yen) == (first.bill_id, 13_000)
    # The old key said again is the old deed: it does not turn the bill back.
    assert put(world, key="k1", payment_number=number).amount_yen == 13_000


def test_a_changed_bill_ends_what_its_payer_agreed_to(world: World) -> None:
    shown = put(world, key="k1")
    payment_id = world.start(facts(world, shown)).payment_id
    put(world, key="k2", payment_number=shown.payment_number, amount_yen=1)
    assert world.show(payment_id).reason == "by_client_body"


def facts(world: World, shown: payments.BillShown) -> payments.BillFacts:
    row = payments.BillRow(
        line=1,
        **{
            name: getattr(given(payment_number=shown.payment_number), name)
            for name in payments.BillGiven.__struct_fields__
        },
    )
    return world.find(row)


def test_a_bill_in_payment_or_paid_is_neither_changed_nor_withdrawn(world: World) -> None:
    shown = put(world)
    payment_id = world.start(facts(world, shown)).payment_id
    world.enter_card(payment_id)
    world.confirm(payment_id)
    for code in ("bill_in_payment", "bill_paid"):
        bill = given(payment_number=shown.payment_number, amount_yen=7)
        change = payments.PutBill(client_body="mihon_to", key=code, bill=bill, by="hana")
        assert refused(world, change)[0] == code
        withdrawal = payments.WithdrawBill(client_body="mihon_to", bill_id=shown.bill_id, by="x")
        assert refused(world, withdrawal)[0] == code
        if code == "bill_in_payment":
            world.authenticate(payment_id)
            world.authorise(payment_id)
            world.capture(payment_id)
    assert find_bills(world, state="paid").bills[0].payment_id == payment_id


def test_a_bill_withdrawn_is_not_payable_and_comes_back(world: World) -> None:
    shown = put(world, key="k1")
    payment_id = world.start(facts(world, shown)).payment_id
    message = payments.WithdrawBill(client_body="mihon_to", bill_id=shown.bill_id, by="hana")
    assert world.say(DESK, message).state == "withdrawn"
    assert world.show(payment_id).reason == "by_client_body"
    with pytest.raises(Refusal, match="bill_withdrawn"):
        facts(world, shown)
    assert put(world, key="k3", payment_number=shown.payment_number).state == "unpaid"


def test_bills_are_found_by_every_filter_and_page_by_page(world: World) -> None:
    made = [
        put(world, amount_yen=1_000 * n, due_date=date(2026, 12, n), fiscal_year=2020 + n)
        for n in range(1, 8)
    ]
    newest_first = [bill.bill_id for bill in reversed(made)]
    first = find_bills(world, limit=3)
    second = find_bills(world, limit=3, cursor=first.next_cursor)
    third = find_bills(world, limit=3, cursor=second.next_cursor)
    pages = [bill.bill_id for page in (first, second, third) for bill in page.bills]
    assert (pages, third.next_cursor) == (newest_first, None)

    def ids(**filters: Any) -> list[int]:
        found = find_bills(world, **filters).bills
        return sorted(newest_first[::-1].index(bill.bill_id) + 1 for bill in found)

    assert ids(amount_from_yen=2_000, amount_to_yen=3_000) == [2, 3]
    assert ids(due_from=date(2026, 12, 6)) == [6, 7]
    assert ids(due_to=date(2026, 12, 1)) == [1]
    assert ids(fiscal_year=2025) == [5]
    assert ids(state="unpaid") == [1, 2, 3, 4, 5, 6, 7]
    assert ids(state="expired") == ids(state="withdrawn") == ids(state="paid") == []
    world.later(days=60)
    assert ids(state="expired") == [1, 2, 3, 4, 5, 6, 7]
    assert ids(state="unpaid") == ids(state="not_yet") == []
    future = datetime.now(UTC) + timedelta(days=1)
    assert ids(changed_from=future) == []


@pytest.mark.parametrize(
    ("filters", "code", "field"),
    [
        ({"limit": 0}, "limit_wrong", "limit"),
        ({"limit": 201}, "limit_wrong", "limit"),
        ({"cursor": "no cursor!"}, "cursor_wrong", "cursor"),
        ({"cursor": "x" * 500}, "cursor_wrong", "cursor"),
        ({"payment_number": "1\x002"}, "filter_wrong", "payment_number"),
        ({"amount_from_yen": 2**70}, "filter_wrong", "amount_from_yen"),
        ({"fiscal_year": -1}, "filter_wrong", "fiscal_year"),
        ({"changed_from": datetime(2026, 1, 1)}, "filter_wrong", "changed_from"),  # noqa: DTZ001
        ({"client_body": "nobody"}, "client_body_unknown", "client_body"),
        ({"client_body": "*"}, "client_body_unknown", "client_body"),
    ],
)
def test_a_bad_question_names_its_field(world: World, filters: Any, code: str, field: str) -> None:
    message = payments.FindBills(**{"client_body": "mihon_to", **filters})
    assert refused(world, message) == (code, field)


def test_an_operator_may_ask_for_all_bodies(world: World) -> None:
    put(world)
    put(world, body="mihon_to_test")
    bills = world.say(TERMINAL, payments.FindBills(client_body="*")).bills
    assert {bill.client_body for bill in bills} == {"mihon_to", "mihon_to_test"}
