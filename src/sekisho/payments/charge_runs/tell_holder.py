"""What a holder is told: ahead of the charge, and what came of it. By mail, or on a postcard where
the enrolment has no address for mails; the vault alone knows either address."""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

from sekisho.crossings import vault
from sekisho.crossings.vault import PostcardTemplate
from sekisho.transport.outbox import post

Told = Literal["mailed", "postcard"]
Facts = dict[str, str | int]

SHOWN_DIGITS = 4
"""Digits of a policy number that a mail or postcard shows: whoever finds one can't use it."""


class Holder(NamedTuple):
    """Whom to tell, without a word of who that is. ``email_token`` is ``None`` for post."""

    client_body: str
    site: str
    subject: str
    email_token: str | None
    language: str
    policy_number: str
    product_ja: str
    product_en: str
    card: str
    """``visa **** 1111``."""


def tell_ahead(holder: Holder, key: str, *, month: str, charge_on: date, amount_yen: int) -> Told:
    """Announce the charge. ``key`` says it once."""
    facts = _facts(holder, month, amount_yen) | {"charge_on": charge_on.isoformat()}
    return _tell(holder, "charge_notice", key, facts)


def tell_charged(
    holder: Holder, key: str, *, month: str, amount_yen: int, reference: str, paid_at: str
) -> None:
    """Say that the money was taken; by mail alone, as the card's statement says it too."""
    if holder.email_token is not None:
        facts = _facts(holder, month, amount_yen)
        _mail(holder, "charge_done", key, facts | {"reference": reference, "paid_at": paid_at})


def tell_failed(
    holder: Holder, key: str, *, month: str, amount_yen: int, next_try_on: date | None
) -> None:
    """Say that the card was declined, and when it is tried again. A postcard goes when nothing is
    tried any more."""
    facts = _facts(holder, month, amount_yen)
    if next_try_on is not None:
        facts["next_try_on"] = next_try_on.isoformat()
    if holder.email_token is not None or next_try_on is None:
        _tell(holder, "charge_failed", key, facts)


def _facts(holder: Holder, month: str, amount_yen: int) -> Facts:
    number = holder.policy_number
    shown = "*" * max(0, len(number) - SHOWN_DIGITS) + number[-SHOWN_DIGITS:]
    product = holder.product_ja
    if holder.language == "en" and holder.email_token is not None:
        product = holder.product_en or product
    return {
        "policy_number": shown,
        "product": product,
        "charge_month": month,
        "amount_yen": amount_yen,
        "card": holder.card,
        "site": holder.site,
    }


def _tell(holder: Holder, template: PostcardTemplate, key: str, facts: Facts) -> Told:
    if holder.email_token is not None:
        # Both have a text of this name, on paper and in a mail.
        _mail(holder, "charge_notice" if template == "charge_notice" else "charge_failed", key,
              facts)  # fmt: skip
        return "mailed"
    post(
        vault.PrintPostcard(
            key=key,
            client_body=holder.client_body,
            subject=holder.subject,
            template=template,
            facts=facts,
        )
    )
    return "postcard"


def _mail(
    holder: Holder,
    template: Literal["charge_notice", "charge_done", "charge_failed"],
    key: str,
    facts: Facts,
) -> None:
    post(
        vault.SendMail(
            key=key,
            token=holder.email_token or "",
            client_body=holder.client_body,
            template=template,
            language="en" if holder.language == "en" else "ja",
            facts=facts,
        )
    )
