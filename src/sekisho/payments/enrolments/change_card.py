"""A holder opened the link and gives another card: a card check with 3-D Secure, on the same
enrolment. The card in use changes when the new one is good, not before."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import psycopg

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import PaymentStarted, StartCardChange
from sekisho.crossings.vault import MatchItem
from sekisho.payments import limits as room_limits
from sekisho.payments.count_tries import Asking, count_wrong, refuse_too_many
from sekisho.payments.enrolments import limits
from sekisho.payments.enrolments.card_link import digest_of
from sekisho.payments.open_card_form import already_begun, check_addresses, open_card_form
from sekisho.payments.read_bill import refuse_closed
from sekisho.payments.records.session import Rows, acting_for
from sekisho.payments.room import Room, who
from sekisho.payments.site_rules import SiteRules
from sekisho.payments.write_payment import (
    START_KEY,
    NewPayment,
    find_started,
    supersede_others,
    write_payment,
)
from sekisho.transport import cross
from sekisho.transport.doors import Caller
from sekisho.vocabulary.identifiers import new_id
from sekisho.vocabulary.twins import id_prefix


class _Link(NamedTuple):
    id: str
    enrolment_id: str
    policy_id: str
    policy_number: str
    date_of_birth_token: str
    email_token: str | None


def start_card_change(room: Room, caller: Caller, message: StartCardChange) -> PaymentStarted:
    """Begin the check of another card. Raises ``Refusal`` as ``StartCardChange`` describes."""
    rules = room.site_of(caller, message.token)
    _check(rules, message)
    now = room.now()
    refuse_closed(rules, now)
    with acting_for(rules.client_body) as rows:
        room.card_entries.refuse_closed(rows, rules.site)
        link = _open_link(rows, rules, message.token, now)
        asking = Asking(message.source, message.session, link.policy_number)
        refuse_too_many(rows, rules, asking, now)
    if not _birth_is_right(rules, link, message.sealed_date_of_birth):
        with acting_for(rules.client_body) as rows:
            count_wrong(rows, rules, asking, now)
            _count_wrong(rows, link, now)
        raise Refusal("birth_wrong", "", "date_of_birth")
    try:
        with acting_for(rules.client_body) as rows:
            earlier = find_started(rows, rules.site, message.key)
            if earlier is None:
                new = _new_check(rules, link, message)
                _open_link(rows, rules, message.token, now)
                started = write_payment(rows, rules, new, by=who(caller), now=now)
                supersede_others(rows, new, by=who(caller), now=now)
                rows.do(
                    "UPDATE card_link SET payment_id = %s WHERE id = %s",
                    [new.payment_id, link.id],
                )
    except psycopg.errors.UniqueViolation as violation:
        if violation.diag.constraint_name != START_KEY:
            raise
        with acting_for(rules.client_body) as rows:
            earlier = find_started(rows, rules.site, message.key)
    if earlier is not None:
        started = earlier.same_as(link.policy_id, rules.section.card_check_yen)
        if not earlier.open:
            return already_begun(started)
    return open_card_form(
        rules, started, parent_origin=message.parent_origin, return_url=message.return_url
    )


def _check(rules: SiteRules, message: StartCardChange) -> None:
    if rules.section.kind != "policies":
        raise Refusal("link_unknown", "this site takes no policies")
    most = room_limits.MAX_KEY_CHARACTERS
    if not 1 <= len(message.key) <= most:
        raise Refusal("key_wrong", f"1 to {most} characters", "key")
    if len(message.sealed_date_of_birth) > room_limits.MAX_BOX_BYTES:
        raise Refusal("box_broken", "too large", "sealed_date_of_birth")
    if len(message.token) > limits.MAX_LINK_TOKEN_CHARACTERS:
        raise Refusal("link_unknown")
    check_addresses(message.parent_origin, message.return_url)


def _open_link(rows: Rows, rules: SiteRules, token: str, now: datetime) -> _Link:
    """Return the link, locked, if it may be used. Raises ``Refusal`` ``link_unknown``: nobody
    learns whether there was one."""
    row = rows.one(
        "SELECT l.id, e.id, o.id, o.policy_number, o.date_of_birth_token, e.email_token"
        " FROM card_link l JOIN enrolment e ON e.id = l.enrolment_id"
        " JOIN policy o ON o.id = e.policy_id WHERE l.digest = %s AND e.site = %s"
        " AND l.closed_at IS NULL AND l.expires_at > %s AND e.status = 'active' AND NOT o.ended"
        " FOR NO KEY UPDATE OF l",
        [digest_of(token), rules.site, now],
    )
    if row is None:
        raise Refusal("link_unknown")
    return _Link(*row)


def _birth_is_right(rules: SiteRules, link: _Link, box: bytes) -> bool:
    return cross(
        MatchItem(
            token=link.date_of_birth_token,
            client_body=rules.client_body,
            kind="date_of_birth",
            box=box,
        )
    ).matches


def _count_wrong(rows: Rows, link: _Link, now: datetime) -> None:
    rows.do(
        "UPDATE card_link SET wrong = wrong + 1,"
        " closed_at = CASE WHEN wrong + 1 >= %s THEN %s::timestamptz END WHERE id = %s"
        " AND closed_at IS NULL",
        [limits.LINK_WRONG_LIMIT, now, link.id],
    )


def _new_check(rules: SiteRules, link: _Link, message: StartCardChange) -> NewPayment:
    return NewPayment(
        key=message.key,
        kind="card_check",
        language=message.language,
        amount_yen=rules.section.card_check_yen,
        policy_id=link.policy_id,
        enrolment_id=link.enrolment_id,
        payment_id=new_id(id_prefix("pay", rules.site)),
        email_token=link.email_token,
        card_change=True,
    )
