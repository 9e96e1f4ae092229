"""Loads the payment engine without a payer site: stands at the payments door as the tax site does,
with that site's crossing key, and at the vault's card form over HTTP, as a payer's browser does."""

from __future__ import annotations

import csv
import http.client
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
import psycopg

from bench.platform_cpu import CpuReader
from sekisho.crossings.card_network import BrowserFacts
from sekisho.crossings.message import Crossing
from sekisho.crossings.payments import ConfirmPayment, StartPayment
from sekisho.payments.charge_fee import FeeRule, charge_fee
from sekisho.processes.cluster_settings import DATABASE, PORT, SUPERUSER
from sekisho.processes.socket_places import socket_folder
from sekisho.processes.supervisor.data_folder import DataFolder
from sekisho.processes.supervisor.site_files import site_settings
from sekisho.simulators import test_cards
from sekisho.transport.briefing import Peer
from sekisho.transport.keys import CROSSING_KEY, signing_key
from sekisho.transport.sender import SocketCrosser
from sekisho.vocabulary.clock import business_date, now
from tests.running_platform import RunningPlatform

SITE = "payer_site.metropolitan_tax"
AMOUNT_YEN = 12_000
CROSSING_SECONDS = 30.0
FORM_SECONDS = 60.0
CAPTURE_LIMIT_SECONDS = 600.0
WATCH_SECONDS = 0.1
BILLS_PER_FILE = 20_000

BROWSER = BrowserFacts(
    accept_header="text/html",
    user_agent="sekisho bench",
    language="ja",
    java_script=True,
    color_depth=24,
    screen_height=900,
    screen_width=1440,
    time_zone_minutes=-540,
)


@dataclass(slots=True)
class Paying:
    """One payment on its way."""

    bill_id: str
    serial: int
    total_yen: int
    payment_id: str = ""
    form_url: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    """How long each door took, by phase."""


class EngineLoad:
    """Everything that a load of the engine does, on one running platform."""

    def __init__(self, platform: RunningPlatform) -> None:
        self._platform = platform
        self.folder = DataFolder(platform.data)
        self._lines = threading.local()
        self.origin = platform.address(SITE)
        payments = signing_key(self.folder.of("payments") / "keys", CROSSING_KEY)
        self._crosser = SocketCrosser(
            process=SITE,
            zone="payer_site",
            key=signing_key(self.folder.of(SITE) / "keys", CROSSING_KEY),
            peers=[
                Peer(
                    process="payments",
                    zone="payments",
                    name=None,
                    crossing_key=payments.public_key().public_bytes_raw(),
                    socket=str(self.folder.socket_of("payments")),
                )
            ],
        )
        self._made = 0
        self.database = self.connect()

    def connect(self) -> psycopg.Connection[Any]:
        """A superuser's connection to the platform's database, for counting and filling only."""
        return psycopg.connect(
            host=str(self.sockets),
            port=PORT,
            user=SUPERUSER,
            password=self.password,
            dbname=DATABASE,
            autocommit=True,
        )

    def cpu_reader(self) -> CpuReader:
        """A reader of the processes that run now."""
        return CpuReader(self._platform)

    @property
    def sockets(self) -> Path:
        """Where PostgreSQL's socket lies."""
        return socket_folder(self.folder.run / "pg")

    @property
    def password(self) -> str:
        """The superuser's, as the supervisor keeps it."""
        return (self.folder.secrets / "postgres_superuser").read_text("ascii").strip()

    def cross(self, message: Crossing[Any]) -> Any:
        """Say ``message`` to payments as the site."""
        return self._crosser.cross(message, seconds=CROSSING_SECONDS)

    def bills(self, number: int) -> list[Paying]:
        """Import ``number`` new bills as an operator does and return them ready to be paid."""
        first = self._made
        self._made += number
        path = self._platform.data / "bench_bills.csv"
        for start in range(first, first + number, BILLS_PER_FILE):
            _write_bills(path, start, min(BILLS_PER_FILE, first + number - start))
            self._platform.sekisho("bills", "import", str(path), "--client-body", "mihon_to")
        path.unlink()
        rows = self.database.execute(
            "SELECT id, payment_number::numeric - %s FROM payments.bill"
            " WHERE payment_number >= %s AND payment_number < %s ORDER BY payment_number",
            [_number(0), str(_number(first)), str(_number(first + number))],
        ).fetchall()
        return [Paying(row[0], int(row[1]), AMOUNT_YEN + _fee_yen()) for row in rows]

    # -- the three phases -----------------------------------------------------------------------

    def start(self, paying: Paying) -> None:
        """Begin the payment."""
        began = time.monotonic()
        started = self.cross(
            StartPayment(
                key=f"bench-{paying.serial}-{time.time_ns()}",
                bill_id=paying.bill_id,
                total_yen=paying.total_yen,
                language="ja",
                sealed_email=None,
                parent_origin=self.origin,
                return_url=f"{self.origin}/payments/{{payment_id}}/card/done",
                source=f"source-{paying.serial}",
                session=f"session-{paying.serial}",
            )
        )
        paying.payment_id, paying.form_url = started.payment_id, started.card_form_url
        paying.seconds["create"] = time.monotonic() - began

    def enter_card(self, paying: Paying) -> None:
        """Get the card form and send it, as a browser does."""
        began = time.monotonic()
        source = f"127.1.{paying.serial // 200 % 200}.{paying.serial % 200 + 1}"
        parts = urlsplit(paying.form_url)
        line = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=FORM_SECONDS, source_address=(source, 0)
        )
        try:
            path = f"{parts.path}?{parts.query}"
            _expect(line, "GET", path, None, parts.netloc)
            body = urlencode(
                {
                    "number": test_cards.load_number(paying.serial),
                    "expiry_month": "12",
                    "expiry_year": "30",
                    "code": "123",
                    "name": "TARO MIHON",
                }
            )
            _expect(line, "POST", path, body, parts.netloc)
        finally:
            line.close()
        paying.seconds["card entry"] = time.monotonic() - began

    def confirm(self, paying: Paying) -> None:
        """Say "pay"; what follows is the engine's own."""
        began = time.monotonic()
        self.cross(
            ConfirmPayment(
                payment_id=paying.payment_id,
                notification_url=f"{self.origin}/payments/{paying.payment_id}/challenge",
                browser=BROWSER,
            )
        )
        paying.seconds["confirm"] = time.monotonic() - began

    def wait_captured(self, all_of: Sequence[Paying]) -> dict[str, int]:
        """Wait until every payment has its end; return how many are in which state."""
        wanted = [paying.payment_id for paying in all_of]
        deadline = time.monotonic() + CAPTURE_LIMIT_SECONDS
        while True:
            rows = self.database.execute(
                "SELECT state, count(*) FROM payments.payment WHERE id = ANY(%s) GROUP BY 1",
                [wanted],
            ).fetchall()
            states: dict[str, int] = dict(rows)
            under_way = sum(states.get(s, 0) for s in _UNDER_WAY)
            if not under_way or time.monotonic() > deadline:
                return states
            time.sleep(WATCH_SECONDS)

    def wait_quiet(self) -> None:
        """Wait until no outbox holds anything that is due."""
        deadline = time.monotonic() + CAPTURE_LIMIT_SECONDS
        ask = (
            "SELECT (SELECT count(*) FROM payments.outbox WHERE due_at <= now())"
            " + (SELECT count(*) FROM card_network.outbox WHERE due_at <= now())"
        )
        while self.database.execute(ask).fetchone() != (0,) and time.monotonic() < deadline:
            time.sleep(WATCH_SECONDS)


