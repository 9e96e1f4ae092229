"""Payers without pages: they stand where the tax site stands, at the doors of payments with the
site's own crossing key, and send the vault's card form over HTTP as a browser would.

What is asked again is asked with the same key, as the site does it; what breaks on the way is tried
until the payer's patience ends. Each payer remembers what it was told, so that the books can be
held against it afterwards. Cheap: one payment costs a few messages, no page is drawn but the form.
"""

from __future__ import annotations

import csv
import http.client
import itertools
import json
import os
import threading
import time
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from sekisho.crossings import payments as said
from sekisho.crossings.card_network import BrowserFacts
from sekisho.crossings.message import Crossing, Refusal
from sekisho.crossings.supervisor import PlatformShown, ShowPlatform
from sekisho.processes.supervisor.data_folder import DataFolder
from sekisho.transport import TransportError
from sekisho.transport.briefing import Briefing, Peer
from sekisho.transport.keys import CROSSING_KEY, signing_key
from sekisho.transport.sender import SocketCrosser
from sekisho.vocabulary.clock import business_date, now
from tests.running_platform import RunningPlatform

SITE = "payer_site.metropolitan_tax"
PAYEE = "13999"
ANSWER_SECONDS = 15.0
"""How long a payer waits for one answer, of a door or of the form."""

AGAIN_SECONDS = 0.25
LOOK_SECONDS = 0.15
"""Pauses before the same is said again, and between two looks at a payment."""

ENDED = frozenset({"succeeded", "declined", "failed", "cancelled", "expired"})
ANOTHER_CARD = frozenset({"declined", "failed"})

_FIRST = 60_000_000_000_000_000_000
_ids = itertools.count(1)


class OutOfPatience(Exception):
    """The payer went away before an outcome."""


@dataclass(frozen=True)
class Slip:
    """The four numbers of a bill and its amount in yen."""

    payment_number: str
    amount: int
    payee_number: str = PAYEE
    confirmation_number: str = "135790"
    category_number: str = "001"


def hand_in_bills(platform: RunningPlatform, amounts: Iterable[int]) -> list[Slip]:
    """Let the client body hand in one bill for each amount; every call makes bills of its own."""
    today = business_date(now())
    slips = [Slip(f"{_FIRST + next(_ids)}", amount) for amount in amounts]
    path = platform.data.with_name(f"bills-{slips[0].payment_number}.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = [
            {
                "payee_number": slip.payee_number,
                "payment_number": slip.payment_number,
                "confirmation_number": slip.confirmation_number,
                "category_number": slip.category_number,
                "item_ja": "個人事業税",
                "fiscal_year": "2026",
                "amount": str(slip.amount),
                "first_payable": (today - timedelta(days=1)).isoformat(),
                "due_date": (today + timedelta(days=30)).isoformat(),
            }
            for slip in slips
        ]
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    platform.sekisho("bills", "import", str(path), "--client-body", "mihon_to")
    return slips


class Engine:
    """The running platform as the tax site and the terminal reach it. Safe for threads."""

    def __init__(self, data: Path) -> None:
        self.folder = DataFolder(data)
        briefing = msgspec.json.decode(
            (self.folder.terminal / "briefing.json").read_bytes(), type=Briefing
        )
        self.addresses = briefing.addresses
        self._as_terminal = SocketCrosser(
            process="terminal",
            zone="terminal",
            key=signing_key(self.folder.terminal / "keys", CROSSING_KEY),
            peers=briefing.peers,
        )
        keys = json.loads((self.folder.secrets / "public_keys.json").read_text())
        payments = Peer(
            process="payments",
            zone="payments",
            name=None,
            crossing_key=b64decode(keys["payments"][CROSSING_KEY]),
            socket=str(self.folder.socket_of("payments")),
        )
        self._as_site = SocketCrosser(
            process=SITE,
            zone="payer_site",
            key=signing_key(self.folder.of(SITE) / "keys", CROSSING_KEY),
            peers=[payments],
        )

    def say(self, message: Crossing[Any], *, seconds: float = ANSWER_SECONDS) -> Any:
        """Send a crossing as the tax site; raises as ``sekisho.transport.cross``."""
        return self._as_site.cross(message, seconds=seconds)

    def ask(self, message: Crossing[Any], *, seconds: float = ANSWER_SECONDS) -> Any:
        """Send a crossing as the terminal."""
        return self._as_terminal.cross(message, seconds=seconds)

    def platform(self) -> PlatformShown:
        """How the supervisor sees every process now."""
        shown: PlatformShown = self.ask(ShowPlatform())
        return shown

    @property
    def site_origin(self) -> str:
        return self.addresses[SITE].rstrip("/")

    def close(self) -> None:
        self._as_site.close()
        self._as_terminal.close()


