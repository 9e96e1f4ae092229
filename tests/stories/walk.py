"""The steps of a payer in a real browser, in the order of the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, FrameLocator, Page

from sekisho.simulators import test_cards
from tests.running_platform import RunningPlatform
from tests.stories.slips import Slip

STEP_LIMIT_MILLISECONDS = 30_000
OUTCOME_LIMIT_MILLISECONDS = 90_000
WIDTHS = {"phone": 390, "desk": 1280}

APPROVED = "4111111111111111"
CHALLENGED = "4000030200000007"


PERSON = {
    "name": "見本 太郎",
    "kana": "みほん たろう",
    "postal_code": "100-0001",
    "phone": "03-1234-5678",
    "email": "hanako@example.jp",
}


@dataclass
class Payer:
    """A person at a browser on one site."""

    page: Page
    site: str

    def find_bill(self, slip: Slip) -> None:
        """From the entry page to the bill."""
        self.page.goto(self.site + "/")
        self.page.click("#start")
        for field in ("payee_number", "payment_number", "confirmation_number", "category_number"):
            self.page.fill(f"#{field}", getattr(slip, field))
        self.page.click("#four button")

    def agree(self, email: str = "taro@example.jp") -> None:
        """From the bill to the card frame."""
        self.page.fill("#email", email)
        self.page.check("#agree")
        self.page.click("main form button")

    def apply_for(self, policy: str, *, born: tuple[str, str, str] = ("1980", "5", "17")) -> None:
        """From the premium site's entry page to the card frame."""
        page = self.page
        page.goto(self.site + "/")
        page.click("#start")
        page.fill("#policy_number", policy)
        for part, value in zip(("year", "month", "day"), born, strict=True):
            page.fill(f"#birth_{part}", value)
        page.click("main form button")
        page.check("#agree")
        page.click("main form button")
        for field, value in PERSON.items():
            page.fill(f"#{field}", value)
        page.click("#find-address")
        page.fill("#street", "1-1")
        page.click("#go")
        page.wait_for_url("**/card")

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("#card-frame")

    def fill_card(self, number: str, code: str | None = None) -> None:
        """Type the card in the vault's frame, spaced as people do, and send it."""
        frame = self.frame
        card = test_cards.find(number)
        spaced = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
        frame.locator("#number").fill(spaced)
        frame.locator("#expiry_month").fill("12")
        frame.locator("#expiry_year").fill("30")
        frame.locator("#code").fill(code or (card.code if card else "123"))
        frame.locator("#name").fill("TARO MIHON")
        frame.locator("button[type=submit]").click()

    def enter_card(self, number: str, code: str | None = None) -> None:
        """Type the card and wait for the page that asks to confirm."""
        self.fill_card(number, code)
        self.page.wait_for_url("**/confirm")

    def pay(self) -> None:
        self.page.click("#pay")

    def prove(self) -> None:
        """Give the code that the simulated card company shows."""
        self.page.wait_for_selector("#otp")
        self.page.fill("#otp", self.page.locator("#code").inner_text().strip())
        self.page.click("button[value=answer]")

    def wait_for_outcome(self) -> str:
        """Wait for the outcome page; return its panel: done, bad, unknown …"""
        self.page.wait_for_url("**/outcome", timeout=OUTCOME_LIMIT_MILLISECONDS)
        classes = self.page.locator("div.outcome").get_attribute("class") or ""
        return classes.rpartition("outcome--")[2]

    @property
    def reference(self) -> str:
        return self.page.locator("#reference").inner_text().strip()

    def pay_bill(self, slip: Slip, number: str = APPROVED, code: str | None = None) -> str:
        """The whole way; returns the outcome's panel."""
        self.find_bill(slip)
        self.agree()
        self.enter_card(number, code)
        self.pay()
        return self.wait_for_outcome()


def open_payer(
    chromium: Browser,
    platform: RunningPlatform,
    site: str = "payer_site.metropolitan_tax",
    *,
    width: str = "phone",
    **context: Any,
) -> Payer:
    """A fresh browser profile in front of a site."""
    opened = chromium.new_context(
        viewport={"width": WIDTHS[width], "height": 844}, locale="ja-JP", **context
    )
    page = opened.new_page()
    page.set_default_timeout(STEP_LIMIT_MILLISECONDS)
    return Payer(page, platform.address(site))
