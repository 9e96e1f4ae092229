"""The second factor: TOTP (RFC 6238), a secret kept only sealed, each code good once."""

from __future__ import annotations

import base64
import os
import re
import secrets
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

SECRET_BYTES = 20
"""RFC 4226 4, R6: 160 bits recommended."""
CODE_DIGITS = 6
STEP_SECONDS = 30
STEPS_AROUND = 1
"""Steps before and after that are accepted, for clocks that differ (RFC 6238 5.2)."""
NONCE_BYTES = 12
KEY_BYTES = 32

_CODE = re.compile(rf"\d{{{CODE_DIGITS}}}", re.ASCII)


def new_secret() -> bytes:
    """Return a fresh secret."""
    return secrets.token_bytes(SECRET_BYTES)


def show_secret(secret: bytes) -> str:
    """Return a secret as people type it into an app: base 32 in groups of four."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def key_address(secret: bytes, name: str, issuer: str) -> str:
    """Return the ``otpauth`` address that authenticator apps read from a QR code."""
    # Apps know SHA-1 only; as HMAC it is not broken (RFC 6238 1.2).
    text = base64.b32encode(secret).decode().rstrip("=")
    label = quote(f"{issuer}:{name}")
    return (
        f"otpauth://totp/{label}?secret={text}&issuer={quote(issuer)}"
        f"&digits={CODE_DIGITS}&period={STEP_SECONDS}"
    )


def code_at(secret: bytes, moment: datetime) -> str:
    """Return the code of a moment (what the app shows)."""
    totp = TOTP(secret, CODE_DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303
    return totp.generate(int(moment.timestamp())).decode()


def matching_step(secret: bytes, code: str, *, now: datetime, after_step: int) -> int | None:
    """Return the time step whose code was typed, or ``None``.

    Steps up to ``after_step`` don't count, so that a code that was seen is never good again
    (RFC 6238 5.2)."""
    code = "".join(code.split())
    if _CODE.fullmatch(code) is None:
        return None
    totp = TOTP(secret, CODE_DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303
    this_step = int(now.timestamp()) // STEP_SECONDS
    for step in range(this_step - STEPS_AROUND, this_step + STEPS_AROUND + 1):
        shown = totp.generate(step * STEP_SECONDS)
        if secrets.compare_digest(shown, code.encode()) and step > after_step:
            return step
    return None


class SecretBroken(Exception):
    """A sealed secret does not open: another key, another person, or changed bytes."""


class SecretKeeper:
    """Seals second-factor secrets under a key in the process's own folder: the database alone
    does not let anybody sign in."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    def from_folder(cls, folder: Path) -> SecretKeeper:
        """Return the keeper of the key in ``folder``, made at the first call (0600)."""
        path = folder / "second_factor.key"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return cls(path.read_bytes())
        key = secrets.token_bytes(KEY_BYTES)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
        return cls(key)

    def seal(self, secret: bytes, owner: str) -> bytes:
        """Return ``secret`` sealed for the person ``owner``."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, owner.encode())

    def open(self, sealed: bytes, owner: str) -> bytes:
        """Return the secret. Raises ``SecretBroken``."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], owner.encode())
        except (InvalidTag, ValueError):
            raise SecretBroken(f"the second factor of {owner} does not open") from None
