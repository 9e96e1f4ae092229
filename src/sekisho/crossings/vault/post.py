"""Mails and postcards: written and addressed by the vault alone."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from sekisho.crossings.message import Answer, Crossing, Taken

LINK_TOKEN_CHARACTERS = 43
"""256 bits in base64url."""


class SendMail(Crossing[Taken], frozen=True, kw_only=True):
    """Send a mail of a known ``template`` to the e-mail item ``token``: the vault puts the address
    in, nobody else sees it. ``key`` makes it safe to say again. ``facts`` are plain words and
    figures without personal items."""

    receiver: ClassVar[str] = "vault"
    key: str
    token: str
    client_body: str
    template: Literal[
        "payment_receipt",
        "payment_failed",
        "enrolment_done",
        "refund_done",
        "charge_notice",
        "charge_done",
        "charge_failed",
        "card_change",
        "card_changed",
        "card_expires",
        "enrolment_ended",
        "enrolment_reinstated",
    ]
    language: Literal["ja", "en"]
    facts: dict[str, str | int]
    link_token: str = ""
    """Of templates with a link: the token of a page on the site of fact ``site``. The vault makes
    the address itself, so that no mail of ours leads elsewhere."""


PostcardTemplate = Literal["charge_notice", "charge_failed", "card_expiring"]


class PrintPostcard(Crossing[Taken], frozen=True, kw_only=True):
    """Print a postcard in Japanese to the name, postal code and address of ``subject`` (its token,
    or one of its items'): the vault puts them in, nobody else sees them. ``key`` makes it safe to
    say again; ``facts`` as in ``SendMail``. It is printed with others within minutes; whether it
    could be is told by ``ListPostcards``. Refusals: ``token_unknown``, ``items_missing`` (field =
    the kind that the subject lacks), ``message_invalid`` (field = ``facts.<name>``),
    ``key_reused``."""

    receiver: ClassVar[str] = "vault"
    key: str
    client_body: str
    subject: str
    template: PostcardTemplate
    facts: dict[str, str | int]


class ListPostcards(Crossing["PostcardsListed"], frozen=True, kw_only=True):
    """The postcards of ``client_body``, newest first: all, or those in ``state`` alone. At most
    ``MAX_POSTCARDS_LISTED``; go on with ``before`` = the last one's number."""

    receiver: ClassVar[str] = "vault"
    client_body: str
    state: Literal["", "waiting", "printing", "printed", "failed"] = ""
    order: str = ""
    """The one with this key alone, where it is not empty."""
    before: int = 0
    limit: int = 100


class PostcardShown(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``why`` says in words why a postcard could not be printed (a character that the font lacks, a
    text that does not fit), never what it holds. ``page`` counts from 1; two pages a postcard."""

    number: int
    key: str
    template: str
    state: str
    why: str
    batch: str
    page: int
    ordered_at: datetime
    ended_at: datetime | None


class PostcardsListed(Answer, frozen=True, kw_only=True):
    postcards: list[PostcardShown]


MAX_POSTCARDS_LISTED = 500


SendMail.reply = Taken
PrintPostcard.reply = Taken
ListPostcards.reply = PostcardsListed
