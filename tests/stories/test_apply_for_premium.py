"""A policyholder applies to pay premiums by card, with a challenge."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.running_platform import RunningPlatform
from tests.stories.slips import SlipBook
from tests.stories.walk import CHALLENGED, open_payer

SITE = "payer_site.group_life_premium"


def test_an_enrolment_is_made_and_its_card_kept(
    chromium: Browser, platform: RunningPlatform, slips: SlipBook
) -> None:
    payer = open_payer(chromium, platform, SITE)
    payer.apply_for(slips.new_policy())
    payer.enter_card(CHALLENGED)
    payer.pay()
    payer.prove()
    assert payer.wait_for_outcome() == "done"
    shown = payer.page.inner_text("main")
    assert "4月" in shown
    assert "見本 太郎" not in shown
    history = platform.sekisho("payments", "show", payer.reference)
    assert "card_good" in history


def test_a_policy_with_an_enrolment_cannot_be_enrolled_again(
    chromium: Browser, platform: RunningPlatform, slips: SlipBook
) -> None:
    policy = slips.new_policy()
    payer = open_payer(chromium, platform, SITE)
    payer.apply_for(policy)
    payer.enter_card("4111111111111111")
    payer.pay()
    assert payer.wait_for_outcome() == "done"
    again = open_payer(chromium, platform, SITE)
    again.page.goto(again.site + "/")
    again.page.click("#start")
    again.page.fill("#policy_number", policy)
    for part, value in (("year", "1980"), ("month", "5"), ("day", "17")):
        again.page.fill(f"#birth_{part}", value)
    again.page.click("main form button")
    assert again.page.locator("#agree").count() == 0
