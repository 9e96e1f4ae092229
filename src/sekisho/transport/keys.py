"""Private keys of a process: raw files of 32 bytes, mode 0600, in a folder that only it can see."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

KEY_BYTES = 32


def _load_or_make(folder: Path, name: str) -> bytes:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    if not path.exists():
        fresh = path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
    raw = path.read_bytes()
    if len(raw) != KEY_BYTES:
        raise ValueError(f"{path} must hold {KEY_BYTES} bytes; restore it from the backup")
    return raw


def signing_key(folder: Path, name: str) -> Ed25519PrivateKey:
    """Return the Ed25519 key ``name`` of ``folder``, made at first use. Raises ``ValueError`` when
    the file is damaged."""
    return Ed25519PrivateKey.from_private_bytes(_load_or_make(folder, f"{name}.ed25519"))


def receiving_key(folder: Path, name: str) -> X25519PrivateKey:
    """Return the X25519 key ``name`` of ``folder``, made at first use. Raises ``ValueError`` when
    the file is damaged."""
    return X25519PrivateKey.from_private_bytes(_load_or_make(folder, f"{name}.x25519"))


def secret_key(folder: Path, name: str) -> bytes:
    """Return the symmetric key ``name`` of ``folder`` (``KEY_BYTES``), made at first use. Raises
    ``ValueError`` when the file is damaged."""
    return _load_or_make(folder, f"{name}.secret")


CROSSING_KEY = "crossing"
"""Name of the key with which a process proves to others who it is."""
