"""Signs a delivery by the Standard Webhooks specification: HMAC-SHA256 over id, time and body.

While a secret is replaced both sign, separated by a space: the receiver may change hands at any
moment of the overlap."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

SECRET_PREFIX = "whsec_"  # noqa: S105 - the public prefix of every secret
SECRET_BYTES = 32


def new_secret() -> str:
    """Return a fresh secret as the specification writes it: ``whsec_`` and base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(event_id: str, stamp: int, body: bytes, signing: Sequence[str]) -> str:
    """Return the header ``webhook-signature``: one signature for each secret of ``signing`` over
    the id, ``stamp`` (seconds since 1970; a receiver refuses what is older than 5 minutes) and
    ``body``."""
    signed = f"{event_id}.{stamp}.".encode() + body
    return " ".join(f"v1,{_sign(secret, signed)}" for secret in signing)


def _sign(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
