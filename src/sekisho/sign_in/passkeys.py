"""Passkeys (W3C Web Authentication, level 3): a second factor that no false site can ask for.

A browser signs a fresh challenge, the origin with it; the person proves themselves to their own
device (user verification is required). Made and checked by py_webauthn; what we keep is a public
key. TOTP stays beside it: a passkey needs JavaScript, and a lost device must not lock anybody out.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

CHALLENGE_BYTES = 32
"""Web Authentication 13.4.3: at least 16."""
CHALLENGE_MINUTES = 10
"""How long a page may stand open before its challenge is worth nothing."""
PASSKEYS_PER_PERSON_LIMIT = 5
MAX_ANSWER_CHARACTERS = 6_000
"""Of a browser's answer, JSON in base 64."""
MAX_PASSKEY_NAME_CHARACTERS = 40

_VERIFIED = UserVerificationRequirement.REQUIRED


class PasskeyRefused(Exception):
    """The browser's answer proves nothing: another origin, challenge, key, or no answer at all."""


@dataclass(frozen=True)
class Party:
    """Who asks: the origin of the pages (``https://desk.example``), the name a browser shows."""

    origin: str
    name: str

    @property
    def rp_id(self) -> str:
        """The relying party's id: the origin's host."""
        return urlsplit(self.origin).hostname or ""

    def ask_for_new(
        self, person_id: str, name: str, held: Sequence[bytes], challenge: bytes
    ) -> str:
        """Return, as JSON, what a browser needs to make a passkey that is none of ``held``."""
        options = generate_registration_options(
            rp_id=self.rp_id,
            rp_name=self.name,
            user_id=person_id.encode(),
            user_name=name,
            challenge=challenge,
            exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in held],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED, user_verification=_VERIFIED
            ),
        )
        return options_to_json(options)

    def ask_for_proof(self, held: Sequence[bytes], challenge: bytes) -> str:
        """Return, as JSON, what a browser needs to prove that it has one of ``held``."""
        options = generate_authentication_options(
            rp_id=self.rp_id,
            challenge=challenge,
            allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in held],
            user_verification=_VERIFIED,
        )
        return options_to_json(options)

    def check_new(self, answer: str, challenge: bytes) -> NewPasskey:
        """Return the passkey that a browser made. Raises ``PasskeyRefused``."""
        try:
            made = verify_registration_response(
                credential=read_answer(answer),
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise PasskeyRefused(type(error).__name__) from None
        return NewPasskey(
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
        )

    def check_proof(self, answer: str, challenge: bytes, *, public_key: bytes, count: int) -> int:
        """Return the passkey's new count of signatures. Raises ``PasskeyRefused``, also when the
        count did not grow though it should: the key may have been copied (7.2, step 22)."""
        try:
            proven = verify_authentication_response(
                credential=read_answer(answer),
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                credential_public_key=public_key,
                credential_current_sign_count=count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise PasskeyRefused(type(error).__name__) from None
        return proven.new_sign_count


@dataclass(frozen=True)
class NewPasskey:
    """What is kept of a passkey."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def new_challenge() -> bytes:
    """Return a fresh challenge."""
    return secrets.token_bytes(CHALLENGE_BYTES)


def read_answer(answer: str) -> str:
    """Return the JSON inside a browser's answer. Raises ``PasskeyRefused``."""
    if len(answer) > MAX_ANSWER_CHARACTERS:
        raise PasskeyRefused("too long")
    try:
        return _decode(answer).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise PasskeyRefused("not base 64") from None


def credential_of(answer: str) -> bytes:
    """Return the id of the passkey that a browser answers with. Raises ``PasskeyRefused``."""
    try:
        found: Any = json.loads(read_answer(answer))
        return _decode(found["rawId"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise PasskeyRefused("no credential named") from None


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
