"""An enrolment ends, is taken up again, and at last its card is forgotten."""

from __future__ import annotations

import logging
from datetime import datetime

import psycopg

from sekisho import evidence
from sekisho.crossings import vault
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import EndEnrolment, EnrolmentShown, ReinstateEnrolment
from sekisho.payments import post_orders
from sekisho.payments.after_payment.asker import check_reason, person
from sekisho.payments.enrolments.life import ENDED_BY, Step, take_step
from sekisho.payments.enrolments.limits import CARD_KEPT_AFTER_END, FORGET_BATCH_ENROLMENTS
from sekisho.payments.enrolments.mails import tell_holder
from sekisho.payments.enrolments.show import acted_for, read_enrolment
from sekisho.payments.records.session import EVERY_BODY, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller
from sekisho.transport.outbox import post

BY_ITSELF = "payments:enrolments"

_ENDING = ", ended_by = %s, ended_at = %s, forget_card_at = %s"

log = logging.getLogger("sekisho.payments.enrolments")


def end_enrolment(room: Room, caller: Caller, message: EndEnrolment) -> EnrolmentShown:
    """Cancel for the holder or the body: from the commit on no charge is ordered. Raises
    ``Refusal`` as ``EndEnrolment`` describes."""
    by, why = person(caller, message.by), check_reason(message.reason)
    event = f"ended_by_{message.ended_by}"
    now = room.now()
    with acting_for(acted_for(room, caller, message.client_body)) as rows:
        shown = _locked(rows, message.enrolment_id)
        if shown.status == "ended" and shown.ended_by == message.ended_by:
            return shown
        step = Step("active", "ended", event)
        values = [ENDED_BY[event], now, now + CARD_KEPT_AFTER_END]
        if not take_step(
            rows, shown.enrolment_id, step, by=by, why=why, changes=_ENDING, values=values
        ):
            raise Refusal("not_active", f"the enrolment is {shown.status}", "enrolment_id")
        _tell_end(rows, shown, ENDED_BY[event])
        return read_enrolment(rows, shown.enrolment_id)


def end_with_policies(rows: Rows, import_id: str, *, by: str, now: datetime) -> int:
    """End the enrolments of the policies that a file ended; return how many. In the transaction
    that takes the file, after its policies were changed."""
    ended = rows.all(
        "UPDATE enrolment e SET status = 'ended', step = step + 1, event = 'policy_ended',"
        " moved_by = %s, why = %s, ended_by = 'policy_ended', ended_at = %s, forget_card_at = %s"
        " FROM policy o JOIN policy_staged s ON s.client_body = o.client_body"
        " AND s.policy_number = o.policy_number WHERE s.import_id = %s AND o.ended"
        " AND e.policy_id = o.id AND e.status = 'active' RETURNING e.id",
        [by, f"by file {import_id}", now, now + CARD_KEPT_AFTER_END, import_id],
    )
    for (enrolment_id,) in ended:
        _tell_end(rows, read_enrolment(rows, enrolment_id), "policy_ended")
    return len(ended)


def _tell_end(rows: Rows, shown: EnrolmentShown, ended_by: str) -> None:
    tell_holder(rows, shown.enrolment_id, "enrolment_ended", {})
    evidence.append(
        kind="payments.enrolment_ended",
        subject=shown.enrolment_id,
        facts={"client_body": shown.client_body, "ended_by": ended_by},
    )


def reinstate_enrolment(room: Room, caller: Caller, message: ReinstateEnrolment) -> EnrolmentShown:
    """Take an end back while the card is kept. Raises ``Refusal`` as ``ReinstateEnrolment``
    describes."""
    by, why = person(caller, message.by), check_reason(message.reason)
    try:
        with acting_for(acted_for(room, caller, message.client_body)) as rows:
            return _reinstated(room, rows, message.enrolment_id, by=by, why=why)
    except psycopg.errors.UniqueViolation as violation:
        if violation.diag.constraint_name != "one_active_enrolment":
            raise
        raise Refusal("policy_enrolled", "another enrolment became active just now") from None


def _reinstated(room: Room, rows: Rows, enrolment_id: str, *, by: str, why: str) -> EnrolmentShown:
    shown = _locked(rows, enrolment_id)
    if shown.status == "active":
        last = rows.one("SELECT event FROM enrolment WHERE id = %s", [enrolment_id])
        if last == ("reinstated",):
            return shown
    if shown.status != "ended":
        raise Refusal("not_ended", f"the enrolment is {shown.status}", "enrolment_id")
    if shown.reinstatable_until is None or shown.reinstatable_until <= room.now():
        raise Refusal("card_forgotten", "the holder applies anew", "enrolment_id")
    policy = rows.one(
        "SELECT o.ended, EXISTS (SELECT FROM enrolment e WHERE e.policy_id = o.id"
        " AND e.status = 'active') FROM policy o WHERE o.id = %s",
        [shown.policy.policy_id],
    )
    if policy is None or policy[0]:
        raise Refusal("policy_ended", "", "enrolment_id")
    if policy[1]:
        raise Refusal("policy_enrolled", "", "enrolment_id")
    take_step(
        rows,
        enrolment_id,
        Step("ended", "active", "reinstated"),
        by=by,
        why=why,
        changes=", ended_by = '', ended_at = NULL, forget_card_at = NULL",
    )
    tell_holder(rows, enrolment_id, "enrolment_reinstated", {})
    evidence.append(
        kind="payments.enrolment_reinstated",
        subject=enrolment_id,
        facts={"client_body": shown.client_body, "by": by},
    )
    return read_enrolment(rows, enrolment_id)


def _locked(rows: Rows, enrolment_id: str) -> EnrolmentShown:
    """Return it, locked with its policy (policy first, as the import does)."""
    rows.one(
        "SELECT o.id FROM policy o JOIN enrolment e ON e.policy_id = o.id WHERE e.id = %s"
        " FOR NO KEY UPDATE OF o",
        [enrolment_id],
    )
    rows.one("SELECT id FROM enrolment WHERE id = %s FOR NO KEY UPDATE", [enrolment_id])
    return read_enrolment(rows, enrolment_id)


def forget_ended(room: Room) -> int:
    """Have the cards of enrolments forgotten that ended long enough ago, with what their
    applicants typed; return how many (``FORGET_BATCH_ENROLMENTS`` at most: then there is more)."""
    now = room.now()
    with acting_for(EVERY_BODY) as rows:
        due = rows.all(
            "SELECT id, client_body, card_payment, card_token, subject FROM enrolment"
            " WHERE forget_card_at <= %s AND status = 'ended' ORDER BY forget_card_at LIMIT %s"
            " FOR NO KEY UPDATE SKIP LOCKED",
            [now, FORGET_BATCH_ENROLMENTS],
        )
        for enrolment_id, client_body, card_payment, card_token, subject in due:
            take_step(
                rows,
                enrolment_id,
                Step("ended", "ended", "card_forgotten"),
                by=BY_ITSELF,
                changes=", card_token = '', forget_card_at = NULL",
            )
            if card_token:
                post_orders.forget_card(card_payment, card_token, "ended")
            post(vault.ForgetItems(client_body=client_body, payment_id=card_payment, token=subject))
    if due:
        log.info("%d cards of ended enrolments are forgotten", len(due))
    return len(due)
