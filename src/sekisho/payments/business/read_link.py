"""A link as it is now, for its client body and for its payer."""

from __future__ import annotations

from datetime import datetime
from typing import LiteralString

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import LinkShown, LinkState
from sekisho.payments.business.link_token import link_token, token_hash
from sekisho.payments.charge_fee import charge_fee
from sekisho.payments.lifecycle import PAID
from sekisho.payments.records.session import Row, Rows
from sekisho.payments.room import Room
from sekisho.payments.site_rules import SiteRules
from sekisho.vocabulary.twins import is_twin

LINK_COLUMNS: LiteralString = (
    "l.id, l.client_body, l.site, l.token_hash, l.bill_id, b.payment_number, b.item_ja, b.item_en,"
    " b.amount_yen, l.return_url, l.created_at, l.created_by, l.expires_at, l.cancelled_at,"
    " b.withdrawn, h.state, h.id, h.reference"
)
LINK_FROM: LiteralString = (
    " FROM payment_link l JOIN bill b ON b.id = l.bill_id"
    " LEFT JOIN payment h ON h.held_for = l.bill_id"
)


def read_link(room: Room, rows: Rows, link_id: str) -> LinkShown:
    """Return a link within the walls. Raises ``Refusal`` ``link_unknown``."""
    row = None
    if link_id.isascii() and link_id.isprintable():
        row = rows.one("SELECT " + LINK_COLUMNS + LINK_FROM + " WHERE l.id = %s", [link_id])
    if row is None:
        raise Refusal("link_unknown", "", "link_id")
    return link_shown(room, row)


def link_shown(room: Room, row: Row) -> LinkShown:
    """Return a link from its ``LINK_COLUMNS``, with the address that its token makes."""
    link_id, client_body, site, kept_hash, bill_id, number, item_ja, item_en, amount_yen = row[:9]
    return_url, created_at, created_by, expires_at, cancelled_at, withdrawn, holder = row[9:16]
    rules = room.sites.get(site)
    fee_yen = charge_fee(amount_yen, rules.section.fee if rules else None).total_yen
    token = link_token(room.link_key, link_id)
    return LinkShown(
        link_id=link_id,
        client_body=client_body,
        test=is_twin(client_body),
        site=site,
        # Made with a key that is no more: the link still opens, but nobody can show it again.
        path=f"/pay/{token}" if token_hash(token) == bytes(kept_hash) else "",
        state=_state(cancelled_at is not None or withdrawn, holder, expires_at, room.now()),
        bill_id=bill_id,
        payment_number=number,
        item_ja=item_ja,
        item_en=item_en,
        amount_yen=amount_yen,
        fee_yen=fee_yen,
        total_yen=amount_yen + fee_yen,
        return_url=return_url,
        created_at=created_at,
        created_by=created_by.partition(":")[2] or created_by,
        expires_at=expires_at,
        payment_id=row[16],
        reference=row[17],
    )


def _state(over: bool, holder: str | None, expires_at: datetime, now: datetime) -> LinkState:
    if holder is not None:
        return "paid" if holder in PAID else "in_payment"
    if over:
        return "cancelled"
    return "open" if now < expires_at else "expired"


def refuse_link(rows: Rows, rules: SiteRules, link_id: str, bill_id: str, now: datetime) -> None:
    """Raise ``Refusal`` ``link_unknown``, ``link_cancelled`` or ``link_expired`` unless the link
    may be used on this site to pay this bill now."""
    row = rows.one(
        "SELECT cancelled_at IS NOT NULL, expires_at FROM payment_link"
        " WHERE id = %s AND site = %s AND bill_id = %s",
        [link_id, rules.site, bill_id],
    )
    if row is None:
        raise Refusal("link_unknown")
    refuse_over(row[0], row[1], now)


def refuse_over(cancelled: bool, expires_at: datetime, now: datetime) -> None:
    """Raise ``Refusal`` ``link_cancelled`` or ``link_expired``."""
    if cancelled:
        raise Refusal("link_cancelled")
    if now >= expires_at:
        raise Refusal("link_expired")
