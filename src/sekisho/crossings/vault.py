"""What may be asked of the vault."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from sekisho.crossings.message import Answer, Crossing, Taken

ItemKind = Literal[
    "card_number",
    "card_expiry",
    "cardholder_name",
    "email",
    "name",
    "kana",
    "date_of_birth",
    "postal_code",
    "address",
    "phone",
]
"""Kinds of personal items. ``security_code`` is not one: it is never stored (PCI DSS 3.3.1)."""

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


class StoreItems(Crossing["ItemsStored"], frozen=True, kw_only=True):
    """Open a sealed box of typed items and keep each under its own envelope.

    The box holds ``dict[ItemKind, str]`` sealed with ``items_purpose(client_body)``. ``key`` makes
    it safe to say again. Refusals: ``box_broken``, ``item_invalid`` (field = kind)."""

    receiver: ClassVar[str] = "vault"
    key: str
    client_body: str
    box: bytes
    subject: str | None = None
    """Token of the subject that the items belong to; a new subject when absent."""


class ItemsStored(Answer, frozen=True, kw_only=True):
    subject: str
    tokens: dict[str, str]
    """Kind to token. Tokens are random; equal items have different tokens."""


class StoreSubjects(Crossing["SubjectsStored"], frozen=True, kw_only=True):
    """``StoreItems`` for a file: up to ``MAX_SUBJECTS_PER_MESSAGE`` boxes, a new subject each."""

    receiver: ClassVar[str] = "vault"
    key: str
    client_body: str
    boxes: list[bytes]


class SubjectsStored(Answer, frozen=True, kw_only=True):
    subjects: list[ItemsStored]


MAX_SUBJECTS_PER_MESSAGE = 500


class MatchItem(Crossing["ItemMatched"], frozen=True, kw_only=True):
    """Compare a sealed typed value with a stored item by keyed fingerprint; nothing is released.
    Refusals: ``too_many_tries``, ``box_broken``, ``token_unknown``."""

    receiver: ClassVar[str] = "vault"
    token: str
    client_body: str
    kind: str
    box: bytes


class ItemMatched(Answer, frozen=True, kw_only=True):
    matches: bool


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


class ForgetItems(Crossing[Taken], frozen=True, kw_only=True):
    """Forget what a payer or applicant typed for a payment that ended without money: the subject
    that ``token`` (its own, or one of its items) stands for. Safe to say again. Refusal:
    ``token_unknown`` for the subject of a card."""

    receiver: ClassVar[str] = "vault"
    client_body: str
    payment_id: str
    token: str


class ForgetSecurityCode(Crossing[Taken], frozen=True, kw_only=True):
    """The authorisation was answered: drop the payment's code from memory (PCI DSS 3.3.1)."""

    receiver: ClassVar[str] = "vault"
    payment_id: str


class SendMail(Crossing[Taken], frozen=True, kw_only=True):
    """Send a mail of a known ``template`` to the e-mail item ``token``: the vault puts the address
    in, nobody else sees it. ``key`` makes it safe to say again. ``facts`` are plain words and
    figures without personal items."""

    receiver: ClassVar[str] = "vault"
    key: str
    token: str
    client_body: str
    template: Literal["payment_receipt", "payment_failed", "enrolment_done", "refund_done"]
    language: Literal["ja", "en"]
    facts: dict[str, str | int]


class BeginRotation(Crossing["RotationShown"], frozen=True, kw_only=True):
    """Make a new data key for the kept items of a client body; everything under the earlier ones is
    wrapped anew in the background. While one is under way nothing new is begun. Refusals:
    ``message_invalid``, ``client_body_unknown``."""

    receiver: ClassVar[str] = "vault"
    client_body: str
    by: str


class ShowRotation(Crossing["RotationShown"], frozen=True, kw_only=True):
    """How far the rotation of every client body's keys is."""

    receiver: ClassVar[str] = "vault"


class BodyRotation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Living subjects under the current data key (``done``) and under earlier ones (``left``)."""

    client_body: str
    version: int
    begun_at: datetime
    done: int
    left: int


class RotationShown(Answer, frozen=True, kw_only=True):
    bodies: list[BodyRotation]


class EraseSubject(Crossing["SubjectErased"], frozen=True, kw_only=True):
    """Erase a subject on request: its keys are destroyed, its items go, mails to it are dropped.

    ``subject`` is a subject's token, the token of one of its items or cards, or a payment's id (its
    card, the address of its mails); ``dry_run`` changes nothing. Said again it answers the same
    with ``erased_before``. Refusals: ``token_unknown``, ``several_subjects`` (the detail names
    them), ``subject_needed`` (a card kept for charges, a payment under way: erase with
    ``even_if_needed``), ``message_invalid``."""

    receiver: ClassVar[str] = "vault"
    client_body: str
    subject: str
    reason: str
    by: str
    dry_run: bool = False
    even_if_needed: bool = False


class SubjectErased(Answer, frozen=True, kw_only=True):
    """What went, or would go. ``needed_by`` says in words what still needs the subject."""

    subject: str
    items: dict[str, int]
    """Kind of item to number."""
    card_token: str
    payment_id: str
    mails_waiting: int
    needed_by: list[str]
    made_at: datetime
    erased_before: datetime | None
    dry_run: bool


class ShowBudget(Crossing["BudgetShown"], frozen=True, kw_only=True):
    """The releases of this hour against their limits, by client body and (``*``) together."""

    receiver: ClassVar[str] = "vault"


class BodyBudget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``most`` counts what an operator allowed on top (``allowed_more``). ``tripped_at``: the
    breaker is open, nothing leaves until the hour ends or somebody resets it."""

    client_body: str
    hour: datetime
    released: int
    most: int
    allowed_more: int
    tripped_at: datetime | None


class BudgetShown(Answer, frozen=True, kw_only=True):
    budgets: list[BodyBudget]


class ResetBudget(Crossing["BudgetShown"], frozen=True, kw_only=True):
    """Allow another hour's budget within this hour after the breaker of ``client_body`` (``*``: of
    all together) has tripped. Refusals: ``not_tripped``, ``message_invalid``."""

    receiver: ClassVar[str] = "vault"
    client_body: str
    reason: str
    by: str


class PlantHoneyCards(Crossing[Taken], frozen=True, kw_only=True):
    """Plant ``number`` cards that nobody pays with, at random moments of the next
    ``within_hours`` (0: at once). ``key`` makes it safe to say again. Refusals:
    ``message_invalid``, ``nothing_to_resemble``, ``key_reused``."""

    receiver: ClassVar[str] = "vault"
    key: str
    client_body: str
    number: int
    within_hours: int
    by: str


class MarkHoneyCard(Crossing[Taken], frozen=True, kw_only=True):
    """Make honey of the card of one's own enrolment with a test number. Safe to say again.
    Refusals: ``token_unknown``, ``card_real``, ``message_invalid``."""

    receiver: ClassVar[str] = "vault"
    client_body: str
    payment_id: str
    by: str


OpenCardForm.reply = CardFormOpened
StoreItems.reply = ItemsStored
StoreSubjects.reply = SubjectsStored
MatchItem.reply = ItemMatched
Release.reply = Released
ForgetCard.reply = Taken
ForgetItems.reply = Taken
ForgetSecurityCode.reply = Taken
SendMail.reply = Taken
BeginRotation.reply = RotationShown
ShowRotation.reply = RotationShown
EraseSubject.reply = SubjectErased
ShowBudget.reply = BudgetShown
ResetBudget.reply = BudgetShown
PlantHoneyCards.reply = Taken
MarkHoneyCard.reply = Taken