_UNDER_WAY = ("card_entered", "authenticating", "authorising", "authorised", "capture_requested")


def end_cleanly_when_told() -> None:
    """Let SIGTERM (of ``timeout``) end the measurement as Ctrl-C does, its platform with it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def all_at_once(act: Callable[[Paying], None], payments: Sequence[Paying], threads: int) -> None:
    """Run ``act`` for every payment, ``threads`` at a time. Raises what the first failing did."""
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(act, payments):
            pass


def _expect(
    line: http.client.HTTPConnection, method: str, path: str, body: str | None, host: str
) -> None:
    headers = {"Host": host, "Accept": "text/html", "Accept-Language": "ja"}
    headers["User-Agent"] = "sekisho bench"
    if body is not None:
        headers |= {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"http://{host}",
            "Sec-Fetch-Site": "same-origin",
        }
    line.request(method, path, body, headers)
    answer = line.getresponse()
    answer.read()
    if answer.status != http.client.OK:
        raise RuntimeError(f"the card form answered {answer.status} to {method}")


def _fee_yen() -> int:
    section = site_settings("payments")["sites"]["metropolitan_tax"]["payments"]
    return charge_fee(AMOUNT_YEN, msgspec.convert(section["fee"], FeeRule)).total_yen


def _number(serial: int) -> int:
    return 60_000_000_000_000_000_000 + serial


def _write_bills(path: Path, first: int, number: int) -> None:
    today = business_date(now())
    with path.open("w", encoding="utf-8", newline="") as file:
        writer: csv.DictWriter[str] | None = None
        for at in range(first, first + number):
            row = {
                "payee_number": "13999",
                "payment_number": str(_number(at)),
                "confirmation_number": "135790",
                "category_number": "001",
                "item_ja": "個人事業税",
                "fiscal_year": "2026",
                "amount": str(AMOUNT_YEN),
                "first_payable": (today - timedelta(days=1)).isoformat(),
                "due_date": (today + timedelta(days=30)).isoformat(),
            }
            if writer is None:
                writer = csv.DictWriter(file, row)
                writer.writeheader()
            writer.writerow(row)