@dataclass
class ThinPayer:
    """One person who pays one bill; ``cards`` are tried in turn while nothing was taken."""

    engine: Engine
    slip: Slip
    cards: list[str]
    patience_seconds: float = 120.0
    key: str = field(default_factory=lambda: f"load-{os.getpid()}-{next(_ids)}")
    serial: int = field(default_factory=lambda: next(_ids))
    payment_id: str = ""
    reference: str = ""
    total_yen: int = 0
    accepted: bool = False
    """The payer said "pay" and was answered."""
    told: list[str] = field(default_factory=list)
    """Every public status that the payer was shown, in order, without repeats."""
    troubles: list[str] = field(default_factory=list)
    """What was said instead of an answer, in order, without repeats."""
    left: str = ""
    """Why the payer went away without an outcome."""

    def pay(self) -> str:
        """The whole way; returns the last status that was shown, empty when none was."""
        try:
            self._until = time.monotonic() + self.patience_seconds
            form = self.start()
            for at, card in enumerate(self.cards):
                if at:
                    form = self.reopen()
                if not self.enter_card(form, card):
                    break
                self.confirm()
                if self.wait() not in ANOTHER_CARD:
                    break
        except OutOfPatience as gone:
            self.left = str(gone) or "no patience"
        except Refusal as refusal:
            self.left = f"refused: {refusal.code}"
        return self.told[-1] if self.told else ""

    # --- steps -----------------------------------------------------------------------------------

    def start(self) -> str:
        """Find the bill and begin to pay it; returns the card form's address."""
        found: said.BillFound = self._say(
            said.FindBill(
                payee_number=self.slip.payee_number,
                payment_number=self.slip.payment_number,
                confirmation_number=self.slip.confirmation_number,
                category_number=self.slip.category_number,
                source=self._source,
                session=self.key,
            )
        )
        return self._begin(found.bill)

    def _begin(self, bill: said.BillFacts) -> str:
        origin = self.engine.site_origin
        self.total_yen = bill.total_yen
        started: said.PaymentStarted = self._say(
            said.StartPayment(
                key=self.key,
                bill_id=bill.bill_id,
                total_yen=bill.total_yen,
                language="ja",
                sealed_email=None,
                parent_origin=origin,
                return_url=f"{origin}/e/{self.key}/card/done",
                source=self._source,
                session=self.key,
            )
        )
        self.payment_id, self.reference = started.payment_id, started.reference
        return started.card_form_url

    def reopen(self) -> str:
        """Ask for a form for another card."""
        origin = self.engine.site_origin
        started: said.PaymentStarted = self._say(
            said.ReopenCardForm(
                payment_id=self.payment_id,
                parent_origin=origin,
                return_url=f"{origin}/e/{self.key}/card/done",
            )
        )
        return started.card_form_url

    def enter_card(self, form: str, card: str) -> bool:
        """Send the form until payments knows of the card; False when it can't be entered."""
        while True:
            status = self._post(form, card) if form else 410
            if status in (404, 410, 422):
                shown = self.look()
                if shown.status in ENDED - ANOTHER_CARD:
                    return False
                if shown.status not in ("started", *ANOTHER_CARD):
                    return True
                form = self.reopen()
            elif status == 200 and self.look().status == "card_entered":
                return True
            self._pause(AGAIN_SECONDS)

    def confirm(self) -> None:
        """Say "pay", again and again until it is answered."""
        origin = self.engine.site_origin
        shown: said.PaymentShown = self._say(
            said.ConfirmPayment(
                payment_id=self.payment_id,
                notification_url=f"{origin}/e/{self.key}/returned",
                browser=BrowserFacts(
                    accept_header="text/html",
                    user_agent="thin payer",
                    language="ja",
                    java_script=False,
                ),
            )
        )
        self.accepted = True
        self._hear(shown)

    def wait(self) -> str:
        """Look until the payment ended; returns its public status."""
        while (shown := self.look()).status not in ENDED:
            self._pause(LOOK_SECONDS)
        return shown.status

    def look(self) -> said.PaymentShown:
        """See how the payment is."""
        shown: said.PaymentShown = self._say(said.ShowPayment(payment_id=self.payment_id))
        self._hear(shown)
        return shown

    # --- the line --------------------------------------------------------------------------------

    @property
    def _source(self) -> str:
        return f"source-{self.key}"

    def _hear(self, shown: said.PaymentShown) -> None:
        if not self.told or self.told[-1] != shown.status:
            self.told.append(shown.status)

    def _say(self, message: Crossing[Any]) -> Any:
        while True:
            try:
                return self.engine.say(message)
            except TransportError as error:
                trouble = str(error)
            if trouble not in self.troubles[-1:]:
                self.troubles.append(trouble)
            self._pause(AGAIN_SECONDS, trouble)

    def _pause(self, seconds: float, trouble: str = "") -> None:
        if time.monotonic() > self._until:
            raise OutOfPatience(trouble)
        time.sleep(seconds)

    def _post(self, form: str, card: str) -> int:
        fields = {
            "number": card,
            "expiry_month": "12",
            "expiry_year": "30",
            "code": "1234" if len(card) == 15 else "123",
            "name": "TARO MIHON",
        }
        status, _, _ = send(form, fields, at=self.serial)
        return status


