"""Envelope encryption. Pure: no database, no clock, no settings.

    key store  ->  data key (client body, use, version)  ->  subject key  ->  item

AES-256-GCM throughout (NIST SP 800-38D). What a ciphertext *is* is bound into it as associated
data, so that it opens only in its own place: a ciphertext moved to another row, subject, kind,
client body or payment is broken, whoever moved it. The subject key is small and alone: destroying
it forgets the subject, wrapping it anew rotates the keys above without touching an item.
"""

from __future__ import annotations

import os
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sekisho.vault.errors import EnvelopeBroken

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16

MAX_WRAPS_PER_KEY = 2**32
"""SP 800-38D, 8.3: random 96-bit nonces are safe for this many messages under one key."""

FORMAT = 1
"""Version of the layout below, bound into every ciphertext."""


class ItemPlace(NamedTuple):
    """Where an item lies and what it belongs to."""

    token: str
    subject: str
    kind: str
    client_body: str
    subject_key_version: int
    bound_to: str
    """What else the item is for: a card's payment and whether it is kept; empty for others."""


class SubjectKeyPlace(NamedTuple):
    """Where a wrapped subject key lies, and under which data key."""

    subject: str
    client_body: str
    use: str
    data_key_version: int
    subject_key_version: int


class DataKeyPlace(NamedTuple):
    """Where a wrapped data key lies."""

    client_body: str
    use: str
    version: int


Place = ItemPlace | SubjectKeyPlace | DataKeyPlace


def associated_data(place: Place) -> bytes:
    """Return the bytes that bind a ciphertext to ``place``: typed and length-prefixed (msgpack), so
    that no two places share them."""
    return b"sekisho vault\0" + msgspec.msgpack.encode([FORMAT, type(place).__name__, *place])


def new_key() -> bytearray:
    """Return a fresh random key of ``KEY_BYTES``."""
    return bytearray(os.urandom(KEY_BYTES))


def seal(key: bytes | bytearray, clear: bytes, place: Place) -> bytes:
    """Return nonce, ciphertext and tag of ``clear`` under ``key`` at ``place``."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, clear, associated_data(place))


def unseal(key: bytes | bytearray, sealed: bytes, place: Place) -> bytes:
    """Return the clear bytes of ``sealed``. Raises ``EnvelopeBroken`` when it was changed, moved to
    another place or sealed under another key."""
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise EnvelopeBroken(f"{type(place).__name__}: too short to be a ciphertext")
    nonce, ciphertext = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, associated_data(place))
    except InvalidTag:
        raise EnvelopeBroken(
            f"{type(place).__name__}: does not open here (changed, moved, or another key)"
        ) from None
