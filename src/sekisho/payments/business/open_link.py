"""A payer opens a link: the token is looked up by its hash, and one that finds nothing counts as a
wrong answer, so that nobody tries many."""

from __future__ import annotations

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import LinkOpened, OpenLink
from sekisho.payments.business.link_token import token_hash
from sekisho.payments.business.read_link import refuse_over
from sekisho.payments.count_tries import Asking, count_wrong, refuse_too_many
from sekisho.payments.lifecycle import PAID
from sekisho.payments.read_bill import (
    bill_by_id,
    refuse_closed,
    refuse_unpayable,
    show_bill,
)
from sekisho.payments.records.session import Row, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.payments.site_rules import SiteRules
from sekisho.transport.doors import Caller

MAX_TOKEN_CHARACTERS = 100

_HASH_DIGITS = 16
"""Of a token's hash, in the key of its count: tells nothing of the token."""


def open_link(room: Room, caller: Caller, message: OpenLink) -> LinkOpened:
    """Return the bill of a link with what its page needs. Raises ``Refusal`` as ``OpenLink``
    describes; a link of another site is ``link_unknown``."""
    if len(message.token) > MAX_TOKEN_CHARACTERS:
        raise Refusal("link_unknown")
    rules, now = room.site_of(caller, message.token), room.now()
    refuse_closed(rules, now)
    digest = token_hash(message.token)
    asking = Asking(message.source, message.session, f"link {digest.hex()[:_HASH_DIGITS]}")
    with acting_for(rules.client_body) as rows:
        room.card_entries.refuse_closed(rows, rules.site)
        refuse_too_many(rows, rules, asking, now)
        link = rows.one(
            "SELECT id, bill_id, cancelled_at IS NOT NULL, expires_at, return_url"
            " FROM payment_link WHERE token_hash = %s AND site = %s",
            [digest, rules.site],
        )
        if link is None:
            count_wrong(rows, rules, asking, now)
        else:
            return _opened(room, rows, rules, link)
    raise Refusal("link_unknown")


def _opened(room: Room, rows: Rows, rules: SiteRules, link: Row) -> LinkOpened:
    link_id, bill_id, cancelled, expires_at, return_url = link
    now, bill = room.now(), bill_by_id(rows, bill_id)
    if bill is None:
        raise Refusal("link_unknown")
    # Who paid wants to hear that it is paid, whatever became of the link since.
    if bill.holder_state not in PAID:
        refuse_over(cancelled, expires_at, now)
    fee = refuse_unpayable(bill, rules, now)
    number = rows.one("SELECT payment_number FROM bill WHERE id = %s", [bill_id])
    return LinkOpened(
        link_id=link_id,
        bill=show_bill(bill, fee),
        test=rules.is_test,
        printed=bill.payee_number != "",
        payment_number=number[0] if number else "",
        expires_at=expires_at,
        return_url=return_url,
    )
