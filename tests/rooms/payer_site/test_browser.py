"""In a real browser: the way with and without script, and axe (WCAG 2.2 A and AA) on every page.

``SEKISHO_SCREENSHOTS=folder`` keeps a picture of each page in phone and desk width."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from sekisho.crossings import payments as p
from tests import browser
from tests.rooms.payer_site.conftest import PREMIUM, TAX
from tests.rooms.payer_site.fake_payments import BILL_NUMBERS, POLICY_NUMBER
from tests.rooms.payer_site.served import Served, served
from tests.rooms.payer_site.walk import PERSON

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
PICTURES = os.environ.get("SEKISHO_SCREENSHOTS")
WIDTHS = {"phone": 390, "desk": 1280}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    # Playwright's loop runs in this thread; Django would take the tests' own queries for async.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with browser.chromium() as opened_browser:
        yield opened_browser


@pytest.fixture
def tax_site(clean: None) -> Iterator[Served]:
    with served(TAX, "mihon_to") as site:
        yield site


@pytest.fixture
def premium_site(clean: None) -> Iterator[Served]:
    with served(PREMIUM, "mihon_kiko") as site:
        yield site


def opened_page(chromium: Browser, width: str = "phone", **more: bool) -> Page:
    context: BrowserContext = chromium.new_context(
        viewport={"width": WIDTHS[width], "height": 844}, locale="ja-JP", bypass_csp=False, **more
    )
    page = context.new_page()
    page.set_default_timeout(8_000)
    page.errors = []  # type: ignore[attr-defined]

    def hear(said: ConsoleMessage) -> None:
        if said.type == "error" and "status of 422" not in said.text:
            page.errors.append(said.text)  # type: ignore[attr-defined]

    page.on("console", hear)
    return page


def look_at(page: Page, name: str) -> None:
    """Axe finds nothing, nothing is wider than the screen, controls are large; keep a picture."""
    page.evaluate(AXE)
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations'], iframes: false})",
        TAGS,
    )
    faults = [
        (fault["id"], fault["impact"], [node["html"][:120] for node in fault["nodes"][:3]])
        for fault in found["violations"]
    ]
    assert faults == [], name
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{name}: {wide} px wider than the screen"
    small = page.evaluate(
        """[...document.querySelectorAll("button, .button, select, input:not([type=hidden])")]
        .filter(e => e.offsetParent && !e.classList.contains("vh") && e.type !== "checkbox")
        .filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML.slice(0, 90))"""
    )
    assert small == [], name
    if PICTURES:
        width = page.viewport_size["width"] if page.viewport_size else 0
        page.screenshot(path=f"{PICTURES}/{name}-{width}.png", full_page=True)


def fill_bill(page: Page) -> None:
    names = ("payee_number", "payment_number", "confirmation_number", "category_number")
    for name, number in zip(names, BILL_NUMBERS, strict=True):
        page.fill(f"#{name}", number)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_bill_is_paid_with_a_challenge(tax_site: Served, chromium: Browser, width: str) -> None:
    page, payments = opened_page(chromium, width), tax_site.payments
    page.goto(tax_site.url)
    look_at(page, "tax-1-entry")
    page.click("#start")
    look_at(page, "tax-2-find")
    page.click("#four button")
    look_at(page, "tax-2-find-errors")
    assert page.evaluate("document.activeElement.id") == "errors"
    fill_bill(page)
    page.click("#four button")
    look_at(page, "tax-3-bill")
    page.fill("#email", "taro@example.jp")
    page.check("#agree")
    page.click("main form button")
    frame = page.frame_locator("#card-frame")
    frame.locator("#n").wait_for()
    look_at(page, "tax-4-card")
    page.click("#extend")
    page.locator("#clock-words", has_text="40").wait_for()
    frame.locator("#send").click()
    page.wait_for_url("**/confirm")
    look_at(page, "tax-5-confirm")
    creq = p.Challenge(acs_url=tax_site.acs, creq="e30")
    payments.after_confirm = {"status": "challenge", "challenge": creq}
    page.click("#pay")
    page.wait_for_url("**/acs")
    page.click("#prove")
    page.wait_for_url("**/progress")
    look_at(page, "tax-6-progress")
    payments.succeed()
    page.wait_for_url("**/outcome")
    look_at(page, "tax-7-outcome")
    if PICTURES and width == "desk":
        page.emulate_media(media="print")
        page.screenshot(path=f"{PICTURES}/tax-7-outcome-print.png", full_page=True)
    assert page.errors == []  # type: ignore[attr-defined]
    (confirmed,) = payments.messages(p.ConfirmPayment)
    assert confirmed.browser.java_script and confirmed.browser.screen_width
    page.goto(page.url.replace("/outcome", "/confirm"))
    page.wait_for_url("**/outcome")


@pytest.mark.parametrize("width", WIDTHS)
def test_an_enrolment_is_made(premium_site: Served, chromium: Browser, width: str) -> None:
    page, payments = opened_page(chromium, width), premium_site.payments
    page.goto(premium_site.url)
    look_at(page, "premium-1-entry")
    page.click("#start")
    page.click("main form button")
    look_at(page, "premium-2-find-errors")
    page.fill("#policy_number", POLICY_NUMBER)
    page.select_option("#birth_era", "showa")
    for part, value in (("year", "55"), ("month", "3"), ("day", "1")):
        page.fill(f"#birth_{part}", value)
    page.click("main form button")
    look_at(page, "premium-3-terms")
    page.check("#agree")
    page.click("main form button")
    page.fill("#name", PERSON["name"])
    page.fill("#kana", PERSON["kana"])
    page.fill("#postal_code", PERSON["postal_code"])
    page.click("#find-address")
    assert page.input_value("#town") == "東京都千代田区千代田"
    look_at(page, "premium-4-person")
    page.click("#go")
    look_at(page, "premium-4-person-errors")
    page.fill("#street", "1-1")
    page.fill("#phone", PERSON["phone"])
    page.fill("#email", PERSON["email"])
    page.press("#email", "Enter")
    page.wait_for_url("**/card")
    page.frame_locator("#card-frame").locator("#n").wait_for()
    look_at(page, "premium-5-card")
    page.click("a.back")
    look_at(page, "premium-5-entered")
    page.goto(page.url.replace("/person", "/card"))
    page.frame_locator("#card-frame").locator("#send").click()
    page.wait_for_url("**/confirm")
    look_at(page, "premium-6-confirm")
    page.click("#pay")
    page.wait_for_url("**/progress")
    payments.succeed()
    page.wait_for_url("**/outcome")
    look_at(page, "premium-7-outcome")
    assert page.errors == []  # type: ignore[attr-defined]


def test_the_whole_way_without_script(tax_site: Served, chromium: Browser) -> None:
    page, payments = opened_page(chromium, java_script_enabled=False), tax_site.payments
    page.goto(tax_site.url + "/bill?lang=en")
    fill_bill(page)
    page.click("#four button")
    page.check("#agree")
    page.click("main form button")
    page.click("#extend")
    page.wait_for_url("**/card")
    page.frame_locator("#card-frame").locator("#send").click()
    page.frame_locator("#card-frame").locator("a").click()
    page.wait_for_url("**/confirm")
    creq = p.Challenge(acs_url=tax_site.acs, creq="e30")
    payments.after_confirm = {"status": "challenge", "challenge": creq}
    page.click("#pay")
    page.click("#to-card-company")
    page.click("#prove")
    page.wait_for_url("**/progress")
    payments.succeed()
    page.wait_for_url("**/outcome")
    assert "Payment complete" in page.inner_text("h1")
    (confirmed,) = payments.messages(p.ConfirmPayment)
    assert not confirmed.browser.java_script and confirmed.browser.screen_width is None


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_of_trouble(tax_site: Served, chromium: Browser, width: str) -> None:
    from sekisho.crossings.message import Refusal

    page, payments = opened_page(chromium, width), tax_site.payments
    for code, detail in (
        ("bill_paid", "7K3M-9QXD-2F4H-T"),
        ("site_closed", "2026-12-01T09:00:00Z"),
    ):
        payments.refuse[p.FindBill] = Refusal(code, detail)
        page.goto(tax_site.url + "/bill")
        fill_bill(page)
        page.click("#four button")
        look_at(page, f"trouble-{code}")
    page.goto(tax_site.url + "/bill")
    fill_bill(page)
    page.click("#four button")
    page.check("#agree")
    page.click("main form button")
    page.frame_locator("#card-frame").locator("#send").click()
    page.wait_for_url("**/confirm")
    confirm = page.url
    payments.down = {p.ShowPayment}
    page.goto(confirm)
    look_at(page, "trouble-unavailable")
    payments.down = set()
    page.goto(confirm + "?lang=en")
    look_at(page, "trouble-confirm-english")
    page.click("#pay")
    page.wait_for_url("**/progress")
    (shown,) = payments.payments.values()
    for status, reason in (("unknown", ""), ("failed", "authentication_failed"),
                           ("declined", "declined_by_issuer")):  # fmt: skip
        payments.change(shown.payment_id, status=status, reason=reason)
        page.goto(confirm.replace("/confirm", "/outcome") + "?lang=ja")
        look_at(page, f"trouble-{status}")
    for name in ("status", "about", "nowhere", "e/" + "A" * 43 + "/card"):
        page.goto(f"{tax_site.url}/{name}")
        look_at(page, f"page-{name[:8].replace('/', '-')}")


def test_the_end_of_the_session_is_asked_about(tax_site: Served, chromium: Browser) -> None:
    from datetime import timedelta

    page, payments = opened_page(chromium), tax_site.payments
    page.goto(tax_site.url + "/bill")
    fill_bill(page)
    page.click("#four button")
    page.check("#agree")
    page.click("main form button")
    page.wait_for_url("**/card")
    shown = payments.only()
    payments.change(shown.payment_id, expires_at=shown.expires_at - timedelta(minutes=18))
    page.reload()
    page.wait_for_selector("#clock-dialog[open]")
    look_at(page, "clock-dialog")
    page.click("#clock-dialog-extend")
    page.locator("#clock-words", has_text="22").wait_for()
    assert page.url.endswith("/card") and not page.locator("#clock-dialog[open]").count()
