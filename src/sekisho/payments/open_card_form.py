"""Have the vault open its card form for a payment. The form outlives every extension the payer may
ask for: payments is the judge of time, not the form."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import Language, PaymentStarted
from sekisho.crossings.vault import OpenCardForm
from sekisho.payments import limits
from sekisho.payments.site_rules import SiteRules
from sekisho.transport import cross


class Started(NamedTuple):
    """A payment whose card may be entered."""

    payment_id: str
    reference: str
    purpose: Literal["payment", "enrolment"]
    language: Language
    total_yen: int
    started_at: datetime
    expires_at: datetime


def check_addresses(parent_origin: str, return_url: str) -> None:
    """Raise ``Refusal`` ``address_wrong`` unless the return page is on the framing page's own
    origin: a card form must not send a payer elsewhere."""
    if len(return_url) > limits.MAX_URL_CHARACTERS or len(parent_origin) > 200:
        raise Refusal("address_wrong", "too long", "return_url")
    if not return_url.startswith(f"{parent_origin}/"):
        raise Refusal("address_wrong", "must be on parent_origin", "return_url")


def open_card_form(
    rules: SiteRules, started: Started, *, parent_origin: str, return_url: str
) -> PaymentStarted:
    """Open a fresh form (an earlier one is shut) and return where it is.

    Raises ``TransportError`` when the vault can't be reached; nothing was taken then."""
    furthest = started.started_at + rules.payment_time * (1 + limits.EXTENSIONS_LIMIT)
    opened = cross(
        OpenCardForm(
            payment_id=started.payment_id,
            client_body=rules.client_body,
            site=rules.site,
            purpose=started.purpose,
            language=started.language,
            parent_origin=parent_origin,
            return_url=return_url.replace("{payment_id}", started.payment_id),
            accepted_brands=list(rules.section.brands),
            expires_at=furthest,
        )
    )
    return PaymentStarted(
        payment_id=started.payment_id,
        reference=started.reference,
        total_yen=started.total_yen,
        card_form_url=opened.url,
        expires_at=started.expires_at,
    )


def already_begun(started: Started) -> PaymentStarted:
    """Return a payment that is past its card form, said again: there is no form to show."""
    return PaymentStarted(
        payment_id=started.payment_id,
        reference=started.reference,
        total_yen=started.total_yen,
        card_form_url="",
        expires_at=started.expires_at,
    )
