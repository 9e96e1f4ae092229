"""The vault's own receiving key (X25519): sites seal to its public half what payers typed. The
private half lies in the vault's folder, wrapped by the key store."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sekisho.vault.envelope import new_key
from sekisho.vault.keystore.interface import SEAL_WRAP, KeyStore

FILE_NAME = "seal.x25519.wrapped"
_CONTEXT = b"sekisho vault seal key v1"


def seal_key(own_folder: Path, keystore: KeyStore) -> X25519PrivateKey:
    """Return the receiving key, made at first use. Raises ``EnvelopeBroken`` when file and key
    store do not belong together, ``KeyMissing`` when the key store was not restored."""
    path = own_folder / FILE_NAME
    if not path.exists():
        _write(path, keystore.wrap(SEAL_WRAP, new_key(), _CONTEXT))
    raw = keystore.unwrap(SEAL_WRAP, path.read_bytes(), _CONTEXT)
    return X25519PrivateKey.from_private_bytes(bytes(raw))


def _write(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
