"""Payment by link: a client body makes a page's address, somebody opens it and pays.

``client_body`` and ``by`` as in ``business``."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from sekisho.crossings.message import Answer, Crossing
from sekisho.crossings.payments.shown import BillFacts

LinkState = Literal["open", "in_payment", "paid", "expired", "cancelled"]
"""``cancelled`` also where its bill was withdrawn; ``paid`` also where the bill was paid by another
way."""


class ToPay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a link asks for that is no printed bill. ``reference`` is the body's own word for it,
    known once per body: letters, digits and ``-._`` (1 to 40). The fee comes on top as for a
    bill."""

    amount_yen: int
    item_ja: str
    item_en: str
    reference: str


class CreateLink(Crossing["LinkShown"], frozen=True, kw_only=True):
    """Make a page's address where one bill can be paid: ``bill_id``, or else ``to_pay``. Said again
    with the same ``key`` it answers with the same link.

    Refusals (field): ``bill_unknown``, ``bill_paid``, ``bill_in_payment``, ``bill_withdrawn``,
    ``bill_over_limit``, ``amount_out_of_bounds``, ``text_wrong``, ``reference_wrong``,
    ``reference_taken``, ``expires_wrong``, ``return_url_wrong``, ``site_unknown``, ``site_needed``,
    ``what_wrong`` (neither or both), ``key_reused``, ``key_wrong``, ``by_wrong``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    key: str
    bill_id: str | None = None
    to_pay: ToPay | None = None
    site: str | None = None
    """On whose page it is paid; may be left out where the body has one site."""
    expires_at: datetime | None = None
    """30 days from now if not said; at most a year."""
    return_url: str = ""
    """https address that the payer is offered after paying; empty: none."""
    by: str


class ShowLink(Crossing["LinkShown"], frozen=True, kw_only=True):
    """Refusal: ``link_unknown``, also for another body's."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    link_id: str


class CancelLink(Crossing["LinkShown"], frozen=True, kw_only=True):
    """Its page says from now on that it is cancelled; a bill that only the link could pay is
    withdrawn. Said again it is the same. Refusals: ``link_unknown``, ``bill_paid``,
    ``bill_in_payment``, ``by_wrong``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    link_id: str
    by: str


class LinkShown(Answer, frozen=True, kw_only=True):
    """``path`` is put behind the address of the site's pages: ``/pay/<token>``. Whoever knows it
    can look at the bill and pay it: hand it to its payer alone. Amounts in yen."""

    link_id: str
    client_body: str
    test: bool
    site: str
    path: str
    state: LinkState
    bill_id: str
    payment_number: str
    item_ja: str
    item_en: str
    amount_yen: int
    fee_yen: int
    total_yen: int
    return_url: str
    created_at: datetime
    created_by: str
    expires_at: datetime
    payment_id: str | None
    """The payment that holds or paid the bill."""
    reference: str | None


class FindLinks(Crossing["LinksFound"], frozen=True, kw_only=True):
    """Links of the body, newest first; pages as in ``business``."""

    receiver: ClassVar[str] = "payments"
    client_body: str
    bill_id: str | None = None
    cursor: str | None = None
    limit: int = 50


class LinksFound(Answer, frozen=True, kw_only=True):
    links: list[LinkShown]
    next_cursor: str | None


class OpenLink(Crossing["LinkOpened"], frozen=True, kw_only=True):
    """A payer opened a link's page. Tries that find nothing are counted as wrong answers.

    Refusals: ``link_unknown``, ``too_many_tries`` (detail: a moment), ``link_cancelled``,
    ``link_expired``, and as ``FindBill``: ``bill_paid``, ``bill_in_payment``, ``bill_withdrawn``,
    ``bill_not_yet``, ``bill_expired``, ``bill_over_limit``, ``site_closed``, ``cards_closed``."""

    receiver: ClassVar[str] = "payments"
    token: str
    source: str
    session: str


class LinkOpened(Answer, frozen=True, kw_only=True):
    """``link_id`` goes into ``StartPayment``: the token is needed no more."""

    link_id: str
    bill: BillFacts
    test: bool
    """Whether it is a page for trying out: no real money."""
    printed: bool
    """Whether the bill has a slip; else ``payment_number`` is the body's own reference."""
    payment_number: str
    expires_at: datetime
    return_url: str


CreateLink.reply = LinkShown
ShowLink.reply = LinkShown
CancelLink.reply = LinkShown
FindLinks.reply = LinksFound
OpenLink.reply = LinkOpened
