"""A policyholder is found, agrees, says who they are, enters a card and is enrolled."""

from __future__ import annotations

import pytest
from django.test import Client

from sekisho.crossings import payments as p
from sekisho.crossings.message import Refusal
from tests.rooms.payer_site.fake_payments import POLICY_NUMBER, FakePayments
from tests.rooms.payer_site.walk import (
    PERSON,
    at,
    find_policy,
    send,
    text,
    to_person,
    to_premium_card,
)


def test_the_whole_way_ends_with_an_enrolment(premium: FakePayments, browser: Client) -> None:
    card = to_premium_card(browser)
    assert "0円で確認します" in text(browser.get(card))
    premium.enter_card()
    confirm = browser.get(at(card, "confirm"))
    assert "0円（カードの確認のみ）" in text(confirm) and "このカードで申し込む" in text(confirm)
    send(browser, confirm, "/confirm")
    premium.succeed()
    outcome = text(browser.get(at(card, "outcome")))
    assert "お申込みが完了しました" in outcome and premium.only().reference in outcome
    assert "令和8年（2026年）11月23日（月）" in outcome and "令和9年（2027年）6月" in outcome


def test_the_box_holds_what_was_typed_in_one_form(premium: FakePayments, browser: Client) -> None:
    to_premium_card(browser, phone="+81 3 1234 5678", building="見本荘 101")
    (started,) = premium.messages(p.StartEnrolment)
    assert premium.opened(started.box) == {
        "name": "見本 太郎",
        "kana": "ミホン タロウ",
        "postal_code": "1000001",
        "address": "東京都千代田区千代田 1-1 見本荘 101",
        "phone": "0312345678",
        "email": "taro@example.jp",
    }


def test_a_mail_address_may_be_left_out(premium: FakePayments, browser: Client) -> None:
    to_premium_card(browser, email="")
    (started,) = premium.messages(p.StartEnrolment)
    assert "email" not in premium.opened(started.box)


def test_the_date_of_birth_is_read_by_era_too(premium: FakePayments, browser: Client) -> None:
    response = send(
        browser,
        browser.get("/policy"),
        "/policy",
        policy_number="２００１-０００１",
        birth_era="showa",
        birth_year="５５",
        birth_month="3",
        birth_day="1",
    )
    assert response.status_code == 303


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"birth_year": "1980", "birth_month": "2", "birth_day": "30"}, "暦にありません"),
        ({"birth_year": "2999"}, "先の日付"),
        ({"birth_year": "1850"}, "1900年以降"),
        ({"birth_era": "reiwa", "birth_year": "1", "birth_month": "4"}, "元号の期間"),
        ({"birth_month": ""}, "生まれた月を入力"),
        ({"birth_day": "x"}, "日は数字で"),
        ({"policy_number": "12"}, "証券番号は6桁から12桁です"),
    ],
)
def test_each_wrong_part_is_named(
    premium: FakePayments, browser: Client, typed: dict[str, str], words: str
) -> None:
    sent = {
        "policy_number": POLICY_NUMBER,
        "birth_era": "western",
        "birth_year": "1980",
        "birth_month": "3",
        "birth_day": "1",
        **typed,
    }
    response = send(browser, browser.get("/policy"), "/policy", **sent)
    assert response.status_code == 422 and text(response).count(words) == 2
    assert not premium.said


def test_a_wrong_date_and_a_wrong_number_are_told_alike(
    premium: FakePayments, browser: Client
) -> None:
    sent = {
        "policy_number": POLICY_NUMBER,
        "birth_era": "western",
        "birth_year": "1981",
        "birth_month": "3",
        "birth_day": "1",
    }
    date = text(send(browser, browser.get("/policy"), "/policy", **sent))
    number = text(
        send(
            browser,
            browser.get("/policy"),
            "/policy",
            **{**sent, "policy_number": "99999999", "birth_year": "1980"},
        )
    )
    assert "ご契約が見つかりません" in date and date == number


