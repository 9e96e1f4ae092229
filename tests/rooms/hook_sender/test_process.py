"""The sender as a process of its own: in its sandbox, with a way out and nothing else."""

from __future__ import annotations

import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sekisho.crossings.hook_sender import CheckAddress, Deliver, Outcome, TakeOutcomes
from sekisho.crossings.message import Health, HealthShown
from sekisho.processes.hook_sender.wiring import PROCESS
from sekisho.processes.supervisor.start_program import start_program
from sekisho.transport.briefing import Briefing, Peer
from sekisho.transport.keys import CROSSING_KEY, signing_key
from sekisho.transport.sender import SocketCrosser
from tests.rooms.hook_sender.receiver import make_certificate, receiving
from tests.rooms.hook_sender.test_deliver import BODY, a_delivery

WAIT_SECONDS = 60.0
MEBIBYTE = 1024 * 1024
MOST_MEMORY_BYTES = 40 * MEBIBYTE
"""Django alone would be more."""


class Sender:
    """A running sender, and how the desk and the supervisor cross to it."""

    def __init__(self, folder: Path, hooks: dict[str, Any]) -> None:
        self._folder = folder
        (folder / "own").mkdir()
        keys = {
            name: signing_key(folder / name / "keys", CROSSING_KEY)
            for name in ("own", "client_desk", "supervisor")
        }
        place = folder / "doors.sock"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(place))
        self._listener.listen()
        number = self._listener.fileno()
        peers = [
            Peer(
                process=name,
                zone=name,
                name=None,
                crossing_key=keys[name].public_key().public_bytes_raw(),
            )
            for name in ("client_desk", "supervisor")
        ]
        self._briefing = Briefing(
            process="hook_sender",
            zone="hook_sender",
            folder=str(folder / "own"),
            log_folder=str(folder / "log"),
            doors_fd=number,
            peers=peers,
            settings={"hooks": hooks},
        )
        (folder / "log").mkdir()
        me = Peer(
            process="hook_sender",
            zone="hook_sender",
            name=None,
            crossing_key=keys["own"].public_key().public_bytes_raw(),
            socket=str(place),
        )
        self._crossers = {
            name: SocketCrosser(process=name, zone=name, key=keys[name], peers=[me])
            for name in ("client_desk", "supervisor")
        }
        self.program = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        number = self._briefing.doors_fd
        assert number is not None
        output = (self._folder / "output").open("ab")
        return start_program(
            "sekisho.processes.hook_sender",
            "run",
            self._briefing,
            pass_fds=(number,),
            stdout=output,
            stderr=output,
        )

    def kill_and_start_again(self) -> None:
        """End it where it stands; another life takes its place."""
        self.program.kill()
        self.program.wait()
        self.program = self._start()

    def cross(self, message: Any, zone: str = "client_desk") -> Any:
        crosser = self._crossers[zone]
        return crosser.cross(message, seconds=WAIT_SECONDS, to="hook_sender")

    def outcome_of(self, try_id: str) -> Outcome:
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            shown = self.cross(TakeOutcomes())
            for outcome in shown.outcomes:
                if outcome.try_id == try_id:
                    found: Outcome = outcome
                    return found
            time.sleep(0.02)
        raise AssertionError("waited too long")

    def close(self) -> None:
        self.program.terminate()
        self.program.wait(WAIT_SECONDS)
        for crosser in self._crossers.values():
            crosser.close()
        self._listener.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def start(folder: Path, **hooks: Any) -> Sender:
    return Sender(folder, hooks)


@pytest.fixture
def production(folder: Path) -> Iterator[Sender]:
    sender = start(folder)
    yield sender
    sender.close()


def test_it_is_small_and_stands_in_its_sandbox(production: Sender) -> None:
    health: HealthShown = production.cross(Health(), "supervisor")
    assert health.ok, health.faults
    assert health.facts["sandbox_missing"] == ""
    assert health.facts["database_role"] == ""
    assert health.facts["zones"] == "hook_sender"
    assert int(health.facts["memory_bytes"]) < MOST_MEMORY_BYTES, health.facts


