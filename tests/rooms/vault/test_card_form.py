"""The card form as a browser meets it: what is taken, what is said, what never comes back."""

from __future__ import annotations

import re
from datetime import timedelta
from html import escape
from typing import Any

import pytest
from django.test import Client

from sekisho.crossings.message import Refusal
from sekisho.transport import CrossingUnavailable
from sekisho.vault.card_form.dress import SHELF, WORDS
from sekisho.vault.limits import FORM_TRIES
from sekisho.vault.records.models import CardForm
from sekisho.vault.records.visibility import visible_to
from sekisho.vocabulary.clock import now
from tests.rooms.open_room import Room
from tests.rooms.vault.neighbours import (
    AMEX,
    BODY,
    CODE,
    FORM,
    NUMBER,
    ORIGIN,
    OTHER_BODY,
    OTHER_NUMBER,
    SITES,
    Neighbours,
    fields_encoded,
)

SITE = SITES["metropolitan_tax"]


def get(path: str) -> Any:
    return Client().get(path)


def text(answer: Any) -> str:
    content: str = answer.content.decode()
    return content


def test_the_form_is_shown_in_both_languages(place: Neighbours) -> None:
    path = place.open_form()
    for asked, language, label in (
        (path, "ja", "セキュリティコード"),
        (path.replace("lang=ja", "lang=en"), "en", "Security code"),
        (path.split("?")[0] + "?lang=xx", "ja", "セキュリティコード"),
    ):
        page = text(get(asked))
        assert f'<html lang="{language}">' in page
        assert label in page


def test_the_fields_help_browsers_and_thumbs(place: Neighbours) -> None:
    page = text(get(place.open_form()))
    for name, autocomplete in (
        ("number", "cc-number"),
        ("expiry_month", "cc-exp-month"),
        ("expiry_year", "cc-exp-year"),
        ("code", "cc-csc"),
        ("name", "cc-name"),
    ):
        (field,) = re.findall(rf'<input [^>]*name="{name}"[^>]*>', page)
        assert f'autocomplete="{autocomplete}"' in field
        assert 'type="text"' in field
        assert "pattern" not in field
        assert ('inputmode="numeric"' in field) == (name != "name")
        assert f'for="{name}"' in page
        for described in re.findall(r'aria-describedby="([^"]*)"', field)[0].split():
            assert f'id="{described}"' in page


def test_only_the_site_may_frame_it_and_nothing_is_inline(place: Neighbours) -> None:
    answer = get(place.open_form())
    policy = answer["Content-Security-Policy"]
    assert f"frame-ancestors {SITE}" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies
    page = text(answer)
    assert "<style" not in page
    assert " style=" not in page
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"\son[a-z]+=", page)
    assert "X-Frame-Options" not in answer


@pytest.mark.parametrize(
    ("number", "code", "brand", "last_four"),
    [
        (NUMBER, CODE, "visa", "1111"),
        ("4111 1111 1111 1111", " 737 ", "visa", "1111"),
        ("4111-1111-1111-1111", CODE, "visa", "1111"),
        ("４１１１　１１１１　１１１１　１１１１", "７３７", "visa", "1111"),
        ("\t4111\u00a01111ー1111－1111", CODE, "visa", "1111"),
        (OTHER_NUMBER, CODE, "mastercard", "4444"),
        (AMEX, "1234", "amex", "0005"),
        ("3530111333300000", CODE, "jcb", "0000"),
        ("30569309025904", CODE, "diners", "5904"),
    ],
)
def test_a_card_is_taken_in_any_spacing_and_width(
    place: Neighbours, number: str, code: str, brand: str, last_four: str
) -> None:
    answer = place.enter(place.open_form("pay_1"), number=number, code=code)
    assert answer.status_code == 200
    (entered,) = place.payments.entered
    assert (entered.payment_id, entered.brand, entered.last_four) == ("pay_1", brand, last_four)
    assert len(entered.issuer_bin) in (6, 8)
    assert len(entered.fingerprint) == 32
    page = text(answer)
    assert f'href="{SITE}/pay/confirm"' in page
    assert 'target="_top"' in page
    assert f'data-parent="{SITE}"' in page
    assert "data-card-entered" in page


def test_expiry_and_name_are_read_as_people_type_them(place: Neighbours) -> None:
    for typed in (
        {"expiry_month": "8", "expiry_year": "2029"},
        {"expiry_month": "０８", "expiry_year": "２９"},
        {"name": "ｔａｒｏ　ｍｉｈｏｎ"},
        {"name": "O’Brien-Mihon Jr."},
    ):
        assert place.enter(place.open_form(), **typed).status_code == 200, typed


