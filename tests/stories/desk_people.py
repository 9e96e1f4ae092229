"""Staff of client bodies in real browsers: invited, signed up, with an authenticator app."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from playwright.sync_api import Browser, Page

from sekisho.sign_in.second_factor import STEP_SECONDS, STEPS_AROUND, code_at
from tests.running_platform import RunningPlatform

PASSWORD = "fern 48 lantern"
STEP_LIMIT_MILLISECONDS = 30_000
WIDTHS = {"phone": 390, "desk": 1280}


@dataclass
class App:
    """An authenticator app whose owner never types a code twice."""

    secret: bytes
    _last_step: int = field(default=0)

    def code(self) -> str:
        """The next code that is good and was not used; waits where all were."""
        while True:
            this_step = int(time.time()) // STEP_SECONDS
            step = max(self._last_step + 1, this_step - STEPS_AROUND)
            if step <= this_step + STEPS_AROUND:
                break
            time.sleep(0.5)
        self._last_step = step
        return code_at(self.secret, datetime.fromtimestamp(step * STEP_SECONDS, UTC))


@dataclass
class Member:
    """Somebody at a browser, signed in at the desk."""

    name: str
    client_body: str
    page: Page
    app: App
    desk: str

    def go(self, path: str) -> None:
        self.page.goto(self.desk + path)

    def fresh_code(self, place: str = "#code") -> None:
        """Type a fresh code where a deed asks for one."""
        self.page.fill(place, self.app.code())


def sign_up(
    chromium: Browser,
    platform: RunningPlatform,
    name: str,
    *roles: str,
    client_body: str = "mihon_to",
    width: str = "desk",
) -> Member:
    """Invite somebody from the terminal; they choose a password, set up their app and sign in."""
    words = ["desk", "invite", name, "--client-body", client_body, "--json"]
    for role in roles:
        words += ["--role", role]
    link = json.loads(platform.sekisho(*words))["link"]
    context = chromium.new_context(viewport={"width": WIDTHS[width], "height": 900}, locale="ja-JP")
    page = context.new_page()
    page.set_default_timeout(STEP_LIMIT_MILLISECONDS)
    page.goto(link)
    page.fill("#password", PASSWORD)
    page.fill("#again", PASSWORD)
    page.click("main form button")
    shown = page.locator("main strong.digits").inner_text().replace(" ", "").replace("\n", "")
    app = App(base64.b32decode(shown + "=" * (-len(shown) % 8)))
    page.fill("#code", app.code())
    page.click("main form button")
    desk = platform.address("client_desk")
    page.goto(desk + "/sign-in")
    page.fill("#client_body", client_body)
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("main form button")
    page.fill("#code", app.code())
    page.click("main form button")
    page.wait_for_url(desk + "/")
    return Member(name, client_body, page, app, desk)
