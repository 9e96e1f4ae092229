"""What payments shows: bills, policies, enrolments and payments as a payer may see them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

from sekisho.crossings.message import Answer

Language = Literal["ja", "en"]


class BillFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bill as its payer may see it."""

    bill_id: str
    item_ja: str
    item_en: str
    fiscal_year: int
    term: str
    amount_yen: int
    fee_yen: int
    """Fee with its consumption tax, in yen."""
    fee_tax_yen: int
    """Consumption tax inside ``fee_yen``."""
    total_yen: int
    first_payable_at: datetime
    due_date: date
    payable_until: datetime


class PolicyFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A policy as its holder may see it: no personal item."""

    policy_id: str
    policy_number: str
    product_ja: str
    product_en: str
    yearly_premium_yen: int
    joined_month: int
    """Month (1-12) of joining, in which the premium is charged each year."""


class EnrolmentFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    enrolment_id: str
    policy: PolicyFacts
    applied_on: date
    first_charge_month: str
    """``YYYY-MM``."""
    status: Literal["applied", "active", "refused"]


PublicStatus = Literal[
    "started",
    "card_entered",
    "processing",
    "challenge",
    "authorised",
    "succeeded",
    "declined",
    "failed",
    "cancelled",
    "expired",
    "unknown",
]
"""What a payer is told. ``authorised``: the card company holds the money, the client body has not
asked for it yet (delayed capture). ``failed``: nothing was taken. ``unknown``: the network has not
said yet; the bill can't be paid again meanwhile and the money is taken at most once."""


class Challenge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the payer proves to be the cardholder."""

    acs_url: str
    creq: str


class Puzzle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Work asked of the browser before the payment goes on: for each part from 0 to ``parts`` - 1 a
    number such that SHA-256 of ``salt:part:number`` begins with ``part_bits`` zero bits. The proof
    is the numbers, with hyphens between. From ``waits_until`` on it may be left out."""

    salt: str
    parts: int
    part_bits: int
    waits_until: datetime


class PaymentShown(Answer, frozen=True, kw_only=True):
    payment_id: str
    reference: str
    purpose: Literal["payment", "enrolment"]
    status: PublicStatus
    reason: str
    """Why, for a status that needs it: ``declined_by_issuer`` (uniform), ``authentication_failed``,
    ``authentication_unavailable``, ``network_unavailable``, ``by_payer``, ``by_client_body``,
    ``time_over``, ``not_asked_for`` (never captured by the client body), ``superseded``,
    ``code_gone``; else empty."""
    bill: BillFacts | None
    total_yen: int
    card_brand: str | None
    card_last_four: str | None
    challenge: Challenge | None
    started_at: datetime
    expires_at: datetime
    finished_at: datetime | None
    mail_wanted: bool
    enrolment: EnrolmentFacts | None = None
    refunded_yen: int = 0
    """Of ``total_yen``, what was given back."""
    puzzle: Puzzle | None = None
    """With ``card_entered`` alone."""
    test: bool = False
    """Of a client body's twin for trying out: no real money."""