@pytest.mark.parametrize(
    ("typed", "field", "fault"),
    [
        ({"number": ""}, "number", "required"),
        ({"number": "4111 1111 1111 1112"}, "number", "check_digit"),
        ({"number": "41111111"}, "number", "length"),
        ({"number": "4" * 59}, "number", "length"),
        ({"number": "4" * 61}, "number", "length"),
        ({"number": "4111x11111111111"}, "number", "not_digits"),
        ({"number": "4111\x00"}, "number", "not_digits"),
        ({"number": "6011111111111117"}, "number", "brand"),
        ({"expiry_month": ""}, "expiry_month", "required"),
        ({"expiry_month": "13"}, "expiry_month", "month"),
        ({"expiry_month": "八"}, "expiry_month", "not_digits"),
        ({"expiry_month": "13", "expiry_year": ""}, "expiry_month", "month"),
        ({"expiry_month": "-"}, "expiry_month", "not_digits"),
        ({"expiry_year": "x"}, "expiry_year", "year"),
        ({"expiry_year": ""}, "expiry_year", "required"),
        ({"expiry_year": "20"}, "expiry_month", "past"),
        ({"expiry_year": "99"}, "expiry_year", "year"),
        ({"code": ""}, "code", "required"),
        ({"code": "12"}, "code", "length"),
        ({"code": "1234"}, "code", "length"),
        ({"number": AMEX, "code": "123"}, "code", "length"),
        ({"code": "12x"}, "code", "not_digits"),
        ({"name": ""}, "name", "required"),
        ({"name": "見本太郎"}, "name", "letters"),
        ({"name": "A"}, "name", "letters"),
        ({"name": "<script>"}, "name", "letters"),
        ({"name": "TARO 4111111111111111"}, "name", "letters"),
    ],
)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_each_fault_is_named_beside_its_field_and_in_the_summary(
    place: Neighbours, typed: dict[str, str], field: str, fault: str, language: str
) -> None:
    path = place.open_form().replace("lang=ja", f"lang={language}")
    answer = place.enter(path, **typed)
    page = text(answer)
    brands = "Visa, Mastercard, JCB, American Express, Diners Club"
    sentence = escape(WORDS.say(f"{field}.{fault}", language, brands=brands))
    assert answer.status_code == 422
    assert f'<a href="#{field}">{sentence}</a>' in page
    assert f'id="{field}-error">{sentence}' in page
    assert 'aria-invalid="true"' in page
    assert place.payments.entered == []
    assert len(place.vault.codes) == 0


def test_number_and_code_never_come_back(place: Neighbours) -> None:
    path = place.open_form()
    answer = place.enter(path, expiry_month="13", code="9173")
    page = text(answer)
    assert NUMBER not in page
    assert "9173" not in page
    assert 'value="13"' in page
    assert 'value="TARO MIHON"' in page
    for name in ("number", "code"):
        (field,) = re.findall(rf'<input [^>]*name="{name}"[^>]*>', page)
        assert "value" not in field


def test_what_comes_back_is_escaped(place: Neighbours) -> None:
    page = text(place.enter(place.open_form(), name='"><script>x</script>'))
    assert "<script>x" not in page


def test_a_form_takes_one_card(place: Neighbours) -> None:
    path = place.open_form()
    assert place.enter(path).status_code == 200
    again = place.enter(path, number=OTHER_NUMBER)
    assert again.status_code == 200
    assert "data-card-entered" in text(again)
    assert [card.last_four for card in place.payments.entered] == ["1111"]
    assert "data-card-entered" in text(get(path))


def test_a_new_form_shuts_the_earlier_one(place: Neighbours) -> None:
    first, second = place.open_form("pay_1"), place.open_form("pay_1")
    answer = place.enter(first)
    assert answer.status_code == 410
    assert WORDS.say("shut.title", "ja") in text(answer)
    assert place.enter(second).status_code == 200


def test_a_form_that_is_over_says_so_and_leads_back(
    place: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sekisho.vault.card_form import pages

    path = place.open_form()
    monkeypatch.setattr(pages, "now", lambda: now() + timedelta(minutes=21))
    for answer in (get(path), place.enter(path)):
        assert answer.status_code == 410
        assert WORDS.say("expired.title", "ja") in text(answer)
        assert f'href="{SITE}/pay/confirm"' in text(answer)
    assert place.payments.entered == []


def test_tries_are_limited(place: Neighbours) -> None:
    path = place.open_form()
    for _ in range(FORM_TRIES):
        assert place.enter(path, number="4111111111111112").status_code == 422
    locked = place.enter(path)
    assert locked.status_code == 410
    assert WORDS.say("locked.title", "ja") in text(locked)
    assert place.payments.entered == []


def test_an_unknown_form_is_not_found(place: Neighbours) -> None:
    for path in ("/card/" + "x" * 43, "/card/", "/", "/card/x/y"):
        answer = get(path)
        assert answer.status_code == 404, path
    assert SITE in get("/card/" + "x" * 43)["Content-Security-Policy"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": ORIGIN},
        {"Sec-Fetch-Site": "same-origin", "Origin": SITE},
    ],
)
def test_a_form_sent_from_elsewhere_is_refused(place: Neighbours, headers: dict[str, str]) -> None:
    fields = {"number": NUMBER, "expiry_month": "8", "expiry_year": "29", "code": CODE}
    body = fields_encoded({**fields, "name": "TARO MIHON"})
    answer = Client().post(place.open_form(), body, content_type=FORM, headers=headers)
    assert answer.status_code == 403
    assert place.payments.entered == []


