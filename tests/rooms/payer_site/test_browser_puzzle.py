"""In a real browser: the puzzle of the card-testing guard solved, waited out, and a closed site."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from playwright.sync_api import Browser, Page

from sekisho.crossings import payments as p
from sekisho.crossings.message import Refusal
from tests.rooms.payer_site.fake_payments import is_solved
from tests.rooms.payer_site.served import Served
from tests.rooms.payer_site.test_browser import (
    PICTURES,
    WIDTHS,
    chromium,
    fill_bill,
    look_at,
    opened_page,
    tax_site,
)

__all__ = ["chromium", "tax_site"]


def make_puzzle(bits: int) -> p.Puzzle:
    """A puzzle whose parts each need ``bits`` zero bits."""
    return p.Puzzle(
        salt=secrets.token_hex(16),
        parts=8,
        part_bits=bits,
        waits_until=datetime.now(UTC) + timedelta(minutes=5),
    )


def to_confirm(page: Page, site: Served, language: str, *, script: bool = True) -> None:
    """Come to the button that pays."""
    page.goto(f"{site.url}/bill?lang={language}")
    fill_bill(page)
    page.click("#four button")
    page.check("#agree")
    page.click("main form button")
    frame = page.frame_locator("#card-frame")
    frame.locator("#send").click()
    if not script:
        frame.locator("a").click()
    page.wait_for_url("**/confirm")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_browser_solves_the_puzzle(
    tax_site: Served, chromium: Browser, width: str, language: str
) -> None:
    """Pressed at once, "pay" waits for the work; the proof is right by another reckoning."""
    page, payments = opened_page(chromium, width), tax_site.payments
    payments.puzzle = make_puzzle(bits=16)
    to_confirm(page, tax_site, language)
    page.click("#pay")
    page.wait_for_selector("#puzzle")
    assert page.evaluate("document.activeElement.id") == "puzzle"
    page.locator("#puzzle-bar:not([value='0'])").wait_for()
    look_at(page, f"puzzle-works-{language}")
    page.click("#pay")
    assert page.is_visible("#pay-waits")
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/puzzle-pressed-{language}-{WIDTHS[width]}.png")
    page.wait_for_url("**/progress", timeout=60_000)
    last = payments.messages(p.ConfirmPayment)[-1]
    assert last.proof is not None and is_solved(payments.puzzle, last.proof)
    assert page.errors == []  # type: ignore[attr-defined]


def test_a_puzzle_solved_first_waits_for_the_press(tax_site: Served, chromium: Browser) -> None:
    page, payments = opened_page(chromium), tax_site.payments
    payments.puzzle = make_puzzle(bits=4)
    to_confirm(page, tax_site, "ja")
    page.click("#pay")
    page.locator("#puzzle-words", has_text="確認が終わりました").wait_for()
    look_at(page, "puzzle-solved")
    assert page.url.endswith("/confirm")
    assert len(payments.messages(p.ConfirmPayment)) == 1, "nothing is paid without a press"
    page.click("#pay")
    page.wait_for_url("**/progress")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_puzzle_without_script_is_a_wait(
    tax_site: Served, chromium: Browser, width: str
) -> None:
    page = opened_page(chromium, width, java_script_enabled=False)
    payments = tax_site.payments
    payments.puzzle = make_puzzle(bits=20)
    to_confirm(page, tax_site, "en", script=False)
    page.click("#pay")
    assert "wait until the time below" in page.inner_text("#puzzle")
    if PICTURES:
        path = f"{PICTURES}/puzzle-no-script-{WIDTHS[width]}.png"
        page.screenshot(path=path, full_page=True)
    over = payments.puzzle.waits_until - timedelta(hours=1)
    payments.puzzle = msgspec.structs.replace(payments.puzzle, waits_until=over)
    page.click("#pay")
    page.wait_for_url("**/progress")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_site_that_takes_no_cards(tax_site: Served, chromium: Browser, width: str) -> None:
    page, payments = opened_page(chromium, width), tax_site.payments
    payments.cards_closed = True
    page.goto(tax_site.url)
    look_at(page, "closed-entry")
    page.goto(tax_site.url + "/?lang=en")
    look_at(page, "closed-entry-english")
    payments.refuse[p.FindBill] = Refusal("cards_closed", "")
    page.goto(tax_site.url + "/bill?lang=ja")
    fill_bill(page)
    page.click("#four button")
    look_at(page, "closed-refused")
