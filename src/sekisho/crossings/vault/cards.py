"""Cards: the form, the permit, the release, forgetting."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from sekisho.crossings.message import Answer, Crossing, Taken

ReleasePurpose = Literal["authenticate", "authorise"]


class OpenCardForm(Crossing["CardFormOpened"], frozen=True, kw_only=True):
    """Open one card form for one payment. The same ``payment_id`` again gives a fresh form and
    shuts the earlier one."""

    receiver: ClassVar[str] = "vault"
    payment_id: str
    client_body: str
    site: str
    purpose: Literal["payment", "enrolment"]
    language: Literal["ja", "en"]
    parent_origin: str
    """Origin of the page that frames the form, such as ``http://localhost:7001``."""
    return_url: str
    """Where the top window goes when the card was taken; on ``parent_origin``."""
    accepted_brands: list[str]
    expires_at: datetime


class CardFormOpened(Answer, frozen=True, kw_only=True):
    url: str


class ReleasePermit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The right to one release: made and signed by payments, spent once at the vault."""

    permit_id: str
    payment_id: str
    client_body: str
    card_token: str
    purpose: ReleasePurpose
    with_security_code: bool
    receiver_key: bytes
    """Raw X25519 public key that the release is sealed to; the vault also checks that it is the
    key card_network published."""
    issued_at: datetime
    expires_at: datetime

    def signed_bytes(self) -> bytes:
        """Return the bytes that the signature covers (canonical: fields in this order)."""
        return b"sekisho release permit v1\0" + msgspec.msgpack.encode(self)


class SignedPermit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    permit: ReleasePermit
    signature: bytes
    """Ed25519 by the payments zone over ``permit.signed_bytes()``."""


class Release(Crossing["Released"], frozen=True, kw_only=True):
    """Spend a permit. The evidence line is written and committed before anything is opened.
    Refusals: ``permit_forged``, ``permit_spent``, ``permit_expired``, ``permit_foreign`` (other
    receiver, other client body), ``budget_spent``, ``token_unknown``, ``code_gone``."""

    receiver: ClassVar[str] = "vault"
    signed_permit: SignedPermit


class Released(Answer, frozen=True, kw_only=True):
    box: bytes
    """``ReleasedCard`` sealed to the permit's receiver key with ``release_purpose(permit_id)``."""


class ReleasedCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Inside the box only; never logged, never stored."""

    number: str
    expiry_yymm: str
    cardholder_name: str | None
    security_code: str | None

    def __repr__(self) -> str:
        return "<ReleasedCard>"


class ForgetCard(Crossing[Taken], frozen=True, kw_only=True):
    """Forget a one-off card (``card_token``) after settlement, or everything of a payment that
    ended without one. Safe to say again."""

    receiver: ClassVar[str] = "vault"
    payment_id: str
    card_token: str | None
    reason: Literal["settled", "ended", "replaced", "cancelled"]


class ForgetSecurityCode(Crossing[Taken], frozen=True, kw_only=True):
    """The authorisation was answered: drop the payment's code from memory (PCI DSS 3.3.1)."""

    receiver: ClassVar[str] = "vault"
    payment_id: str


OpenCardForm.reply = CardFormOpened
Release.reply = Released
ForgetCard.reply = Taken
ForgetSecurityCode.reply = Taken
