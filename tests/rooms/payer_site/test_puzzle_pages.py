"""What a payer sees of the card-testing guard: a puzzle or a wait, a site that takes no cards, and
nothing of why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from sekisho.crossings import payments as p
from sekisho.crossings.message import Refusal
from sekisho.payer_site.ask_card_entry import forget_card_entry
from sekisho.payer_site.records.models import Errand
from tests.rooms.payer_site.fake_payments import BILL_NUMBERS, FakePayments
from tests.rooms.payer_site.walk import at, find_bill, send, text, to_card


def puzzle(minutes: float = 5) -> p.Puzzle:
    waits_until = datetime.now(UTC) + timedelta(minutes=minutes)
    return p.Puzzle(salt="5a" * 16, parts=8, part_bits=7, waits_until=waits_until)


def at_the_button(payments: FakePayments, browser: Client) -> str:
    card = to_card(browser)
    payments.enter_card()
    return at(card, "confirm")


def test_the_puzzle_comes_with_the_first_press(tax: FakePayments, browser: Client) -> None:
    confirm = at_the_button(tax, browser)
    tax.puzzle = puzzle()
    page = browser.get(confirm)
    assert b"puzzle" not in page.content
    pressed = send(browser, page, "/confirm")
    assert pressed.headers["Location"] == confirm
    page = browser.get(confirm)
    body = page.content.decode()
    assert f'data-salt="{tax.puzzle.salt}" data-parts="8" data-bits="7"' in body
    assert 'name="proof"' in body and "/site/" in body and "<script>" not in body
    assert "まだ何も支払われていません" in text(page) and "JavaScriptが無効" in text(page)
    assert Errand.objects.get().confirmed_at is None


def test_the_proof_and_who_sends_it_reach_payments(tax: FakePayments, browser: Client) -> None:
    confirm = at_the_button(tax, browser)
    tax.puzzle = puzzle()
    send(browser, browser.get(confirm), "/confirm")
    paid = send(browser, browser.get(confirm), "/confirm", proof="1-2-3-4-5-6-7-8")
    assert paid.headers["Location"] == confirm, "a wrong proof changes nothing"
    first, second = tax.messages(p.ConfirmPayment)
    assert (first.proof, second.proof) == (None, "1-2-3-4-5-6-7-8")
    (started,) = tax.messages(p.StartPayment)
    assert (first.source, first.session) == (started.source, started.session)
    assert len(first.source) == len(first.session) == 64


def test_without_script_one_waits_and_goes_on(tax: FakePayments, browser: Client) -> None:
    confirm = at_the_button(tax, browser)
    tax.puzzle = puzzle(minutes=5)
    send(browser, browser.get(confirm), "/confirm")
    early = send(browser, browser.get(confirm), "/confirm")
    assert early.headers["Location"] == confirm
    tax.puzzle = puzzle(minutes=-1)
    paid = send(browser, browser.get(confirm), "/confirm")
    assert paid.headers["Location"] == at(confirm, "progress")


def test_the_puzzle_is_told_in_english(tax: FakePayments, browser: Client) -> None:
    confirm = at_the_button(tax, browser)
    tax.puzzle = puzzle()
    send(browser, browser.get(confirm), "/confirm")
    words = text(browser.get(confirm + "?lang=en"))
    assert "Nothing has been paid yet." in words and "from then" not in words
    assert "button works without it" in words


def test_a_huge_proof_is_not_passed_on(tax: FakePayments, browser: Client) -> None:
    confirm = at_the_button(tax, browser)
    tax.puzzle = puzzle()
    send(browser, browser.get(confirm), "/confirm")
    send(browser, browser.get(confirm), "/confirm", proof="1" * 121)
    assert tax.messages(p.ConfirmPayment)[-1].proof is None


@pytest.mark.parametrize("kind", ["tax", "premium"])
def test_a_closed_site_says_so_first(
    kind: str, request: pytest.FixtureRequest, browser: Client
) -> None:
    payments = request.getfixturevalue(kind)
    payments.cards_closed = True
    page = browser.get("/")
    assert (
        'id="cards-closed"' in page.content.decode() and 'id="start"' not in page.content.decode()
    )
    assert ("納付書で" if kind == "tax" else "書面でのお申込み") in text(page)
    english = text(browser.get("/?lang=en"))
    assert (
        "Cards are not taken at the moment" in english and "stopped for the time being" in english
    )
    payments.cards_closed = False
    forget_card_entry()
    assert 'id="start"' in browser.get("/").content.decode()


def test_the_entry_page_stands_when_payments_does_not(tax: FakePayments, browser: Client) -> None:
    tax.down = {p.ShowCardEntry}
    page = browser.get("/")
    assert page.status_code == 200 and 'id="start"' in page.content.decode()


def test_the_entry_page_does_not_ask_each_time(tax: FakePayments, browser: Client) -> None:
    for _ in range(5):
        browser.get("/")
    assert len(tax.messages(p.ShowCardEntry)) == 1


@pytest.mark.parametrize("message", [p.FindBill, p.StartPayment, p.ConfirmPayment])
def test_each_door_that_takes_no_cards_has_the_same_page(
    tax: FakePayments, browser: Client, message: type
) -> None:
    refusal = Refusal("cards_closed", "site: 98 % declined in 1 h, limit 80")
    if message is p.FindBill:
        tax.refuse[message] = refusal
        page = browser.get("/bill")
        names = ("payee_number", "payment_number", "confirmation_number", "category_number")
        typed = dict(zip(names, BILL_NUMBERS, strict=True))
        refused = send(browser, page, "/bill", **typed)
    elif message is p.StartPayment:
        address = find_bill(browser)
        tax.refuse[message] = refusal
        refused = send(browser, browser.get(address), "/bill", agree="on")
    else:
        confirm = at_the_button(tax, browser)
        tax.refuse[message] = refusal
        refused = send(browser, browser.get(confirm), "/confirm")
        assert Errand.objects.get().confirmed_at is None
    assert refused.status_code == 503 and refused.headers["Retry-After"]
    words = text(refused)
    assert "一時停止しています" in words and "引き落とされていません" in words
    assert "98" not in words and "limit" not in words, "why is not told"
