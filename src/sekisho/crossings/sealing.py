"""Sealing: HPKE (RFC 9180) with X25519, HKDF-SHA256 and AES-256-GCM to a zone's public key.

A payer site seals what a payer typed to the vault; the vault seals what it releases to the card
network zone. ``purpose`` is bound in as HPKE ``info``: a box sealed for one purpose does not open
for another."""

from __future__ import annotations

from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

MAX_SEALED_BYTES = 16_384
"""Largest box opened, in bytes: a person's items are a few hundred."""

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class SealBroken(Exception):
    """The box does not open: wrong key, wrong purpose, changed bytes, or not a box."""


def seal(public_key: bytes, content: Any, *, purpose: str) -> bytes:
    """Return ``content`` (anything msgspec encodes) sealed to a raw 32-byte X25519 key."""
    key = X25519PublicKey.from_public_bytes(public_key)
    return _SUITE.encrypt(msgspec.msgpack.encode(content), key, info=purpose.encode())


def open_sealed(private_key: X25519PrivateKey, box: bytes, *, purpose: str, as_type: Any) -> Any:
    """Return the content of ``box`` as ``as_type``. Raises ``SealBroken``."""
    if len(box) > MAX_SEALED_BYTES:
        raise SealBroken(f"larger than {MAX_SEALED_BYTES} bytes")
    try:
        clear = _SUITE.decrypt(box, private_key, info=purpose.encode())
        return msgspec.msgpack.decode(clear, type=as_type)
    except (InvalidTag, ValueError, msgspec.MsgspecError):
        raise SealBroken("the box does not open with this key for this purpose") from None


def items_purpose(client_body: str) -> str:
    """Return the purpose of boxes of personal items typed for ``client_body``."""
    return f"sekisho items for {client_body}"


def release_purpose(permit_id: str) -> str:
    """Return the purpose of a release made on the permit ``permit_id``."""
    return f"sekisho release {permit_id}"