@pytest.mark.parametrize("code", ["policy_enrolled", "policy_ended", "too_many_tries"])
def test_each_refusal_has_its_page(premium: FakePayments, browser: Client, code: str) -> None:
    premium.refuse[p.FindPolicy] = Refusal(code)
    response = send(
        browser,
        browser.get("/policy"),
        "/policy",
        policy_number=POLICY_NUMBER,
        birth_era="western",
        birth_year="1980",
        birth_month="3",
        birth_day="1",
    )
    assert response.status_code in (409, 410, 429)
    assert f'data-code="{code}"' in response.content.decode()


def test_terms_must_be_agreed_to_and_come_first(premium: FakePayments, browser: Client) -> None:
    terms = find_policy(browser)
    assert browser.get(at(terms, "person")).headers["Location"] == terms
    refused = send(browser, browser.get(terms), "/terms")
    assert refused.status_code == 422 and "同意が必要です" in text(refused)


def test_each_field_is_checked_with_its_message(premium: FakePayments, browser: Client) -> None:
    typed = {
        "name": "太郎1",
        "kana": "漢字",
        "postal_code": "123",
        "town": "",
        "street": "",
        "phone": "123",
        "email": "x@y",
    }
    response = send(browser, browser.get(to_person(browser)), "/person", **typed)
    body = response.content.decode()
    assert response.status_code == 422
    for name in typed:
        assert f'id="{name}-error"' in body and f'href="#{name}"' in body
    assert 'value="太郎1"' in body
    assert not premium.messages(p.StartEnrolment)


def test_a_postal_code_fills_the_address_in(premium: FakePayments, browser: Client) -> None:
    page = browser.get(to_person(browser))
    typed = {**PERSON, "town": "", "postal_code": "〒100-0001"}
    found = send(browser, page, "/person", **typed, find_address="1")
    body = found.content.decode()
    assert 'value="東京都千代田区千代田"' in body and 'value="見本 太郎"' in body
    none = send(browser, page, "/person", **{**typed, "postal_code": "999-9999"}, find_address="1")
    assert "この郵便番号の住所が見つかりません" in text(none)
    wrong = send(browser, page, "/person", **{**typed, "postal_code": "1"}, find_address="1")
    assert "郵便番号は7桁の数字" in text(wrong)
    assert not premium.messages(p.StartEnrolment)


def test_later_pages_say_that_it_was_entered_and_show_nothing(
    premium: FakePayments, browser: Client
) -> None:
    card = to_premium_card(browser)
    entered = browser.get(at(card, "person"))
    assert "お客様情報は入力済みです" in text(entered)
    again = browser.get(at(card, "person") + "?again=1")
    assert 'id="name"' in again.content.decode()
    premium.enter_card()
    for page in (entered, again, browser.get(at(card, "confirm"))):
        for value in ("見本 太郎", "03-1234-5678", "taro@example.jp", "千代田区", "1980"):
            assert value not in page.content.decode().replace("taro@example.jp</p>", "")


def test_entering_again_makes_a_new_card_check(premium: FakePayments, browser: Client) -> None:
    card = to_premium_card(browser)
    again = browser.get(at(card, "person") + "?again=1")
    response = send(browser, again, "/person", **{**PERSON, "phone": "090-1111-2222"})
    assert response.headers["Location"] == card
    assert sorted(shown.status for shown in premium.payments.values()) == ["cancelled", "started"]


def test_a_declined_card_is_tried_again_without_typing_everything(
    premium: FakePayments, browser: Client
) -> None:
    card = to_premium_card(browser)
    premium.change(premium.only().payment_id, status="declined", reason="declined_by_issuer")
    page = browser.get(at(card, "outcome"))
    premium.refuse[p.ReopenCardForm] = Refusal("payment_over")
    assert send(browser, page, "/card/another").headers["Location"] == card
    first, second = premium.messages(p.StartEnrolment)
    assert first.box == second.box and first.key != second.key