def test_when_payments_is_away_nothing_is_kept_and_the_form_stays_good(
    place: Neighbours, room: Room
) -> None:
    path = place.open_form()
    place.payments.raises = CrossingUnavailable("away")
    answer = place.enter(path)
    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert WORDS.say("unavailable.title", "ja") in text(answer)
    assert NUMBER not in text(answer)
    assert room.cluster.execute_sql("SELECT count(*) FROM vault.item") == [(0,)]
    assert len(place.vault.codes) == 0
    place.payments.raises = None
    assert place.enter(path).status_code == 200


def test_a_card_told_twice_has_one_token(place: Neighbours) -> None:
    """The crossing arrived, the answer was lost: the second sending tells the same token."""
    path = place.open_form()
    heard: list[Any] = []

    class DeafOnce:
        def cross(self, message: Any, *, seconds: float) -> Any:
            heard.append(message)
            if len(heard) == 1:
                raise CrossingUnavailable("lost")
            return place.payments.cross(message, seconds=seconds)

    from sekisho import transport

    transport.use(DeafOnce())
    assert place.enter(path).status_code == 503
    assert place.enter(path).status_code == 200
    assert heard[0].card_token == heard[1].card_token
    assert place.release(place.sign(place.permit(heard[1]))).number == NUMBER


def test_a_payment_that_is_over_shuts_the_form(place: Neighbours) -> None:
    path = place.open_form()
    place.payments.raises = Refusal("payment_over")
    answer = place.enter(path)
    assert answer.status_code == 410
    place.payments.raises = None
    assert place.enter(path).status_code == 410
    assert len(place.vault.codes) == 0


def test_the_table_of_forms_opens_no_form(place: Neighbours) -> None:
    token = place.open_form().split("/card/")[1].split("?")[0]
    with visible_to(BODY):
        (form,) = CardForm.objects.all()
    assert token.encode() not in bytes(form.token_digest)
    assert get(f"/card/{bytes(form.token_digest).hex()}").status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"parent_origin": "https://elsewhere.example"}, "parent_origin"),
        ({"parent_origin": SITES["group_life_premium"]}, "parent_origin"),
        ({"site": "no_site"}, "parent_origin"),
        ({"return_url": "https://elsewhere.example/"}, "return_url"),
        ({"return_url": "javascript:alert(1)"}, "return_url"),
        ({"return_url": f"{SITE}@elsewhere.example/"}, "return_url"),
        ({"return_url": f'{SITE}/"><script>'}, "return_url"),
        ({"return_url": f"{SITE}/\nx"}, "return_url"),
        ({"accepted_brands": []}, "accepted_brands"),
        ({"accepted_brands": ["visa", "other"]}, "accepted_brands"),
        ({"expires_at": now() - timedelta(minutes=1)}, "expires_at"),
        ({"payment": "4111111111111111"}, "payment_id"),
    ],
)
def test_a_form_is_opened_for_known_places_only(
    place: Neighbours, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refusal) as caught:
        place.open_form(**changes)
    assert (caught.value.code, caught.value.field) == ("message_invalid", field)


def test_a_payment_stays_with_its_client_body(place: Neighbours) -> None:
    place.open_form("pay_1")
    with pytest.raises(Refusal) as caught:
        place.open_form("pay_1", client_body=OTHER_BODY)
    assert caught.value.code == "payment_foreign"


def test_an_error_inside_shows_nothing_of_what_was_typed(
    place: Neighbours, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from sekisho.vault.card_form import pages

    def break_down(*_: Any) -> None:
        raise RuntimeError("broken on purpose")

    path = place.open_form()
    monkeypatch.setattr(pages, "take_card", break_down)
    client = Client(raise_request_exception=False)
    fields = {"number": AMEX, "expiry_month": "8", "expiry_year": "29", "code": "9173"}
    answer = client.post(
        path,
        fields_encoded({**fields, "name": "TARO MIHON"}),
        content_type=FORM,
        headers={"Origin": ORIGIN},
    )
    assert answer.status_code == 500
    for said in (text(answer), caplog.text):
        assert AMEX not in said
        assert "9173" not in said
    token = path.split("/card/")[1].split("?")[0]
    assert "broken on purpose" in caplog.text
    assert token not in caplog.text


def test_the_shelf_is_the_whole_list_of_scripts() -> None:
    assert SHELF.names() == [
        "card_done.js",
        "card_form.css",
        "card_form.js",
        "where_the_code_is.svg",
    ]
