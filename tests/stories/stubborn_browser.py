"""A person who pays through the real pages and tries again whatever breaks: reloads a page that did
not come, sends a form once more. In a thread of its own."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Mapping
from typing import NamedTuple

from bench.http_payer import HttpPayer, WalkBroke
from sekisho.simulators import test_cards
from tests.engine_load import Engine, Slip

PATIENCE_SECONDS = 150.0
AGAIN_SECONDS = 0.5
TRY_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
"""A page of these says: try again. Others are an answer."""


OVER = frozenset({"done", "wait", "broke: 409 at /bill"})
"""Paid, not known yet; or the bill is held or paid by this person's own earlier walk."""


class Page(NamedTuple):
    status: int
    headers: Mapping[str, str]
    text: str


class _Persistent(HttpPayer):
    """Repeats each request until an answer comes."""

    until = 0.0
    seen: list[Page]

    def _ask(
        self, url: str, fields: Mapping[str, str] | None
    ) -> tuple[int, Mapping[str, str], str]:
        while True:
            try:
                status, headers, text = super()._ask(url, fields)
            except (OSError, http.client.HTTPException):
                self._lines.clear()
                status, headers, text = 0, {}, ""
            if status:
                self.seen.append(Page(status, headers, text))
            if status and status not in TRY_AGAIN:
                return status, headers, text
            if time.monotonic() > self.until:
                raise WalkBroke(f"no answer in time, last status {status}")
            time.sleep(AGAIN_SECONDS)


class StubbornBrowser:
    """Pays ``slip``; from the first page again when a walk breaks, until patience ends."""

    def __init__(self, engine: Engine, slip: Slip) -> None:
        self._engine = engine
        self._slip = slip
        self.outcome = ""
        self.seen: list[Page] = []
        """Every page that came."""
        self._thread = threading.Thread(target=self._walk, daemon=True)
        self._thread.start()

    def was_told(self, status: int) -> bool:
        """Whether a page with this status came."""
        return any(page.status == status for page in list(self.seen))

    def come_to_an_end(self, limit_seconds: float) -> str:
        """Wait for the walk's end; returns the outcome page's panel, or why there was none.

        No page may have shown what only a programmer should see; one that could not be made says
        when to come again (RFC 9110, 15.6.4)."""
        self._thread.join(limit_seconds)
        assert not self._thread.is_alive(), "a browser did not come to an end"
        for page in self.seen:
            assert page.status != 500, page.text
            assert page.status != 503 or int(page.headers["retry-after"]) > 0
            for word in ("Traceback", "psycopg", "sekisho.transport"):
                assert word not in page.text, page.status
        return self.outcome

    def _walk(self) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        serial = int(self._slip.payment_number[-7:])
        card = test_cards.load_number(5_000_000 + serial)
        numbers = {
            name: getattr(self._slip, name)
            for name in (
                "payee_number", "payment_number", "confirmation_number", "category_number",
            )
        }  # fmt: skip
        while time.monotonic() < until and self.outcome not in OVER:
            person = _Persistent(self._engine.site_origin, f"127.2.{serial % 250}.{serial % 249}")
            person.until, person.seen = until, self.seen
            try:
                self.outcome = person.pay(numbers, card)
            except (WalkBroke, IndexError, KeyError, ValueError) as broke:
                self.outcome = f"broke: {broke}"
                time.sleep(AGAIN_SECONDS)
