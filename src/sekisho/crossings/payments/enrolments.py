"""What may be asked about enrolments: their life, applications on paper, another card.

``client_body`` is the one body that the asker acts for; the terminal may say ``*``. ``by`` is the
person as the asking zone knows them; it stands in the history."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

import msgspec

from sekisho.crossings.message import Answer, Crossing, Taken
from sekisho.crossings.payments.paying import PaymentStarted
from sekisho.crossings.payments.shown import Language, PolicyFacts

EnrolmentStatus = Literal["applied", "active", "refused", "ended"]
EnrolmentChannel = Literal["site", "paper"]
EnrolmentEnder = Literal["", "holder", "body", "policy_ended"]
PaperStatus = Literal[
    "card_awaited", "check_awaited", "differs", "at_network", "active", "refused", "withdrawn"
]
PaperCheck = Literal["double_entry", "second_person"]

MAX_ENROLMENTS_PER_PAGE = 200
MAX_PAPERS_PER_PAGE = 200


class EnrolmentShown(Answer, frozen=True, kw_only=True):
    """An enrolment as its client body may see it: no personal item, of the card the last four."""

    enrolment_id: str
    client_body: str
    site: str
    policy: PolicyFacts
    channel: EnrolmentChannel
    status: EnrolmentStatus
    applied_on: date
    first_charge_month: str
    """``YYYY-MM``."""
    card_brand: str
    card_last_four: str
    """Both empty before a card was good and after it was forgotten."""
    mail_known: bool
    ended_by: EnrolmentEnder
    ended_at: datetime | None
    reinstatable_until: datetime | None
    """Until then the card is kept; ``None`` unless ended."""
    expires_month: str
    """``YYYY-MM`` when the card is about to expire and no other was given, else empty."""
    card_change_asked_at: datetime | None
    """When the holder was last sent a link to give another card."""


class ListEnrolments(Crossing["EnrolmentsShown"], frozen=True, kw_only=True):
    """In the order of their ids, a page at a time. Every filter is optional. Refusals:
    ``client_body_unknown``, ``cursor_wrong``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    status: EnrolmentStatus | None = None
    channel: EnrolmentChannel | None = None
    policy_number: str = ""
    joined_month: int | None = None
    expiring_only: bool = False
    after: str = ""
    """``next`` of the page before."""
    limit: int = 50


class EnrolmentsShown(Answer, frozen=True, kw_only=True):
    enrolments: list[EnrolmentShown]
    next: str
    """What ``after`` of the next page is; empty on the last page."""


class EnrolmentEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One step of an enrolment's life."""

    step: int
    at: datetime
    from_status: str
    to_status: str
    event: str
    by: str
    why: str


class ShowEnrolment(Crossing["EnrolmentHistory"], frozen=True, kw_only=True):
    """Refusal: ``enrolment_unknown`` (also for another body's)."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    enrolment_id: str


class EnrolmentHistory(Answer, frozen=True, kw_only=True):
    enrolment: EnrolmentShown
    events: list[EnrolmentEvent]


class EndEnrolment(Crossing[EnrolmentShown], frozen=True, kw_only=True):
    """Cancel: no charge is begun from now on. ``ended_by``: whose wish it was. Said again it is the
    same. Refusals: ``enrolment_unknown``, ``not_active``, ``reason_wrong``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    enrolment_id: str
    ended_by: Literal["holder", "body"]
    reason: str
    by: str


class ReinstateEnrolment(Crossing[EnrolmentShown], frozen=True, kw_only=True):
    """Take an end back while the card is kept. Said again it is the same. Refusals:
    ``enrolment_unknown``, ``not_ended``, ``card_forgotten``, ``policy_ended``,
    ``policy_enrolled`` (the policy has another one by now), ``reason_wrong``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    enrolment_id: str
    reason: str
    by: str


class AskCardChange(Crossing[EnrolmentShown], frozen=True, kw_only=True):
    """Have a link mailed with which the holder gives another card; an earlier link is good no more.
    With the same ``key`` it is the same mail. Refusals: ``enrolment_unknown``, ``not_active``,
    ``no_mail`` (another card comes in on paper), ``asked_lately``."""

    receiver: ClassVar[str] = "payments"
    key: str
    client_body: str
    enrolment_id: str
    by: str


class StartCardChange(Crossing[PaymentStarted], frozen=True, kw_only=True):
    """The holder opened the link and gave the date of birth (sealed): begin the check of another
    card. Refusals: ``link_unknown`` (also used, too old, or shut after wrong dates),
    ``birth_wrong``, ``too_many_tries``, ``site_closed``, ``cards_closed``, ``key_reused``."""

    receiver: ClassVar[str] = "payments"
    key: str
    token: str
    sealed_date_of_birth: bytes
    language: Language
    parent_origin: str
    return_url: str
    source: str
    session: str


class PaperShown(Answer, frozen=True, kw_only=True):
    """An application on paper on its way through the desk; no personal item."""

    application_id: str
    enrolment_id: str
    policy_number: str
    applied_on: date
    purpose: Literal["application", "card_change"]
    status: PaperStatus
    reason: str
    """Why it was refused, one word of ``PaymentShown.reason``; empty otherwise."""
    check: PaperCheck
    """How the body has entries checked."""
    entered_by: str
    entered_at: datetime
    second_by: str
    """Whose second entry of the items was the same: the card is this person's to type again."""
    checked_by: str
    differs: list[str]
    """Fields in which the second entry is not the first (kinds of items, ``applied_on``,
    ``card_number``, ``card_expiry``); never what stands in them."""
    card_brand: str
    card_last_four: str
    finished_at: datetime | None


