"""The real processes: orders through real doors, and kill -9 of either side in between."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sekisho.crossings import card_network as asked
from sekisho.crossings import payments as told
from sekisho.crossings.vault import ReleasedCard, ReleasePermit, SignedPermit
from sekisho.simulators.card_network.book import double_charges, read_book
from sekisho.simulators.test_cards import load_number
from sekisho.transport import TransportError
from tests.rooms.card_network.both_sides import MERCHANT
from tests.rooms.card_network.real_processes import ZONES, RealProcesses
from tests.rooms.open_room import opened

pytestmark = pytest.mark.usefixtures("clean")

KILLS = int(os.environ.get("SEKISHO_KILLS", "6"))
SEED = int(os.environ.get("SEKISHO_SEED", str(random.SystemRandom().randrange(2**32))))
WAIT_S = 120.0


@pytest.fixture
def processes() -> Iterator[RealProcesses]:
    # A short path: the kernel takes 107 characters for a Unix socket.
    with tempfile.TemporaryDirectory(prefix="cn-") as folder:
        running = RealProcesses(Path(folder), opened[0])
        for name in ZONES:
            running.start(name)
        yield running
        running.close()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


def authorisation(running: RealProcesses, serial: int) -> asked.Authorise:
    token, payment_id = f"card-{serial}", f"pay_{serial}"
    running.cards[token] = ReleasedCard(
        number=load_number(serial), expiry_yymm="3512", cardholder_name=None, security_code="123"
    )
    now = datetime.now(UTC)
    permit = ReleasePermit(
        permit_id=f"permit-{serial}",
        payment_id=payment_id,
        client_body="mihon_to",
        card_token=token,
        purpose="authorise",
        with_security_code=True,
        receiver_key=running.public["card_network"]["receive"],
        issued_at=now,
        expires_at=now + timedelta(minutes=5),
    )
    return asked.Authorise(
        payment_id=payment_id,
        attempt=1,
        signed_permit=SignedPermit(permit=permit, signature=b"x" * 64),
        merchant_id=MERCHANT,
        amount_yen=1_000 + serial,
        entry_mode="recurring",
        reference=payment_id.upper(),
    )


def said_until_taken(running: RealProcesses, message: asked.Order) -> None:
    """Say an order as payments' outbox does: again until it is answered."""

    def taken() -> bool:
        try:
            running.send(message)
        except TransportError:
            return False
        return True

    until(taken)


def test_nothing_is_lost_or_taken_twice_when_processes_are_killed(
    processes: RealProcesses,
) -> None:
    print(f"SEKISHO_SEED={SEED} SEKISHO_KILLS={KILLS}")
    chance = random.Random(SEED)
    serial = 0
    for _ in range(KILLS):
        for _ in range(chance.randint(5, 25)):
            said_until_taken(processes, authorisation(processes, serial))
            serial += 1
        time.sleep(chance.choice([0.0, 0.01, 0.05, 0.3]))
        victim = chance.choice(["card_network", "sim_card_network"])
        processes.kill(victim)
        processes.start(victim)
    payments = [f"pay_{number}" for number in range(serial)]
    until(lambda: all(processes.final(one, told.AuthorisationOutcome) for one in payments))
    entries = read_book(processes.folder / "sim_card_network")
    assert double_charges(entries) == []
    standing = {entry.reference.lower() for entry in entries if entry.stands}
    for payment_id in payments:
        finals = processes.final(payment_id, told.AuthorisationOutcome)
        assert len(set(finals)) == 1, (payment_id, finals)
        assert (finals[0] == "approved") == (payment_id in standing), (payment_id, finals)
    # Most of the work went through in spite of it: the kills were survived, not sat out.
    assert len(standing) > len(payments) / 2
    assert _found_in(processes.folder, [load_number(number) for number in range(serial)]) == []


def test_a_stop_finishes_what_is_in_hand(processes: RealProcesses) -> None:
    for serial in range(20):
        said_until_taken(processes, authorisation(processes, serial))
    assert processes.kill("card_network", signal.SIGTERM) == 0
    assert processes.kill("sim_card_network", signal.SIGTERM) == 0
    for name in ("sim_card_network", "card_network"):
        processes.start(name)
    payments = [f"pay_{number}" for number in range(20)]
    until(lambda: all(processes.final(one, told.AuthorisationOutcome) for one in payments))
    for payment_id in payments:
        assert set(processes.final(payment_id, told.AuthorisationOutcome)) == {"approved"}


def _found_in(folder: Path, numbers: list[str]) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name == "log.jsonl" for path in files)
    return [
        f"{path.name}: {number[-4:]}"
        for path in files
        for number in numbers
        if number.encode() in path.read_bytes()
    ]
