"""What the vault wants of a key store. Key-encrypting keys never leave it (PCI DSS 3.6.1.2: kept
apart from the keys that they encrypt)."""

from __future__ import annotations

import re
from typing import Literal, Protocol

from sekisho.vault.errors import KeyStoreError

KeyKind = Literal["wrap", "mac"]

_KEY_ID = re.compile(r"[a-z][a-z0-9-]{2,62}")


class KeyStore(Protocol):
    """Named keys that wrap other keys or make keyed hashes. Safe to use from many threads."""

    def ensure(self, key_id: str, kind: KeyKind) -> None:
        """Make the key if it is not there."""

    def has(self, key_id: str) -> bool:
        """Return whether the key is there."""

    def key_ids(self) -> list[str]:
        """Return the names of all keys, sorted."""

    def wrap(self, key_id: str, key: bytes | bytearray, context: bytes) -> bytes:
        """Return ``key`` encrypted (AES-256-GCM) with ``context`` bound in. Raises
        ``KeyMissing``."""

    def unwrap(self, key_id: str, wrapped: bytes, context: bytes) -> bytearray:
        """Return the key in ``wrapped``. Raises ``EnvelopeBroken`` for other bytes or another
        context, ``KeyMissing``."""

    def mac(self, key_id: str, message: bytes) -> bytes:
        """Return HMAC-SHA-256 of ``message``. Raises ``KeyMissing``."""

    def destroy(self, key_id: str) -> None:
        """Destroy the key for ever; whatever it wrapped is lost (crypto-shredding). A key that is
        not there is no error."""

    def close(self) -> None:
        """Let go of sessions and files."""


def checked(key_id: str) -> str:
    """Return ``key_id``. Raises ``KeyStoreError`` when it could be more than a name."""
    if not _KEY_ID.fullmatch(key_id):
        raise KeyStoreError("a key is named by 3 to 63 small letters, digits and hyphens")
    return key_id


# Names of the keys that the vault uses.
SEAL_WRAP = "wrap-seal-1"
KEPT_WRAP = "wrap-kept-1"
CARD_MAC = "mac-card-1"


def epoch_wrap(day: str) -> str:
    """Return the name of the key over one-off cards of ``day`` (``YYYYMMDD``)."""
    return checked(f"wrap-oneoff-{day}")
