"""Personal items: stored, compared, forgotten."""

from __future__ import annotations

from typing import ClassVar, Literal

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


class ForgetItems(Crossing[Taken], frozen=True, kw_only=True):
    """Forget what a payer or applicant typed for a payment that ended without money: the subject
    that ``token`` (its own, or one of its items) stands for. Safe to say again. Refusal:
    ``token_unknown`` for the subject of a card."""

    receiver: ClassVar[str] = "vault"
    client_body: str
    payment_id: str
    token: str


StoreItems.reply = ItemsStored
StoreSubjects.reply = SubjectsStored
MatchItem.reply = ItemMatched
ForgetItems.reply = Taken
