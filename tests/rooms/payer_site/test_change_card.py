"""A holder opens the link of a mail, says the date of birth and gives another card."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sekisho.crossings import payments as p
from tests.rooms.payer_site.fake_payments import BORN, FakePayments
from tests.rooms.payer_site.walk import at, send, text

TOKEN = "tok-en_" + "a" * 36
PAGE = f"/card/{TOKEN}"


@pytest.fixture
def linked(premium: FakePayments) -> FakePayments:
    premium.card_links.add(TOKEN)
    return premium


def give_birth(browser: Client, born: str = BORN, page: str = PAGE) -> Any:
    year, month, day = born.split("-")
    return send(
        browser,
        browser.get(page),
        page,
        birth_era="western",
        birth_year=year,
        birth_month=month,
        birth_day=day,
    )


def test_the_way_from_the_mail_to_another_card(linked: FakePayments, browser: Client) -> None:
    opened = browser.get(PAGE)
    assert "クレジットカードの変更" in text(opened) and linked.said == []
    answer = give_birth(browser)
    assert answer.status_code == 303
    card = str(answer.headers["Location"])
    (started,) = linked.messages(p.StartCardChange)
    assert started.token == TOKEN and TOKEN not in card
    assert linked.opened(started.sealed_date_of_birth) == {"date_of_birth": BORN}
    shown = text(browser.get(card))
    assert "現在のカードがそのまま使われます" in shown and "お客様情報" not in shown
    linked.enter_card()
    confirm = browser.get(at(card, "confirm"))
    assert "このカードに変更する" in text(confirm) and "お客様情報" not in text(confirm)
    send(browser, confirm, "/confirm")
    linked.succeed()
    outcome = text(browser.get(at(card, "outcome")))
    assert "カードの変更が完了しました" in outcome and "お申込みが完了" not in outcome


def test_a_wrong_date_is_told_beside_the_field(linked: FakePayments, browser: Client) -> None:
    answer = give_birth(browser, "1980-03-02")
    assert answer.status_code == 422
    assert "ご契約者の生年月日と一致しません" in text(answer)
    assert linked.payments == {}


def test_a_used_or_old_link_says_so(premium: FakePayments, browser: Client) -> None:
    answer = give_birth(browser)
    assert answer.status_code == 410
    assert "このリンクは使えません" in text(answer)
    assert 'name="birth_year"' not in answer.content.decode()


def test_a_declined_card_may_be_replaced(linked: FakePayments, browser: Client) -> None:
    card = str(give_birth(browser).headers["Location"])
    linked.enter_card()
    send(browser, browser.get(at(card, "confirm")), "/confirm")
    linked.change(linked.only().payment_id, status="declined", reason="declined_by_issuer")
    outcome = browser.get(at(card, "outcome"))
    assert "現在のカードはそのままです" in text(outcome)
    again = send(browser, outcome, "/card/another")
    assert again.status_code == 303 and linked.messages(p.ReopenCardForm)
    # Once its time is over, only the mail's link begins anew.
    linked.change(linked.only().payment_id, status="expired", reason="time_over")
    page = browser.get(at(card, "outcome"))
    assert "/policy" not in page.content.decode().split("colophon")[0].split('id="main"')[1]


def test_other_pages_of_the_errand_are_closed(linked: FakePayments, browser: Client) -> None:
    card = str(give_birth(browser).headers["Location"])
    for page in ("terms", "person"):
        answer = browser.get(at(card, page))
        assert answer.status_code == 303 and answer.headers["Location"] == at(card, "card")


def test_a_site_of_bills_has_no_such_page(tax: FakePayments, browser: Client) -> None:
    assert browser.get(PAGE).status_code == 404


def test_the_page_speaks_english(linked: FakePayments, browser: Client) -> None:
    assert "Change your credit card" in text(browser.get(PAGE + "?lang=en"))
