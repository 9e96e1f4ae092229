"""In a real browser: a link's pages in both widths and languages, axe on each."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import OpenLink
from tests.rooms.payer_site.served import Served
from tests.rooms.payer_site.test_browser import WIDTHS, chromium, look_at, opened_page, tax_site
from tests.rooms.payer_site.test_pay_by_link import TEST_TOKEN, TOKEN, linked

__all__ = ["chromium", "tax_site"]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_link_is_paid(tax_site: Served, chromium: Browser, width: str) -> None:
    page, payments = opened_page(chromium, width), tax_site.payments
    linked(payments, payment_number="R" * 40)
    page.goto(f"{tax_site.url}/pay/{TOKEN}")
    assert page.url.endswith("/bill") and TOKEN not in page.content()
    look_at(page, "link-1-bill")
    page.check("#agree")
    page.click("main form button")
    page.frame_locator("#card-frame").locator("#send").click()
    page.wait_for_url("**/confirm")
    look_at(page, "link-2-confirm")
    page.click("#pay")
    page.wait_for_url("**/progress")
    payments.succeed()
    page.wait_for_url("**/outcome")
    look_at(page, "link-3-outcome")
    assert page.get_attribute("#return", "href") == "https://body.example.jp/thanks?n=1"
    assert page.errors == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_twins_pages_say_test_in_english_too(
    tax_site: Served, chromium: Browser, width: str
) -> None:
    page = opened_page(chromium, width)
    linked(
        tax_site.payments,
        TEST_TOKEN,
        test=True,
        printed=True,
        payment_number="00001234567890123456",
    )
    page.goto(f"{tax_site.url}/pay/{TEST_TOKEN}")
    assert "TEST" in page.inner_text("#test-band")
    look_at(page, "link-test-bill")
    page.click("text=English")
    assert page.inner_text("#test-band").startswith("TEST")
    look_at(page, "link-test-bill-en")


@pytest.mark.parametrize("code", ["link_unknown", "link_cancelled", "link_expired"])
def test_a_link_that_is_over_is_told(tax_site: Served, chromium: Browser, code: str) -> None:
    page = opened_page(chromium)
    tax_site.payments.refuse[OpenLink] = Refusal(code)
    page.goto(f"{tax_site.url}/pay/{TOKEN}")
    look_at(page, f"link-{code}")
