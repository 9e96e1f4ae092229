"""Two ends of a crossing in one test: real sockets, real keys, no platform."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sekisho.crossings.message import Crossing, Health, HealthShown, Taken
from sekisho.crossings.permits import messages_of
from sekisho.transport import Doors
from sekisho.transport.briefing import Peer
from sekisho.transport.doors import Handler, OpenDoors
from sekisho.transport.sender import SocketCrosser


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def vault_doors(**special: Handler) -> Doors:
    """Doors of the vault whose handlers say Taken, but for those given by message name."""
    doors = Doors("vault")
    for message in messages_of("vault"):
        plain = HealthShown(ok=True) if message is Health else Taken()
        doors.on(message)(special.get(message.__name__, lambda caller, _, plain=plain: plain))
    return doors


class Ends:
    """The vault's open doors at ``path`` and a caller's key that they know."""

    def __init__(self, folder: Path, doors: Doors) -> None:
        self.path = str(folder / "vault.sock")
        self.doors = doors
        self.vault_key = Ed25519PrivateKey.generate()
        self.payments_key = Ed25519PrivateKey.generate()
        self.known = {
            "payments": Peer(
                process="payments",
                zone="payments",
                name=None,
                crossing_key=public(self.payments_key),
            )
        }
        self.open = self._open()

    def _open(self) -> OpenDoors:
        listener = socket.socket(socket.AF_UNIX)
        Path(self.path).unlink(missing_ok=True)
        listener.bind(self.path)
        listener.listen()
        return self.doors.open(listener, process="vault", key=self.vault_key, callers=self.known)

    def reopen(self) -> None:
        """A new life of the receiver on the same path."""
        self.open.shut()
        self.open = self._open()

    def vault_peer(self, key: bytes | None = None) -> Peer:
        return Peer(
            process="vault",
            zone="vault",
            name=None,
            crossing_key=key or public(self.vault_key),
            socket=self.path,
        )

    def sender(self, **changed: Any) -> SocketCrosser:
        facts: dict[str, Any] = {
            "process": "payments",
            "zone": "payments",
            "key": self.payments_key,
            "peers": [self.vault_peer()],
        }
        return SocketCrosser(**(facts | changed))


@contextmanager
def two_ends(folder: Path, **special: Handler) -> Iterator[Ends]:
    ends = Ends(folder, vault_doors(**special))
    try:
        yield ends
    finally:
        ends.open.shut()


def say(sender: SocketCrosser, message: Crossing[Any]) -> Any:
    return sender.cross(message, seconds=5.0)
