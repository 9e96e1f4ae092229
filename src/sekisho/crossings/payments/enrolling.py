"""A policyholder finds a policy and applies to pay its premiums by card."""

from __future__ import annotations

from typing import ClassVar

from sekisho.crossings.message import Answer, Crossing
from sekisho.crossings.payments.paying import PaymentStarted
from sekisho.crossings.payments.shown import Language, PolicyFacts


class FindPolicy(Crossing["PolicyFound"], frozen=True, kw_only=True):
    """Find a policy by its number and its holder's date of birth (sealed, ISO 8601 inside).
    Refusals: ``policy_unknown`` (also for a wrong date: nobody learns which), ``policy_enrolled``,
    ``policy_ended``, ``too_many_tries``, ``site_closed``."""

    receiver: ClassVar[str] = "payments"
    policy_number: str
    sealed_date_of_birth: bytes
    source: str
    session: str


class PolicyFound(Answer, frozen=True, kw_only=True):
    policy: PolicyFacts


class StartEnrolment(Crossing["PaymentStarted"], frozen=True, kw_only=True):
    """Apply to pay a policy's premiums by card. ``box`` holds name, kana,
    postal_code, address, phone and, if given, email, sealed to the vault. The date of birth is
    not asked a second time (WCAG 2.2, 3.3.7): it came with ``FindPolicy`` and matched the
    policy's."""

    receiver: ClassVar[str] = "payments"
    key: str
    policy_id: str
    box: bytes
    language: Language
    parent_origin: str
    return_url: str
    source: str
    session: str


FindPolicy.reply = PolicyFound
StartEnrolment.reply = PaymentStarted
