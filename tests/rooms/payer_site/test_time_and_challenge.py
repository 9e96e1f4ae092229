"""The session's end is shown and put off; the challenge goes out and comes back."""

from __future__ import annotations

from django.test import Client

from sekisho.crossings import payments as p
from sekisho.crossings.message import Refusal
from tests.rooms.payer_site.fake_payments import FakePayments
from tests.rooms.payer_site.walk import at, forms_of, send, text, to_card

ACS = "http://localhost:7007/acs/challenge"


def to_challenge(payments: FakePayments, browser: Client) -> str:
    card = to_card(browser)
    payments.enter_card()
    payments.after_confirm = {
        "status": "challenge",
        "challenge": p.Challenge(acs_url=ACS, creq="eyJtZXNzYWdlVHlwZSI6IkNSZXEifQ"),
    }
    sent = send(browser, browser.get(at(card, "confirm")), "/confirm")
    assert sent.headers["Location"] == at(card, "challenge")
    return card


def test_the_time_left_is_shown_and_extended_without_script(
    tax: FakePayments, browser: Client
) -> None:
    card = to_card(browser)
    page = browser.get(card)
    assert "あと約20分" in text(page)
    assert send(browser, page, "/extend").headers["Location"] == card
    assert "あと約40分" in text(browser.get(card))


def test_a_script_extends_without_leaving_the_page(tax: FakePayments, browser: Client) -> None:
    card = to_card(browser)
    form = next(f for f in forms_of(browser.get(card)) if f.action.endswith("/extend"))
    asked = {"headers": {"Accept": "application/json"}}
    answer = browser.post(form.action, form.fields, **asked)
    assert 2_300 < answer.json()["seconds_left"] <= 2_400
    tax.refuse[p.ExtendPayment] = Refusal("extended_enough")
    refused = browser.post(form.action, form.fields, **asked)
    assert refused.status_code == 409 and refused.json() == {"refused": "extended_enough"}
    tax.refuse[p.ExtendPayment] = Refusal("extended_enough")
    page = browser.post(form.action, form.fields)
    assert page.status_code == 409 and "これ以上は延長できません" in text(page)


def test_the_challenge_posts_to_the_acs_and_nowhere_else(
    tax: FakePayments, browser: Client
) -> None:
    card = to_challenge(tax, browser)
    page = browser.get(at(card, "challenge"))
    form = next(f for f in forms_of(page) if f.action == ACS)
    assert form.fields == {"creq": "eyJtZXNzYWdlVHlwZSI6IkNSZXEifQ"}
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self' http://localhost:7007;" in policy and "frame-src 'none'" in policy


def test_the_browser_comes_back_without_a_cookie(tax: FakePayments, browser: Client) -> None:
    card = to_challenge(tax, browser)
    (confirmed,) = tax.messages(p.ConfirmPayment)
    assert confirmed.notification_url.startswith("http://localhost:7001/return/")
    door = confirmed.notification_url.removeprefix("http://localhost:7001")
    stranger = Client(enforce_csrf_checks=True)
    back = stranger.post(door, {"cres": "eyJ0cmFuc1N0YXR1cyI6IlkifQ"})
    assert back.status_code == 303 and back.headers["Location"] == at(card, "progress")
    assert len(tax.messages(p.FinishChallenge)) == 1
    assert "カード会社に確認しています" in text(browser.get(at(card, "progress")))
    # The address alone opens nothing.
    assert stranger.get(at(card, "progress")).status_code == 410


def test_a_return_that_payments_does_not_hear_still_leads_on(
    tax: FakePayments, browser: Client
) -> None:
    card = to_challenge(tax, browser)
    tax.down.add(p.FinishChallenge)
    back = browser.post("/return/" + card.split("/")[2], {"cres": "e30"})
    assert back.headers["Location"] == at(card, "progress")
    unknown = browser.post("/return/" + "A" * 43, {"cres": "e30"})
    assert unknown.status_code == 410


def test_what_three_d_secure_learns_of_the_browser_is_true(
    tax: FakePayments, browser: Client
) -> None:
    card = to_card(browser)
    tax.enter_card()
    page = browser.get(at(card, "confirm"))
    browser.headers = {}
    send(browser, page, "/confirm", java_script="1", screen_width="390", color_depth="x")
    (confirmed,) = tax.messages(p.ConfirmPayment)
    facts = confirmed.browser
    assert facts.java_script and facts.screen_width == 390
    assert facts.color_depth is None and facts.time_zone_minutes is None


def test_until_confirmed_an_outage_says_that_nothing_was_charged(
    tax: FakePayments, browser: Client
) -> None:
    card = to_card(browser)
    tax.down.add(p.ShowPayment)
    response = browser.get(card)
    assert response.status_code == 503 and response.headers["Retry-After"]
    assert "代金は引き落とされていません" in text(response)


def test_once_confirmed_an_outage_says_that_it_is_not_known(
    tax: FakePayments, browser: Client
) -> None:
    card = to_card(browser)
    tax.enter_card()
    page = browser.get(at(card, "confirm"))
    tax.down.add(p.ConfirmPayment)
    lost = send(browser, page, "/confirm")
    assert lost.status_code == 503
    assert "引き落とされていません" not in text(lost) and "今は確認できません" in text(lost)
    tax.down = {p.ShowPayment}
    later = browser.get(at(card, "progress"))
    assert "引き落とされていません" not in text(later) and tax.only().reference in text(later)


def test_a_long_wait_says_so(tax: FakePayments, browser: Client) -> None:
    from datetime import timedelta

    from sekisho.payer_site.records.models import Errand
    from sekisho.vocabulary.clock import now

    card = to_card(browser)
    tax.enter_card()
    send(browser, browser.get(at(card, "confirm")), "/confirm")
    assert "通常より時間がかかっています" not in text(browser.get(at(card, "progress")))
    Errand.objects.update(confirmed_at=now() - timedelta(minutes=2))
    assert "通常より時間がかかっています" in text(browser.get(at(card, "progress")))