def send(
    address: str, fields: Mapping[str, str] | None = None, *, at: int = 1
) -> tuple[int, Mapping[str, str], str]:
    """Get a page, or post a form as the browser that shows it would; ``at`` chooses one of many
    loopback addresses to come from. Returns status, headers and text; 0 for a broken line."""
    parts = urlsplit(address)
    source = (f"127.1.{at // 250 % 250}.{at % 250 + 1}", 0)
    line = http.client.HTTPConnection(
        "127.0.0.1", parts.port, timeout=ANSWER_SECONDS, source_address=source
    )
    headers = {
        "Host": parts.netloc,
        "Accept": "text/html",
        "User-Agent": "thin payer",
        "Sec-Fetch-Site": "same-origin",
    }
    body = None
    if fields is not None:
        body = urlencode(fields)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        line.request("POST" if body else "GET", path or "/", body, headers)
        answer = line.getresponse()
        text = answer.read().decode("utf-8", "replace")
        return answer.status, {k.lower(): v for k, v in answer.headers.items()}, text
    except (OSError, http.client.HTTPException):
        return 0, {}, ""
    finally:
        line.close()


class Crowd:
    """So many payers at once, each with the next slip, until told to go home."""

    def __init__(self, waiting: Iterable[ThinPayer], at_once: int) -> None:
        self._waiting = iter(waiting)
        self._lock = threading.Lock()
        self._go_home = threading.Event()
        self.came: list[ThinPayer] = []
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(at_once)]
        for thread in self._threads:
            thread.start()

    def send_home(self, limit_seconds: float) -> list[ThinPayer]:
        """Let nobody else begin, wait for those who are at it; returns all who came."""
        self._go_home.set()
        until = time.monotonic() + limit_seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
            assert not thread.is_alive(), "a payer did not come to an end"
        return self.came

    @property
    def steps(self) -> int:
        """How many steps all payers have come forward so far."""
        return sum(len(payer.told) for payer in list(self.came))

    @property
    def ended(self) -> int:
        """How many payers were told an outcome so far."""
        return sum(1 for payer in list(self.came) if payer.told and payer.told[-1] in ENDED)

    def _work(self) -> None:
        while not self._go_home.is_set():
            with self._lock:
                payer = next(self._waiting, None)
                if payer is None:
                    return
                self.came.append(payer)
            payer.pay()
