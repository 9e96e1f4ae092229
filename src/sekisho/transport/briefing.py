"""What the supervisor tells a process at its start: one JSON document on an inherited descriptor.

It holds public facts, the process's own database password and file descriptors; private keys are
made by each process in its own folder (``keys``) and never leave it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

BRIEFING_FD_VARIABLE = "SEKISHO_BRIEFING_FD"

MAX_BRIEFING_BYTES = 1_048_576


class DatabaseRole(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the cluster is and as whom to enter it."""

    socket_folder: str
    port: int
    database: str
    role: str
    password: str
    schema: str

    def __repr__(self) -> str:
        return f"<DatabaseRole {self.role}>"


class Peer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another process as the transport knows it."""

    process: str
    zone: str
    name: str | None
    crossing_key: bytes
    """Raw Ed25519 public key."""
    socket: str | None = None
    """Path of its doors; only given to processes that may send it something."""


class Briefing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    process: str
    """``vault``, ``payer_site.metropolitan_tax``."""
    zone: str
    name: str | None = None
    folder: str
    log_folder: str
    database: DatabaseRole | None = None
    doors_fd: int | None = None
    page_fds: dict[str, int] = {}
    """Listening TCP sockets by use: ``pages``, ``rreq``."""
    peers: list[Peer] = []
    public_keys: dict[str, bytes] = {}
    """``vault.seal`` and ``card_network.receive`` (X25519), ``payments.permit`` and
    ``evidence_keeper.evidence`` (Ed25519), raw."""
    addresses: dict[str, str] = {}
    """Base URL by process, such as ``vault`` -> ``http://localhost:7003``."""
    settings: dict[str, Any] = {}

    @property
    def keys_folder(self) -> Path:
        return Path(self.folder) / "keys"


def read_briefing() -> Briefing:
    """Return this process's briefing. Raises ``RuntimeError`` when it was started by hand without
    one."""
    descriptor = os.environ.pop(BRIEFING_FD_VARIABLE, "")
    if not descriptor.isdigit():
        raise RuntimeError(
            "this process is started by the supervisor (sekisho up), which tells it who it is"
        )
    with os.fdopen(int(descriptor), "rb") as pipe:
        return msgspec.json.decode(pipe.read(MAX_BRIEFING_BYTES), type=Briefing)
