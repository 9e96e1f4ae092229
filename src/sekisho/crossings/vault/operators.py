"""What an operator asks of the vault."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from sekisho.crossings.message import Answer, Crossing, Taken


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


BeginRotation.reply = RotationShown
ShowRotation.reply = RotationShown
EraseSubject.reply = SubjectErased
ShowBudget.reply = BudgetShown
ResetBudget.reply = BudgetShown
PlantHoneyCards.reply = Taken
MarkHoneyCard.reply = Taken