def test_in_production_nothing_of_ours_can_be_reached(production: Sender) -> None:
    with receiving() as receiver:
        for url in (
            f"http://localhost:{receiver.port}/",
            f"https://127.0.0.1:{receiver.port}/",
            "https://localhost/",
        ):
            checked = production.cross(CheckAddress(url=url))
            assert checked.url == ""
            assert checked.wrong in ("scheme", "number_address", "host")
        production.cross(Deliver(deliveries=[a_delivery(f"http://localhost:{receiver.port}/")]))
        outcome = production.outcome_of("try_1")
        assert (outcome.status, outcome.why) == (0, "address_refused")
        assert receiver.connections == 0


def test_the_sandbox_shuts_every_other_port_whatever_the_rules_say(folder: Path) -> None:
    """The rules would allow this port; Landlock was told of another."""
    with receiving() as receiver:
        plan = PROCESS.sandbox(
            Briefing(
                process="hook_sender",
                zone="hook_sender",
                folder=str(folder),
                log_folder=str(folder),
                settings={"hooks": {}},
            ),
            _empty_plan(),
        )
        assert plan.connect_ports == (443,)
        assert plan.bind_ports == ()
        done = subprocess.run(
            [_python(), "-c", CONNECT, str(receiver.port)],
            capture_output=True,
            text=True,
            check=False,
            timeout=WAIT_SECONDS,
        )
    assert done.stdout.strip() == "PermissionError", done.stderr
    assert receiver.connections == 0


CONNECT = """
import socket, sys
from sekisho.processes.sandbox import enter, plan_for_code
enter(plan_for_code().also(connect_ports=(443,)))
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5)
except OSError as error:
    print(type(error).__name__)
"""


def _python() -> str:
    import sys

    return sys.executable


def _empty_plan() -> Any:
    from sekisho.processes.sandbox import SandboxPlan

    return SandboxPlan()


def test_a_rehearsal_delivers_over_tls_and_says_so(folder: Path) -> None:
    context, pem = make_certificate(folder, "localhost")
    with receiving(context=context) as receiver:
        sender = start(folder, allow_private=True, ports=[receiver.port], trust_pem=pem)
        try:
            url = f"https://localhost:{receiver.port}/in"
            assert sender.cross(CheckAddress(url=url)).url == url
            sender.cross(Deliver(deliveries=[a_delivery(url)]))
            outcome = sender.outcome_of("try_1")
            assert (outcome.status, outcome.said) == (200, "ok"), outcome
            assert receiver.heard[0].body == BODY
            health: HealthShown = sender.cross(Health(), "supervisor")
            assert health.serves
            assert not health.ok
            assert "REHEARSAL" in health.faults["rehearsal"]
        finally:
            sender.close()


def test_another_life_knows_nothing_of_what_was_in_hand(folder: Path) -> None:
    def hang(line: socket.socket) -> None:
        line.recv(1)

    with receiving(hang) as receiver:
        sender = start(folder, allow_private=True, allow_plain=True, ports=[receiver.port])
        try:
            sender.cross(Deliver(deliveries=[a_delivery(f"http://localhost:{receiver.port}/")]))
            assert sender.cross(TakeOutcomes()).under_way == ["try_1"]
            sender.kill_and_start_again()
            shown = sender.cross(TakeOutcomes())
            assert (shown.under_way, shown.outcomes) == ([], [])
        finally:
            sender.close()


def test_the_system_has_someone_to_believe() -> None:
    from sekisho.hook_sender.carry import make_trust
    from sekisho.hook_sender.reach import Reach

    trust = make_trust(Reach())
    assert trust.verify_mode is ssl.CERT_REQUIRED
    assert trust.check_hostname
    assert trust.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert msgspec.json.encode(Reach().describe()) == b'""'
