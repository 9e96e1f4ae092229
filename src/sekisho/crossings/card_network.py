"""What may be asked of the card network's connector. Each order is written down and answered at
once with ``Taken``; its outcome is a crossing of its own to payments."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from sekisho.crossings.message import Crossing, Taken
from sekisho.crossings.vault import SignedPermit

MAX_GROUNDS_BYTES = 700
"""Longest grounds of a contested chargeback, in bytes of UTF-8 (ISO 8583 field 72, base64)."""

EntryMode = Literal["ecommerce", "recurring", "moto"]


class BrowserFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What EMV 3-D Secure wants to know of the browser (EMV 3DS 2.2, table A.1)."""

    accept_header: str
    user_agent: str
    language: str
    java_script: bool
    color_depth: int | None = None
    screen_height: int | None = None
    screen_width: int | None = None
    time_zone_minutes: int | None = None


class Order(Crossing[Taken], frozen=True, kw_only=True):
    """An order is known by payment and attempt; said again with the same pair it is the same."""

    receiver: ClassVar[str] = "card_network"
    reply = Taken
    payment_id: str
    attempt: int


class Authenticate(Order, frozen=True, kw_only=True):
    """3-D Secure before an authorisation, with the payer present."""

    signed_permit: SignedPermit
    merchant_id: str
    merchant_name: str
    amount_yen: int
    purpose: Literal["payment", "enrolment"]
    notification_url: str
    """Page of the payer site to which the challenge sends the browser back."""
    browser: BrowserFacts


class ChallengeReturned(Order, frozen=True, kw_only=True):
    """The browser is back from the challenge. The result is taken from the RReq of the directory
    server, never from the browser's ``cres``; this only says that waiting is over."""

    cres: str


class Authorise(Order, frozen=True, kw_only=True):
    """Ask the issuer for ``amount_yen`` (0: is the card good?)."""

    signed_permit: SignedPermit
    merchant_id: str
    amount_yen: int
    entry_mode: EntryMode
    reference: str
    """The payer's reference, carried to the network so that both books can be compared."""


class Capture(Order, frozen=True, kw_only=True):
    """Capture ``amount_yen`` of what this payment's authorisation holds."""

    merchant_id: str
    amount_yen: int


class Reverse(Order, frozen=True, kw_only=True):
    """Give back the whole authorisation of this payment."""

    merchant_id: str
    reason: Literal["time_out", "cancelled", "card_check_done"]


class Inquire(Order, frozen=True, kw_only=True):
    """Ask the network what became of this payment's authorisation."""

    merchant_id: str


class Refund(Order, frozen=True, kw_only=True):
    """Give ``amount_yen`` of this payment's captured money back; known by ``refund_id``. Goes by
    the capture's own numbers: no card is needed, and none is kept for it."""

    refund_id: str
    merchant_id: str
    amount_yen: int


class AnswerChargeback(Order, frozen=True, kw_only=True):
    """Accept a chargeback or contest it (representment)."""

    case_number: str
    merchant_id: str
    amount_yen: int
    answer: Literal["accept", "contest"]
    grounds: str
    """What proves that the payment was right, at most ``MAX_GROUNDS_BYTES``; empty to accept."""
