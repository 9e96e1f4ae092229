"""A device with passkeys, as a browser would drive it (W3C Web Authentication, level 3)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any
from urllib.parse import urlsplit

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

USER_PRESENT, USER_VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


def encode(content: bytes) -> str:
    """Base 64 for addresses, without padding."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Device:
    """Makes one passkey and proves it. ``verifies``: whether it makes sure of its owner.
    ``counts``: whether it counts its signatures; a synced one says 0 always."""

    def __init__(self, origin: str, *, verifies: bool = True, counts: bool = True) -> None:
        self.origin, self.verifies, self.counts = origin, verifies, counts
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = secrets.token_bytes(32)
        self.count = 0

    def make(self, options: str) -> str:
        """Answer the options of a new passkey."""
        asked = json.loads(options)
        said = self._client_data("webauthn.create", asked["challenge"])
        numbers = self.key.public_key().public_numbers()
        public: dict[int, Any] = {1: 2, 3: -7, -1: 1}
        public |= {-2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        held = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id
        data = self._data(HAS_KEY) + held + cbor2.dumps(public)
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(attestationObject=attested, clientDataJSON=said)

    def prove(self, options: str) -> str:
        """Answer the options of a proof."""
        asked = json.loads(options)
        said = self._client_data("webauthn.get", asked["challenge"])
        self.count += self.counts
        data = self._data()
        signed = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(SHA256()))
        return self._answer(authenticatorData=data, clientDataJSON=said, signature=signed)

    def _client_data(self, kind: str, challenge: str) -> bytes:
        facts = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(facts).encode()

    def _data(self, more: int = 0) -> bytes:
        flags = USER_PRESENT | (USER_VERIFIED if self.verifies else 0) | more
        host = (urlsplit(self.origin).hostname or "").encode()
        return hashlib.sha256(host).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _answer(self, **response: bytes) -> str:
        answer: dict[str, Any] = {
            "id": encode(self.credential_id),
            "rawId": encode(self.credential_id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {name: encode(content) for name, content in response.items()},
        }
        return encode(json.dumps(answer).encode())
