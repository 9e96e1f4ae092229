"""An application on paper is entered by two clerks in their browsers, the card checked without code
and payer; later the holder changes the card by the link of a mail, and it ends."""

from __future__ import annotations

import email
import json
import os
import re
import time
from email.policy import default
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.running_platform import RunningPlatform
from tests.stories.desk_people import Member, sign_up
from tests.stories.slips import SlipBook
from tests.stories.walk import open_payer

BODY = "mihon_kiko"
FIRST_CARD, OTHER_CARD = "4111111111111111", "5555555555554444"
WAIT_SECONDS = 60
SEEN = os.environ.get("SEKISHO_PAGES_SEEN", "")
"""A folder for pictures of the pages, for a person to look at; none by default."""

PAPER = {
    "applied_on": "令和8年11月16日",
    "name": "髙橋　花子",
    "kana": "たかはし はなこ",
    "date_of_birth": "昭和55年5月17日",
    "postal_code": "〒100-0001",
    "address": "東京都千代田区千代田1-1",
    "phone": "03-1234-5678",
    "email": "hanako@example.jp",
}


def look_at(page: Page, name: str) -> None:
    if SEEN:
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=str(Path(SEEN) / f"{name}-{width}.png"), full_page=True)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is {wide} px wide at {width}"


def fill_in(clerk: Member, **more: str) -> None:
    for field, value in {**PAPER, **more}.items():
        clerk.page.fill(f"#{field}", value)
    clerk.page.click("main form button")


def type_card(clerk: Member, number: str) -> None:
    frame = clerk.page.frame_locator("#card-frame")
    frame.locator("#number").fill(number)
    frame.locator("#expiry_month").fill("12")
    assert frame.locator("#number").get_attribute("type") == "password", "hidden once typed"
    frame.locator("#expiry_year").fill("30")
    assert frame.locator("#code").count() == 0
    frame.locator("button[type=submit]").click()
    clerk.page.wait_for_url(re.compile(r"/papers/paper_[0-9a-z]{26}$"))


def wait_for(platform: RunningPlatform, policy: str, status: str) -> dict[str, str]:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        words = ("enrolments", "list", "--policy", policy, "--json")
        (one,) = json.loads(platform.sekisho(*words))["enrolments"]
        if one["status"] == status:
            return dict(one)
        assert time.monotonic() < deadline, one
        time.sleep(0.3)


def link_for(platform: RunningPlatform, subject: str) -> str:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        for path in (platform.data / "mail").glob("*.eml"):
            mail = email.message_from_bytes(path.read_bytes(), policy=default)
            if subject in str(mail["Subject"]):
                found = re.search(r"http\S+/card/\S+", mail.get_content())
                assert found
                return found[0]
        time.sleep(0.3)
    raise AssertionError(f"no mail {subject!r} came")


def nothing_lies_around(platform: RunningPlatform) -> None:
    """No log and no file of the desk has a card's number, or a name that was typed."""
    forbidden = [FIRST_CARD, OTHER_CARD, "髙橋", "タカハシ", "たかはし"]
    read = 0
    for folder in ("log", "client_desk"):
        for path in (platform.data / folder).rglob("*"):
            if path.is_file():
                text = path.read_bytes()
                read += len(text)
                found = [word for word in forbidden if word.encode() in text]
                assert not found, f"{path}: {found}"
    assert read > 10_000, "the logs were read"


def test_paper_entered_twice_then_another_card_by_mail(
    chromium: Browser, platform: RunningPlatform, slips: SlipBook
) -> None:
    policy = slips.new_policy()
    hanako = sign_up(chromium, platform, "hanako.p", "clerk", client_body=BODY)
    taro = sign_up(chromium, platform, "taro.p", "clerk", client_body=BODY)
    hanako.go("/papers/new")
    look_at(hanako.page, "paper-new")
    fill_in(hanako, policy_number=policy, phone="12")
    look_at(hanako.page, "paper-fault")
    assert "0から始まる" in hanako.page.inner_text("main")
    hanako.page.fill("#phone", PAPER["phone"])
    hanako.page.click("main form button")
    look_at(hanako.page, "paper-card")
    type_card(hanako, FIRST_CARD)
    assert "**** 1111" in hanako.page.inner_text("main")
    look_at(hanako.page, "paper-waits")
    paper = hanako.page.url
    # The first person can't be the second.
    assert hanako.page.locator("a[href$='/again']").count() == 0

    taro.page.goto(paper)
    taro.page.click("a[href$='/again']")
    fill_in(taro, kana="たかはし はるこ")
    look_at(taro.page, "paper-differs")
    assert taro.page.locator("#kana_error").count() == 1
    fill_in(taro)
    type_card(taro, OTHER_CARD)
    assert "カード番号" in taro.page.inner_text(".notice--warn")
    look_at(taro.page, "paper-card-differs")
    taro.page.click("form[action$='/card'] button")
    type_card(taro, FIRST_CARD)
    enrolment = wait_for(platform, policy, "active")
    assert (enrolment["channel"], enrolment["card_last_four"]) == ("paper", "1111")

    hanako.go(f"/enrolments/{enrolment['enrolment_id']}")
    assert "hanako.p" in hanako.page.inner_text("main")
    look_at(hanako.page, "enrolment")
    hanako.page.click("form[action$='/ask-card'] button")
    look_at(hanako.page, "enrolment-mailed")
    holder = open_payer(chromium, platform, "payer_site.group_life_premium")
    holder.page.goto(link_for(platform, "クレジットカードの変更のご案内"))
    look_at(holder.page, "change-birth")
    for part, value in (("year", "1980"), ("month", "5"), ("day", "17")):
        holder.page.fill(f"#birth_{part}", value)
    holder.page.click("main form button")
    holder.page.wait_for_url("**/card")
    holder.enter_card(OTHER_CARD)
    look_at(holder.page, "change-confirm")
    holder.pay()
    assert holder.wait_for_outcome() == "done"
    look_at(holder.page, "change-done")
    assert "カードの変更が完了しました" in holder.page.inner_text("main")
    enrolment = wait_for(platform, policy, "active")
    assert enrolment["card_last_four"] == "4444"

    taro.go(f"/enrolments/{enrolment['enrolment_id']}")
    taro.page.check("#by_holder")
    taro.page.fill("#end_reason", "解約の届出")
    taro.page.click("form[action$='/end'] button")
    look_at(taro.page, "enrolment-ended")
    wait_for(platform, policy, "ended")
    nothing_lies_around(platform)
    taro.go("/enrolments")
    look_at(taro.page, "enrolments")
    taro.go("/papers?all=1")
    look_at(taro.page, "papers")