class PaperFormOpened(Answer, frozen=True, kw_only=True):
    """``card_form_url``: the vault's form for the frame; empty when no card is asked for now."""

    paper: PaperShown
    card_form_url: str


class StartPaper(Crossing["PaperFormOpened"], frozen=True, kw_only=True):
    """First entry. ``box`` holds name, kana, date_of_birth, postal_code, address, phone and, if
    given, email, sealed to the vault. ``applied_on`` is the date on the paper. Refusals:
    ``policy_unknown``, ``policy_ended``, ``policy_enrolled``, ``birth_differs`` (from the
    policy's), ``date_wrong``, ``key_reused``, ``key_wrong`` and the vault's (``item_invalid``
    with the field, ``box_broken``)."""

    receiver: ClassVar[str] = "payments"
    key: str
    client_body: str
    policy_number: str
    box: bytes
    applied_on: date
    language: Language
    parent_origin: str
    return_url: str
    """``{application_id}`` in it is filled in."""
    by: str


class StartPaperCardChange(Crossing["PaperFormOpened"], frozen=True, kw_only=True):
    """First entry of another card for an active enrolment, given on paper. Refusals:
    ``enrolment_unknown``, ``not_active``, ``key_reused``."""

    receiver: ClassVar[str] = "payments"
    key: str
    client_body: str
    enrolment_id: str
    language: Language
    parent_origin: str
    return_url: str
    by: str


class OpenPaperForm(Crossing["PaperFormOpened"], frozen=True, kw_only=True):
    """A fresh card form for the person who works on it: the first entry's, or the second's once
    its items are the same; after a refusal, for another card. Refusals: ``paper_unknown``,
    ``paper_over``, ``other_person`` (the first card is typed by who made the first entry),
    ``items_first`` (the second entry begins with its items), ``cards_closed``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    application_id: str
    language: Language
    parent_origin: str
    return_url: str
    by: str


class EnterPaperAgain(Crossing["PaperFormOpened"], frozen=True, kw_only=True):
    """Second entry by another person; compared in the vault, the fields that differ are named. The
    card form is opened once all are the same. Refusals: ``paper_unknown``, ``paper_over``,
    ``card_awaited`` (the first entry is not whole), ``same_person``, ``check_other`` (the body has
    a second person look instead), ``item_invalid``, ``box_broken``, ``too_many_tries``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    application_id: str
    box: bytes
    applied_on: date
    language: Language
    parent_origin: str
    return_url: str
    by: str


class CheckPaper(Crossing[PaperShown], frozen=True, kw_only=True):
    """A second person compared the entry with the paper. Said again it is the same. Refusals:
    ``paper_unknown``, ``paper_over``, ``card_awaited``, ``same_person``, ``check_other`` (the body
    wants a second entry instead), ``policy_ended``, ``policy_enrolled``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    application_id: str
    by: str


class WithdrawPaper(Crossing[PaperShown], frozen=True, kw_only=True):
    """Drop an application that no issuer was asked about; what was entered is forgotten. Said again
    it is the same. Refusals: ``paper_unknown``, ``paper_over``, ``reason_wrong``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    application_id: str
    reason: str
    by: str


class ListPapers(Crossing["PapersShown"], frozen=True, kw_only=True):
    """The work list, newest first. Refusals: ``client_body_unknown``, ``cursor_wrong``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    open_only: bool = True
    """Only what somebody must still do something about (refused ones of the last days too)."""
    after: str = ""
    limit: int = 50


class PapersShown(Answer, frozen=True, kw_only=True):
    papers: list[PaperShown]
    next: str


class ShowPaper(Crossing[PaperShown], frozen=True, kw_only=True):
    """Refusal: ``paper_unknown`` (also for another body's)."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    application_id: str


class CardCompared(Crossing[Taken], frozen=True, kw_only=True):
    """The vault compared a second entry with the card of a payment; nothing of it was kept.
    Refusal: ``payment_over``."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    card_token: str
    """The card of the first entry."""
    number_same: bool
    expiry_same: bool


ListEnrolments.reply = EnrolmentsShown
ShowEnrolment.reply = EnrolmentHistory
EndEnrolment.reply = EnrolmentShown
ReinstateEnrolment.reply = EnrolmentShown
AskCardChange.reply = EnrolmentShown
StartCardChange.reply = PaymentStarted
StartPaper.reply = PaperFormOpened
StartPaperCardChange.reply = PaperFormOpened
OpenPaperForm.reply = PaperFormOpened
EnterPaperAgain.reply = PaperFormOpened
CheckPaper.reply = PaperShown
WithdrawPaper.reply = PaperShown
ListPapers.reply = PapersShown
ShowPaper.reply = PaperShown
CardCompared.reply = Taken
