"""Enrolments as their client body may see them: lists by pages, one with its history."""

from __future__ import annotations

from typing import Any, LiteralString

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    MAX_ENROLMENTS_PER_PAGE,
    EnrolmentEvent,
    EnrolmentHistory,
    EnrolmentShown,
    EnrolmentsShown,
    ListEnrolments,
    ShowEnrolment,
)
from sekisho.payments.after_payment.asker import body_of
from sekisho.payments.records.session import EVERY_BODY, Row, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.payments.show_payment import policy_facts
from sekisho.transport.doors import Caller

MAX_CURSOR_CHARACTERS = 64

SELECT_ENROLMENT: LiteralString = (
    "SELECT e.id, e.client_body, e.site, e.channel, e.status, e.applied_on, e.first_charge_month,"
    " e.brand, e.last_four, e.email_token IS NOT NULL, e.ended_by, e.ended_at, e.forget_card_at,"
    " e.card_token <> '', CASE WHEN e.status = 'active' THEN e.expires_month ELSE '' END,"
    " e.change_asked_at, o.id, o.policy_number, o.product_ja, o.product_en, o.yearly_premium_yen,"
    " o.joined_month FROM enrolment e JOIN policy o ON o.id = e.policy_id"
)
_POLICY_AT = 16


def acted_for(room: Room, caller: Caller, client_body: str) -> str:
    """Return what the transaction acts for. Raises ``Refusal`` ``client_body_unknown``."""
    try:
        return body_of(room, caller, client_body)
    except Refusal as refusal:
        raise Refusal("client_body_unknown", refusal.detail, "client_body") from None


def list_enrolments(room: Room, caller: Caller, message: ListEnrolments) -> EnrolmentsShown:
    """Return one page. Raises ``Refusal`` as ``ListEnrolments`` describes."""
    if len(message.after) > MAX_CURSOR_CHARACTERS:
        raise Refusal("cursor_wrong", "not what an earlier page said", "after")
    body = acted_for(room, caller, message.client_body)
    limit = max(1, min(message.limit, MAX_ENROLMENTS_PER_PAGE))
    wanted: dict[str, Any] = {
        "after": message.after,
        "status": message.status,
        "channel": message.channel,
        "number": message.policy_number or None,
        "month": message.joined_month,
        "expiring": message.expiring_only,
        "body": None if body == EVERY_BODY else body,
        "limit": limit + 1,
    }
    with acting_for(body) as rows:
        found = rows.all(
            SELECT_ENROLMENT + " WHERE e.id > %(after)s"
            " AND (%(body)s::text IS NULL OR e.client_body = %(body)s)"
            " AND (%(status)s::text IS NULL OR e.status = %(status)s)"
            " AND (%(channel)s::text IS NULL OR e.channel = %(channel)s)"
            " AND (%(number)s::text IS NULL OR o.policy_number = %(number)s)"
            " AND (%(month)s::int IS NULL OR o.joined_month = %(month)s)"
            " AND (NOT %(expiring)s OR e.status = 'active' AND e.expires_month <> '')"
            " ORDER BY e.id LIMIT %(limit)s",
            wanted,
        )
    more = len(found) > limit
    shown = [enrolment_shown(row) for row in found[:limit]]
    return EnrolmentsShown(enrolments=shown, next=shown[-1].enrolment_id if more else "")


def show_enrolment(room: Room, caller: Caller, message: ShowEnrolment) -> EnrolmentHistory:
    """Return an enrolment with every step of its life. Raises ``Refusal`` ``enrolment_unknown``."""
    with acting_for(acted_for(room, caller, message.client_body)) as rows:
        shown = read_enrolment(rows, message.enrolment_id)
        events = rows.all(
            "SELECT step, at, from_status, to_status, event, moved_by, why FROM enrolment_event"
            " WHERE enrolment_id = %s ORDER BY step",
            [message.enrolment_id],
        )
    return EnrolmentHistory(enrolment=shown, events=[_event(event) for event in events])


def _event(event: Row) -> EnrolmentEvent:
    step, at, source, target, name, by, why = event
    return EnrolmentEvent(
        step=step, at=at, from_status=source, to_status=target, event=name, by=by, why=why
    )


def read_enrolment(rows: Rows, enrolment_id: str) -> EnrolmentShown:
    """Return it, read in an open transaction. Raises ``Refusal`` ``enrolment_unknown``."""
    row = rows.one(SELECT_ENROLMENT + " WHERE e.id = %s", [enrolment_id])
    if row is None:
        raise Refusal("enrolment_unknown", "", "enrolment_id")
    return enrolment_shown(row)


def enrolment_shown(row: Row) -> EnrolmentShown:
    """Return the facts of a row of ``SELECT_ENROLMENT``."""
    enrolment_id, body, site, channel, status, applied_on, first_month, brand, last_four = row[:9]
    mail_known, ended_by, ended_at, forget_at, has_card, expires, asked_at = row[9:_POLICY_AT]
    return EnrolmentShown(
        enrolment_id=enrolment_id,
        client_body=body,
        site=site,
        policy=policy_facts(row[_POLICY_AT:]),
        channel=channel,
        status=status,
        applied_on=applied_on,
        first_charge_month=first_month,
        card_brand=brand if has_card else "",
        card_last_four=last_four if has_card else "",
        mail_known=mail_known,
        ended_by=ended_by,
        ended_at=ended_at,
        reinstatable_until=forget_at if status == "ended" and has_card else None,
        expires_month=expires,
        card_change_asked_at=asked_at,
    )
