"""Every form of a payer site, sent twice (double click, reload, back and send): the same page, and
no second payment. What payments does with the same words is proven in its own room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from sekisho.crossings import payments as p
from sekisho.payer_site.pages.urls import OF_BILLS, OF_EVERY_SITE, OF_POLICIES
from tests.rooms.payer_site.fake_payments import BILL_NUMBERS, BORN, POLICY_NUMBER, FakePayments
from tests.rooms.payer_site.test_time_and_challenge import to_challenge
from tests.rooms.payer_site.walk import (
    PERSON,
    at,
    find_bill,
    find_policy,
    send,
    to_card,
    to_person,
    to_premium_card,
)

Story = Callable[[FakePayments, Client], tuple[Any, str, dict[str, str]]]
"""Comes to a page; returns it, the form's action, and what is typed."""


def finding(tax: FakePayments, browser: Client) -> tuple[Any, str, dict[str, str]]:
    names = ("payee_number", "payment_number", "confirmation_number", "category_number")
    return browser.get("/bill"), "/bill", dict(zip(names, BILL_NUMBERS, strict=True))


def agreeing(tax: FakePayments, browser: Client) -> tuple[Any, str, dict[str, str]]:
    return browser.get(find_bill(browser)), "/bill", {"agree": "on"}


def confirming(tax: FakePayments, browser: Client) -> tuple[Any, str, dict[str, str]]:
    card = to_card(browser)
    tax.enter_card()
    return browser.get(at(card, "confirm")), "/confirm", {}


def another_card(tax: FakePayments, browser: Client) -> tuple[Any, str, dict[str, str]]:
    page, _, _ = confirming(tax, browser)
    return page, "/card/another", {}


def cancelling(tax: FakePayments, browser: Client) -> tuple[Any, str, dict[str, str]]:
    return browser.get(to_card(browser)), "/cancel", {}


def extending(tax: FakePayments, browser: Client) -> tuple[Any, str, dict[str, str]]:
    return browser.get(to_card(browser)), "/extend", {}


def asking_status(tax: FakePayments, browser: Client) -> tuple[Any, str, dict[str, str]]:
    to_card(browser)
    typed = {"reference": tax.only().reference, "number": BILL_NUMBERS[1]}
    return browser.get("/status"), "/status", typed


def finding_policy(premium: FakePayments, browser: Client) -> tuple[Any, str, dict[str, str]]:
    year, month, day = BORN.split("-")
    typed = {"birth_era": "western", "birth_year": year, "birth_month": month, "birth_day": day}
    return browser.get("/policy"), "/policy", {"policy_number": POLICY_NUMBER} | typed


def agreeing_to_terms(premium: FakePayments, browser: Client) -> tuple[Any, str, dict[str, str]]:
    return browser.get(find_policy(browser)), "/terms", {"agree": "on"}


def applying(premium: FakePayments, browser: Client) -> tuple[Any, str, dict[str, str]]:
    return browser.get(to_person(browser)), "/person", dict(PERSON)


def confirming_premium(premium: FakePayments, browser: Client) -> tuple[Any, str, dict[str, str]]:
    card = to_premium_card(browser)
    premium.enter_card()
    return browser.get(at(card, "confirm")), "/confirm", {}


def changing_card(premium: FakePayments, browser: Client) -> tuple[Any, str, dict[str, str]]:
    token = "t" * 43
    premium.card_links.add(token)
    year, month, day = BORN.split("-")
    typed = {"birth_era": "western", "birth_year": year, "birth_month": month, "birth_day": day}
    return browser.get(f"/card/{token}"), f"/card/{token}", typed


TAX_FORMS = (
    finding, agreeing, confirming, another_card, cancelling, extending, asking_status,
)  # fmt: skip
PREMIUM_FORMS = (
    finding_policy, agreeing_to_terms, applying, confirming_premium, changing_card,
)  # fmt: skip
NO_FORM = {
    "entry", "about", "pay", "card", "card_done", "progress", "state", "challenge", "outcome",
}  # fmt: skip
"""Pages that are only read. ``returned`` is the form of the card company, below."""
NAMED = {
    finding: "find", agreeing: "bill", confirming: "confirm", another_card: "another_card",
    cancelling: "cancel", extending: "extend", asking_status: "status", finding_policy: "find",
    agreeing_to_terms: "terms", applying: "person", changing_card: "change_card",
}  # fmt: skip


def test_every_address_that_takes_a_form_is_here() -> None:
    names = {str(one.name) for one in (*OF_EVERY_SITE, *OF_BILLS, *OF_POLICIES)}
    assert names - NO_FORM == {*NAMED.values(), "returned"}


def sent_twice(payments: FakePayments, browser: Client, story: Story) -> None:
    page, action, typed = story(payments, browser)
    first = send(browser, page, action, **typed)
    payments_then = len(payments.payments)
    second = send(browser, page, action, **typed)
    assert first.status_code in (200, 303)
    assert second.status_code == first.status_code
    if action in ("/bill", "/policy") and "e/" not in page.request["PATH_INFO"]:
        # Each search is an errand of its own; nothing is asked for yet.
        assert not payments.messages(p.StartPayment)
    elif first.status_code == 303:
        assert second.headers["Location"] == first.headers["Location"]
    assert len(payments.payments) == payments_then
    keys = {
        one.key
        for kind in (p.StartPayment, p.StartEnrolment, p.StartCardChange)
        for one in payments.messages(kind)
    }
    assert len(keys) <= 1


@pytest.mark.parametrize("story", TAX_FORMS, ids=lambda story: story.__name__)
def test_a_form_of_the_tax_site_may_be_sent_twice(
    tax: FakePayments, browser: Client, story: Story
) -> None:
    sent_twice(tax, browser, story)


@pytest.mark.parametrize("story", PREMIUM_FORMS, ids=lambda story: story.__name__)
def test_a_form_of_the_premium_site_may_be_sent_twice(
    premium: FakePayments, browser: Client, story: Story
) -> None:
    sent_twice(premium, browser, story)


def test_a_card_company_may_send_the_browser_back_twice(tax: FakePayments, browser: Client) -> None:
    to_challenge(tax, browser)
    (confirmed,) = tax.messages(p.ConfirmPayment)
    path = confirmed.notification_url.removeprefix("http://localhost:7001")
    stranger = Client()
    first, second = (stranger.post(path, {"cres": "e30"}) for _ in range(2))
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert len(tax.payments) == 1
