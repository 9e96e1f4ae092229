"""What a payment costs the card network's connector alone: its process and its share of PostgreSQL.

Vault and payments are played by this program (answers at once), network and 3-D Secure are the
simulators. A payment is an authentication without challenge, an authorisation and a capture.

    python -m bench.network [NUMBER]
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from sekisho.crossings import card_network as asked
from sekisho.crossings import payments as told
from sekisho.crossings.vault import ReleasedCard, ReleasePermit, SignedPermit
from sekisho.simulators.test_cards import load_number
from sekisho.transport import TransportError
from tests.rooms.open_room import open_room

PAYERS = 8
WARM_UP = 60
DEFAULT_PAYMENTS = 400
WAIT_S = 60.0
MERCHANT = "MIHONTO0000001"


def main() -> None:
    """Run the measurement and print one line for each process."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_PAYMENTS
    room = open_room("card_network")
    from tests.rooms.card_network.real_processes import ZONES, RealProcesses

    with tempfile.TemporaryDirectory(prefix="cn-") as folder:
        running = RealProcesses(Path(folder), room)
        load = Load(running)
        try:
            for name in ZONES:
                running.start(name)
            load.run(WARM_UP)
            before, began = _cpu(running), time.monotonic()
            load.run(number)
            seconds = time.monotonic() - began
            time.sleep(1.0)
            after = _cpu(running)
        finally:
            running.close()
    print(f"{number} payments, {number / seconds:.1f}/s with {PAYERS} payers")
    for name in after:
        print(f"{name:>20}: {(after[name] - before.get(name, 0)) * 1000 / number:6.2f} ms CPU each")


class Load:
    """Sends the orders of many payments and waits for what payments is told."""

    def __init__(self, running: Any) -> None:
        self._running = running
        self._serial = 0
        self._lock = threading.Lock()

    def run(self, number: int) -> None:
        """Take ``number`` payments through their three orders, ``PAYERS`` at once."""
        with ThreadPoolExecutor(PAYERS) as pool:
            for _ in pool.map(lambda _: self._pay(), range(number)):
                pass

    def _pay(self) -> None:
        with self._lock:
            self._serial += 1
            serial = self._serial
        payment_id = f"pay_{serial}"
        facts: dict[str, Any] = {"payment_id": payment_id, "attempt": 1, "merchant_id": MERCHANT}
        self._send(
            asked.Authenticate(
                **facts,
                signed_permit=self._permit(serial, "authenticate"),
                merchant_name="Mihon Metropolis",
                amount_yen=1_000,
                purpose="payment",
                notification_url="http://localhost:1/back",
                browser=asked.BrowserFacts(
                    accept_header="*/*", user_agent="bench", language="ja", java_script=True
                ),
            ),
            told.AuthenticationOutcome,
        )
        self._send(
            asked.Authorise(
                **facts,
                signed_permit=self._permit(serial, "authorise"),
                amount_yen=1_000,
                entry_mode="ecommerce",
                reference=payment_id.upper(),
            ),
            told.AuthorisationOutcome,
        )
        self._send(asked.Capture(**facts, amount_yen=1_000), told.CaptureOutcome)

    def _send(self, message: asked.Order, outcome: type[Any]) -> None:
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                self._running.send(message)
                break
            except TransportError:  # it is still starting
                if time.monotonic() > deadline:
                    raise
        while not any(
            type(one) is outcome and one.payment_id == message.payment_id
            for one in self._running.told[-200:]
        ):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{outcome.__name__} of {message.payment_id} never came")
            time.sleep(0.005)

    def _permit(self, serial: int, purpose: Any) -> SignedPermit:
        token = f"card-{serial}"
        self._running.cards[token] = ReleasedCard(
            number=load_number(serial), expiry_yymm="3512", cardholder_name=None,
            security_code="123",
        )  # fmt: skip
        now = datetime.now(UTC)
        permit = ReleasePermit(
            permit_id=f"permit-{purpose}-{serial}",
            payment_id=f"pay_{serial}",
            client_body="mihon_to",
            card_token=token,
            purpose=purpose,
            with_security_code=purpose == "authorise",
            receiver_key=self._running.public["card_network"]["receive"],
            issued_at=now,
            expires_at=now + timedelta(minutes=5),
        )
        return SignedPermit(permit=permit, signature=b"x" * 64)


def _cpu(running: Any) -> dict[str, float]:
    """Return CPU seconds so far of each simulator and connector, and of PostgreSQL."""
    used = {
        name: _seconds(psutil.Process(program.pid)) for name, program in running._programs.items()
    }
    postgres = [
        process for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] == "postgres" and _is_ours(process, running.room.folder)
    ]  # fmt: skip
    used["postgres"] = sum(_seconds(one) for one in postgres) if postgres else 0.0
    return used


def _is_ours(process: psutil.Process, folder: Path) -> bool:
    try:
        return Path(process.cwd()).is_relative_to(folder) and process.pid != os.getpid()
    except psutil.Error:
        return False


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    main()
