"""Applications on paper, and kept cards that are about to expire."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from sekisho.crossings.message import Answer, Crossing
from sekisho.crossings.vault.cards import CardFormOpened


class OpenPaperCardForm(Crossing[CardFormOpened], frozen=True, kw_only=True):
    """Open a card form for a clerk at the desk: number and expiry from paper, no security code
    (PCI DSS 3.3.1: there is none to ask for). ``compare_with``: token of the card of the payment's
    first entry; what is typed is then compared with it and not kept. The same ``payment_id`` again
    gives a fresh form and shuts the earlier one. Refusals as ``OpenCardForm``, and
    ``token_unknown``."""

    receiver: ClassVar[str] = "vault"
    payment_id: str
    client_body: str
    site: str
    language: Literal["ja", "en"]
    parent_origin: str
    """The desk's."""
    return_url: str
    accepted_brands: list[str]
    expires_at: datetime
    compare_with: str = ""


class CompareItems(Crossing["ItemsCompared"], frozen=True, kw_only=True):
    """Compare a second entry of an application with the items of ``subject``; nothing is released
    or kept. Refusals: ``box_broken``, ``item_invalid``, ``token_unknown``, ``too_many_tries``."""

    receiver: ClassVar[str] = "vault"
    client_body: str
    subject: str
    box: bytes


class ItemsCompared(Answer, frozen=True, kw_only=True):
    differs: list[str]
    """Kinds of items that are not the same character by character, or that only one side has."""


class CardsExpiring(Crossing["CardsListed"], frozen=True, kw_only=True):
    """The kept cards of ``client_body`` whose last month is ``month`` (``YYYY-MM``), by token, a
    page at a time. Refusal: ``message_invalid``."""

    receiver: ClassVar[str] = "vault"
    client_body: str
    month: str
    after: str = ""
    limit: int = 500


class CardsListed(Answer, frozen=True, kw_only=True):
    tokens: list[str]
    next: str
    """What ``after`` of the next page is; empty on the last page."""


MAX_CARDS_LISTED = 500

OpenPaperCardForm.reply = CardFormOpened
CompareItems.reply = ItemsCompared
CardsExpiring.reply = CardsListed
