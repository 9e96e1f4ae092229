"""Cards and applications from paper: the clerk's form, the comparison of two entries, and which
kept cards are about to expire."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import CardEntered
from sekisho.crossings.vault import CardsExpiring, CompareItems, OpenPaperCardForm, StoreItems
from sekisho.transport import CrossingUnavailable
from sekisho.vault.cards_expiring import cards_expiring
from sekisho.vault.compare_items import compare_items
from sekisho.vault.limits import MATCH_TRIES_PER_HOUR
from sekisho.vault.open_paper_form import open_paper_form
from sekisho.vault.records.models import Card, CardForm, Item
from sekisho.vault.records.visibility import visible_to
from sekisho.vault.store_items import store_items
from sekisho.vocabulary.clock import now
from sekisho.vocabulary.identifiers import new_id
from tests.rooms.open_room import Room
from tests.rooms.vault.neighbours import (
    BODY,
    DESK_ORIGIN,
    FORM,
    NUMBER,
    ORIGIN,
    OTHER_BODY,
    OTHER_NUMBER,
    Neighbours,
    fields_encoded,
)

PERSON = {
    "name": "髙橋 花子",
    "kana": "タカハシ ハナコ",
    "date_of_birth": "1980-02-29",
    "postal_code": "1630000",
    "address": "見本県見本市一丁目2番3号",
    "phone": "0312345678",
}


def paper_form(place: Neighbours, payment: str, **changes: Any) -> str:
    message = OpenPaperCardForm(
        **{
            "payment_id": payment,
            "client_body": BODY,
            "site": "group_life_premium",
            "language": "ja",
            "parent_origin": DESK_ORIGIN,
            "return_url": f"{DESK_ORIGIN}/paper/paper_1",
            "accepted_brands": ["visa", "mastercard"],
            "expires_at": now() + timedelta(minutes=30),
            **changes,
        }
    )
    return open_paper_form(place.vault, message, now()).url.removeprefix(ORIGIN)


def send(path: str, **typed: str) -> Any:
    fields = {"number": NUMBER, "expiry_month": "08", "expiry_year": "29", **typed}
    headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
    return Client().post(path, fields_encoded(fields), content_type=FORM, headers=headers)


def first_entry(place: Neighbours, payment: str = "", **typed: str) -> CardEntered:
    assert send(paper_form(place, payment or new_id("pay")), **typed).status_code == 200
    return place.payments.entered[-1]


def rows(model: Any) -> int:
    with visible_to(BODY):
        return int(model.objects.count())


def test_the_clerks_form_asks_for_no_code_and_only_the_desk_frames_it(place: Neighbours) -> None:
    path = paper_form(place, new_id("pay"))
    answer = Client().get(path)
    page = answer.content.decode()
    assert 'name="code"' not in page and 'name="name"' not in page and "data-mask" in page
    assert 'autocomplete="cc-number"' not in page, "a browser at a desk keeps no card"
    policy = answer["Content-Security-Policy"]
    assert policy.endswith(f"frame-ancestors {DESK_ORIGIN}")


def test_a_card_from_paper_is_kept_without_code_and_name(place: Neighbours) -> None:
    card = first_entry(place)
    assert (card.brand, card.last_four) == ("visa", "1111")
    with visible_to(BODY):
        assert Card.objects.get(token=card.card_token).kept
        kinds = set(Item.objects.values_list("kind", flat=True))
    assert kinds == {"card_number", "card_expiry"}
    released = place.release(place.sign(place.permit(card, with_security_code=False)))
    assert (released.number, released.expiry_yymm) == (NUMBER, "2908")
    assert released.security_code is None and released.cardholder_name is None
    with pytest.raises(Refusal) as refused:
        place.release(place.sign(place.permit(card)))
    assert refused.value.code == "code_gone"


def test_a_code_that_is_sent_all_the_same_is_not_held(place: Neighbours) -> None:
    payment = new_id("pay")
    send(paper_form(place, payment), code="737", name="TARO MIHON")
    assert place.vault.codes.take(payment, place.payments.entered[-1].card_token) is None


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ({}, (True, True)),
        ({"number": "4111 1111 1111 1111", "expiry_month": "8"}, (True, True)),
        ({"number": OTHER_NUMBER}, (False, True)),
        ({"expiry_year": "30"}, (True, False)),
    ],
)
def test_a_second_entry_is_compared_and_not_kept(
    place: Neighbours, typed: dict[str, str], same: tuple[bool, bool]
) -> None:
    card = first_entry(place)
    before = rows(Item), rows(Card)
    path = paper_form(place, card.payment_id, compare_with=card.card_token)
    assert "2人目" in Client().get(path).content.decode()
    assert send(path, **typed).status_code == 200
    (told,) = place.payments.compared
    assert (told.payment_id, told.card_token) == (card.payment_id, card.card_token)
    assert (told.number_same, told.expiry_same) == same
    assert (rows(Item), rows(Card)) == before
    # The form is over: what it told can't be told again.
    send(path)
    assert len(place.payments.compared) == 1


def test_a_second_entry_is_told_before_it_counts(place: Neighbours) -> None:
    card = first_entry(place)
    path = paper_form(place, card.payment_id, compare_with=card.card_token)
    place.payments.raises = CrossingUnavailable("cut")
    assert send(path).status_code == 503
    place.payments.raises = None
    assert send(path).status_code == 200
    assert len(place.payments.compared) == 1


def test_only_the_payments_own_card_is_compared_with(place: Neighbours) -> None:
    card = first_entry(place)
    for payment, token in ((new_id("pay"), card.card_token), (card.payment_id, "card_guessed")):
        with pytest.raises(Refusal) as refused:
            paper_form(place, payment, compare_with=token)
        assert refused.value.code == "token_unknown"
    with pytest.raises(Refusal) as refused:
        paper_form(place, card.payment_id, client_body=OTHER_BODY)
    assert refused.value.code == "payment_foreign"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"parent_origin": "http://localhost:7002"}, "parent_origin"),
        ({"return_url": "http://evil.invalid/paper"}, "return_url"),
        ({"accepted_brands": ["cash"]}, "accepted_brands"),
        ({"expires_at": now() - timedelta(seconds=1)}, "expires_at"),
    ],
)
def test_a_form_is_opened_for_the_desk_alone(
    place: Neighbours, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        paper_form(place, new_id("pay"), **changes)
    assert (refused.value.code, refused.value.field) == ("message_invalid", field)


def test_the_desk_frames_no_form_of_a_payer(place: Neighbours) -> None:
    with pytest.raises(Refusal) as refused:
        place.open_form(parent_origin=DESK_ORIGIN, return_url=f"{DESK_ORIGIN}/x")
    assert refused.value.field == "parent_origin"


def stored(place: Neighbours, items: dict[str, str]) -> str:
    message = StoreItems(key=new_id("key"), client_body=BODY, box=place.box(items))
    return store_items(place.vault, "payments", message, now()).subject


def differs(place: Neighbours, subject: str, items: dict[str, str]) -> list[str]:
    message = CompareItems(client_body=BODY, subject=subject, box=place.box(items))
    return compare_items(place.vault, message, now()).differs


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, []),
        # A variant of a character is another one: 高 is not 髙.
        ({"name": "高橋 花子"}, ["name"]),
        ({"kana": "タカハシ ハルコ", "phone": "0312345679"}, ["kana", "phone"]),
        ({"date_of_birth": "1980-02-28"}, ["date_of_birth"]),
        ({"email": "hanako@mihon.example"}, ["email"]),
    ],
)
def test_what_differs_is_named_by_its_kind(
    place: Neighbours, changes: dict[str, str], kinds: list[str]
) -> None:
    assert differs(place, stored(place, PERSON), {**PERSON, **changes}) == kinds


def test_a_missing_item_differs_too(place: Neighbours) -> None:
    without = {kind: value for kind, value in PERSON.items() if kind != "phone"}
    assert differs(place, stored(place, PERSON), without) == ["phone"]


def test_comparisons_are_counted_and_on_evidence(place: Neighbours, room: Room) -> None:
    subject = stored(place, PERSON)
    for _ in range(MATCH_TRIES_PER_HOUR):
        differs(place, subject, {**PERSON, "name": "見本 太郎"})
    with pytest.raises(Refusal) as refused:
        differs(place, subject, PERSON)
    assert refused.value.code == "too_many_tries"
    with room.cluster.superuser_connection() as superuser:
        lines = superuser.execute(
            "SELECT facts FROM evidence.line WHERE kind = 'vault.items_compared'"
        ).fetchall()
    assert len(lines) == MATCH_TRIES_PER_HOUR + 1
    assert all("太郎" not in facts and "髙橋" not in facts for (facts,) in lines)


def test_expiring_cards_are_answered_as_tokens(place: Neighbours) -> None:
    cards = sorted(first_entry(place).card_token for _ in range(3))
    first_entry(place, expiry_month="09")
    place.entered_card()  # a one-off card of the same month

    def page(month: str = "2029-08", body: str = BODY, **more: Any) -> Any:
        message = CardsExpiring(client_body=body, month=month, **more)
        return cards_expiring(place.vault, message, now())

    assert page().tokens == cards and page().next == ""
    half = page(limit=2)
    assert (half.tokens, half.next) == (cards[:2], cards[1])
    assert page(after=half.next, limit=2).tokens == cards[2:]
    assert page("2030-08").tokens == [] and page(body=OTHER_BODY).tokens == []
    for month in ("2029-13", "29-08", "2029-08-01"):
        with pytest.raises(Refusal) as refused:
            page(month)
        assert refused.value.field == "month"


def test_a_shut_form_compares_nothing(place: Neighbours) -> None:
    card = first_entry(place)
    old = paper_form(place, card.payment_id, compare_with=card.card_token)
    paper_form(place, card.payment_id, compare_with=card.card_token)
    assert send(old).status_code == 410
    assert place.payments.compared == []
    with visible_to(BODY):
        assert CardForm.objects.filter(state="open").count() == 1
