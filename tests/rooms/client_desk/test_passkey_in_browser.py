"""A passkey in a real browser, with Chromium's virtual authenticator, through the desk's edge."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from sekisho.client_desk.records.models import Passkey, Person
from sekisho.client_desk.records.scope import enter_body
from sekisho.sign_in.second_factor import code_at
from sekisho.vocabulary.clock import now
from tests.rooms.client_desk.a_payment import Payments, payments
from tests.rooms.client_desk.open_front import chromium_at, front_door
from tests.rooms.client_desk.staff import ADDRESS, PASSWORD, accept, factor_of, invite

__all__ = ["payments"]
pytestmark = pytest.mark.usefixtures("clean")

# Playwright's loop runs in this thread; our own calls to the database between its calls are sync.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def add_authenticator(context: BrowserContext, page: Page) -> None:
    """Plug a device into the browser that makes sure of its owner by itself."""
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    facts = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": facts})


def sign_in(page: Page, name: str) -> None:
    page.goto(f"{ADDRESS}/sign-in?lang=en")
    page.fill("#client_body", "mihon_to")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("main form button")


def forget_used_codes() -> None:
    enter_body("mihon_to")
    Person.objects.update(factor_step=0)
    enter_body("")


def type_code(page: Page, name: str, place: str = "#code", at: datetime | None = None) -> None:
    forget_used_codes()
    page.fill(place, code_at(factor_of(name, "mihon_to"), at or now()))


def test_a_passkey_is_added_signs_in_and_invites(payments: Payments, tmp_path: Path) -> None:
    accept(invite("kanri", roles=("administrator",)), "kanri")
    with front_door(tmp_path) as port, chromium_at(port) as browser:
        context = browser.new_context(viewport={"width": 390, "height": 844})
        page = context.new_page()
        page.set_default_timeout(20_000)
        faults: list[str] = []
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        add_authenticator(context, page)
        sign_in(page, "kanri")
        type_code(page, "kanri")
        page.click("main form button.button:not(.button--plain)")
        page.wait_for_url(f"{ADDRESS}/")

        page.goto(f"{ADDRESS}/account")
        page.fill("#passkey_name", "computer on my desk")
        type_code(page, "kanri", "#make-passkey #code")
        page.click("#make-passkey button")
        page.wait_for_url("**/account?done=passkey_added")
        assert page.locator("text=computer on my desk").first.is_visible()

        page.click(".masthead__tools form[action='/sign-out'] button")
        sign_in(page, "kanri")
        page.click("[data-passkey] button")
        page.wait_for_url(f"{ADDRESS}/")

        page.goto(f"{ADDRESS}/staff/invite")
        page.fill("#name", "hanako")
        page.check("#role_clerk")
        page.click("[data-passkey] button")
        page.wait_for_selector("#link")
        assert "/invitation/mihon_to/" in page.input_value("#link")
        assert not faults
    enter_body("mihon_to")
    assert Passkey.objects.get().used_at is not None
    assert Person.objects.filter(name="hanako", roles=["clerk"]).exists()
