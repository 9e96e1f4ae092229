"""A payer pays a tax bill: in a browser, on the running platform, to the mail in the box."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser

from tests.running_platform import RunningPlatform
from tests.stories.slips import SlipBook
from tests.stories.walk import APPROVED, CHALLENGED, open_payer


def _mails(chromium: Browser, platform: RunningPlatform, word: str) -> str:
    """Text of the first mail whose text has ``word`` in it, once it has come."""
    page = chromium.new_page()
    for _ in range(60):
        page.goto(platform.address("sim_mailbox") + "/")
        for link in [a.get_attribute("href") for a in page.locator("a[href^='/mail/']").all()]:
            page.goto(platform.address("sim_mailbox") + str(link))
            text = page.inner_text("body")
            if word in text:
                return text
        page.wait_for_timeout(500)
    raise AssertionError(f"no mail with {word}")


def test_a_bill_is_paid_the_mail_comes_and_the_books_agree(
    chromium: Browser, platform: RunningPlatform, slips: SlipBook
) -> None:
    slip = slips.new(amount=34_500)
    payer = open_payer(chromium, platform)
    assert payer.pay_bill(slip) == "done"
    reference = payer.reference
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]", reference)
    mail = _mails(chromium, platform, reference)
    assert "34,500" in mail
    assert "taro@example.jp" in mail
    history = platform.sekisho("payments", "show", reference)
    assert "captured" in history
    assert platform.sekisho("ledger", "verify")
    assert platform.sekisho("evidence", "verify")


def test_a_challenge_is_passed_in_the_browser(
    chromium: Browser, platform: RunningPlatform, slips: SlipBook
) -> None:
    payer = open_payer(chromium, platform, width="desk")
    payer.find_bill(slips.new())
    payer.agree()
    payer.enter_card(CHALLENGED)
    payer.pay()
    payer.prove()
    assert payer.wait_for_outcome() == "done"


@pytest.mark.parametrize(
    ("card", "panel", "words"),
    [
        ("4000005100000000", "bad", "代金は引き落とされていません"),
        ("4000005900000002", "bad", "代金は引き落とされていません"),
        ("4000030300000006", "bad", "本人認証"),
        ("4000030600000003", "bad", "本人認証"),
        ("4000030500000004", "bad", "本人認証"),
    ],
)
def test_a_refusal_says_what_happened_to_the_money(
    chromium: Browser,
    platform: RunningPlatform,
    slips: SlipBook,
    card: str,
    panel: str,
    words: str,
) -> None:
    payer = open_payer(chromium, platform)
    assert payer.pay_bill(slips.new(), card) == panel
    assert payer.page.locator("#money").inner_text()
    assert words in payer.page.inner_text("main")


def test_a_declined_payer_pays_with_another_card(
    chromium: Browser, platform: RunningPlatform, slips: SlipBook
) -> None:
    payer = open_payer(chromium, platform)
    assert payer.pay_bill(slips.new(), "4000005100000000") == "bad"
    payer.page.click("#another-card")
    payer.enter_card(APPROVED)
    payer.pay()
    assert payer.wait_for_outcome() == "done"


def test_a_paid_bill_cannot_be_paid_again(
    chromium: Browser, platform: RunningPlatform, slips: SlipBook
) -> None:
    slip = slips.new()
    first = open_payer(chromium, platform)
    assert first.pay_bill(slip) == "done"
    again = open_payer(chromium, platform)
    again.find_bill(slip)
    assert "/e/" not in again.page.url
    assert again.page.locator("#agree").count() == 0


def test_two_tabs_and_a_double_click_pay_once(
    chromium: Browser, platform: RunningPlatform, slips: SlipBook
) -> None:
    slip = slips.new()
    payer = open_payer(chromium, platform)
    payer.find_bill(slip)
    payer.agree()
    payer.enter_card(APPROVED)
    confirm = payer.page.url
    second = payer.page.context.new_page()
    second.goto(confirm)
    payer.page.evaluate("document.getElementById('pay').click()")
    second.locator("#pay").click()
    assert payer.wait_for_outcome() == "done"
    second.wait_for_url("**/outcome")
    payer.page.reload()
    assert payer.page.locator("#reference").inner_text() == payer.reference
    history = platform.sekisho("payments", "show", payer.reference, "--json")
    assert history.count('"to_state": "captured"') == 1


def test_a_payer_in_english_without_a_mail(
    chromium: Browser, platform: RunningPlatform, slips: SlipBook
) -> None:
    payer = open_payer(chromium, platform, width="desk")
    payer.page.goto(payer.site + "/?lang=en")
    payer.find_bill(slips.new())
    assert payer.page.get_attribute("html", "lang") == "en"
    payer.agree(email="")
    payer.enter_card(APPROVED)
    payer.pay()
    assert payer.wait_for_outcome() == "done"
    assert "reference" in payer.page.inner_text("main").lower()


def test_without_script_a_payer_gets_to_the_end(
    chromium: Browser, platform: RunningPlatform, slips: SlipBook
) -> None:
    payer = open_payer(chromium, platform, java_script_enabled=False)
    payer.find_bill(slips.new())
    payer.agree()
    payer.fill_card(APPROVED)
    payer.frame.locator("a[target=_top]").click()
    payer.page.wait_for_url("**/confirm")
    payer.pay()
    assert payer.wait_for_outcome() == "done"


@pytest.mark.parametrize(
    "card",
    [
        "4000010100000000",  # accepted, never answered
        "4000010200000009",  # neither accepted nor answered
        "4000010500000006",  # malformed answer
        "4000010600000005",  # connection dropped in mid-answer
    ],
)
def test_a_network_in_trouble_leaves_no_doubt_about_the_money(
    chromium: Browser, platform: RunningPlatform, slips: SlipBook, card: str
) -> None:
    """The payer is told that nothing was taken, that it is not known yet, or that it is paid."""
    payer = open_payer(chromium, platform)
    panel = payer.pay_bill(slips.new(), card)
    money = payer.page.locator("#money").inner_text()
    said = {"bad": "引き落とされ", "wait": "まだ", "done": "34,819"}
    assert said[panel] in money
    assert platform.sekisho("ledger", "verify")
