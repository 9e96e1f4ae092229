"""The real processes of this room (connector, network, 3-D Secure), started as the supervisor
starts them: sandbox, own folders, held sockets. The test plays vault and payments."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sekisho.crossings import payments as told
from sekisho.crossings.message import Crossing, Health, HealthShown, Refusal, Taken
from sekisho.crossings.permits import messages_of
from sekisho.crossings.sealing import release_purpose, seal
from sekisho.crossings.vault import Release, Released, ReleasedCard
from sekisho.processes.supervisor.start_program import start_program
from sekisho.transport import Caller, Doors
from sekisho.transport.briefing import Briefing, Peer
from sekisho.transport.sender import SocketCrosser
from tests.rooms.open_room import Room

ZONES = ("card_network", "sim_card_network", "sim_three_d_secure")
PAGE_USE = {"card_network": "rreq", "sim_card_network": "network", "sim_three_d_secure": "pages"}


class RealProcesses:
    """Starts, kills and starts again. Vault and payments answer in threads of this process."""

    def __init__(self, folder: Path, room: Room) -> None:
        self.folder = folder
        self.room = room
        self.cards: dict[str, ReleasedCard] = {}
        self.spent: set[str] = set()
        self.told: list[Any] = []
        self._told_lock = threading.Lock()
        self._sockets = {name: _tcp() for name in ZONES}
        self._doors_socket = _unix(folder / "card_network.sock")
        self._keys = {name: Ed25519PrivateKey.generate() for name in ("vault", "payments")}
        self._programs: dict[str, subprocess.Popen[bytes]] = {}
        self.public = {name: self._prepare(name) for name in ZONES}
        self._doors = [self._open("vault"), self._open("payments")]
        self.sender = SocketCrosser(
            process="payments",
            zone="payments",
            key=self._keys["payments"],
            peers=[self._peer("card_network", self.public["card_network"]["crossing"])],
        )

    # --- lives -----------------------------------------------------------------------------------

    def start(self, name: str) -> None:
        """Start ``name`` with its held socket."""
        held = self._sockets[name].fileno()
        more: dict[str, Any] = {"page_fds": {PAGE_USE[name]: held}}
        fds = [held]
        if name == "card_network":
            fds.append(self._doors_socket.fileno())
            more |= {
                "doors_fd": self._doors_socket.fileno(),
                "database": self.room.facts,
                "peers": [self._peer(one, _raw(key)) for one, key in self._keys.items()],
                "settings": {"card_network": {"patience": {"answer_s": 1.0, "put_off_s": 0.5}}},
            }
        self._programs[name] = start_program(
            f"sekisho.processes.{name}", "run", self._briefing(name, **more), pass_fds=fds
        )

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> int:
        """End ``name`` and return its exit status."""
        program = self._programs[name]
        with contextlib.suppress(ProcessLookupError):
            os.kill(program.pid, how)
        return program.wait(timeout=30)

    def close(self) -> None:
        """End everything."""
        for name in list(self._programs):
            self.kill(name)
        for doors in self._doors:
            doors.shut()
        self.sender.close()

    # --- crossings -------------------------------------------------------------------------------

    def send(self, message: Crossing[Any]) -> Any:
        """Send an order to card_network's doors, as payments."""
        return self.sender.cross(message, seconds=10.0)

    def final(self, payment_id: str, kind: type[Any]) -> list[str]:
        """Return the results that payments was told, ``unknown`` left out."""
        with self._told_lock:
            return [
                one.result
                for one in self.told
                if type(one) is kind
                and one.payment_id == payment_id
                and one.result not in ("unknown", "challenge")
            ]

    def _release(self, _: Caller, message: Release) -> Released:
        permit = message.signed_permit.permit
        with self._told_lock:
            if permit.permit_id in self.spent:
                raise Refusal("permit_spent")
            self.spent.add(permit.permit_id)
        key = self.public["card_network"]["receive"]
        purpose = release_purpose(permit.permit_id)
        return Released(box=seal(key, self.cards[permit.card_token], purpose=purpose))

    def _hear(self, _: Caller, message: Any) -> Taken:
        with self._told_lock:
            self.told.append(message)
        return Taken()

    def _open(self, zone: str) -> Any:
        doors = Doors(zone)
        special: dict[Any, Any] = {Release: self._release}
        outcomes = (told.AuthorisationOutcome, told.CaptureOutcome, told.ReversalOutcome,
                    told.AuthenticationOutcome, told.RefundOutcome)  # fmt: skip
        special |= dict.fromkeys(outcomes, self._hear)
        for message in messages_of(zone):
            plain = HealthShown(ok=True) if message is Health else Taken()
            doors.on(message)(special.get(message, lambda _caller, _message, plain=plain: plain))
        return doors.open(
            _unix(self.folder / f"{zone}.sock"),
            process=zone,
            key=self._keys[zone],
            callers={
                "card_network": self._peer("card_network", self.public["card_network"]["crossing"])
            },
        )

    def _peer(self, name: str, crossing_key: bytes) -> Peer:
        path = str(self.folder / f"{name}.sock")
        return Peer(process=name, zone=name, name=None, crossing_key=crossing_key, socket=path)

    # --- briefings -------------------------------------------------------------------------------

    def _briefing(self, name: str, **more: Any) -> Briefing:
        own, log = self.folder / name, self.folder / "log" / name
        own.mkdir(mode=0o700, exist_ok=True)
        log.mkdir(mode=0o700, parents=True, exist_ok=True)
        scheme = {"sim_card_network": "tcp"}
        addresses = {
            one: f"{scheme.get(one, 'http')}://localhost:{held.getsockname()[1]}"
            for one, held in self._sockets.items()
        }
        return Briefing(
            process=name,
            zone=name,
            folder=str(own),
            log_folder=str(log),
            addresses=addresses,
            **more,
        )

    def _prepare(self, name: str) -> dict[str, bytes]:
        program = start_program(
            f"sekisho.processes.{name}", "prepare", self._briefing(name), stdout=subprocess.PIPE
        )
        said, _ = program.communicate(timeout=60)
        assert program.returncode == 0
        return {key: base64.b64decode(text) for key, text in json.loads(said).items()}


def _raw(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def _tcp() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    return listener


def _unix(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(128)
    return listener
