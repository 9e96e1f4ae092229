"""The guard at work: before 3-D Secure is ordered, when the answer comes, and how a refusal looks.

A refused payment takes the same way as one that an issuer declines: it is confirmed, holds its
bill, has its claim in the ledger, can be cancelled, and ends as *declined* after about as long.
Only the order to the network is never given. The reason stands in ``attempt.guard`` and in the
event."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from sekisho.crossings.message import Crossing, Taken
from sekisho.crossings.payments import ConfirmPayment
from sekisho.payments.end_payment import ended
from sekisho.payments.guard.close import close_by_rule
from sekisho.payments.guard.count import (
    Who,
    count_answer,
    count_of_site,
    count_try,
    uncount_try,
)
from sekisho.payments.guard.puzzle import pass_or_ask
from sekisho.payments.guard.rules import judge, judge_site
from sekisho.payments.lifecycle import State
from sekisho.payments.move_payment import Payment, lock_payment
from sekisho.payments.records.session import EVERY_BODY, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.payments.site_rules import SiteRules
from sekisho.transport.outbox import post

BY = "payments:guard"

Ruling = Literal["go_on", "wait", "refuse"]

NO_WORD_ON_THE_CARD = frozenset({"68", "90", "91", "92", "96"})
"""ISO 8583:1987 field 39: answer too late, cut-over, issuer not reached, no route, malfunction. The
issuer did not judge the card: an issuer's bad day must not close a site."""


class EndRefused(Crossing[Taken], frozen=True, kw_only=True):
    """To ourselves: the time is over after which a refused payment is seen to be declined."""

    receiver: ClassVar[str] = "self"
    payment_id: str
    attempt: int


EndRefused.reply = Taken


def rule_on(
    room: Room, rows: Rows, rules: SiteRules, payment: Payment, message: ConfirmPayment
) -> Ruling:
    """Count the try and say what becomes of it: it goes on to the network, waits for a proof, or is
    refused and must not show it. Raises ``Refusal`` ``cards_closed`` for a closed site."""
    room.card_entries.refuse_closed(rows, rules.site)
    section, now = rules.section.guard, room.now()
    who = Who(message.session, message.source).short()
    verdict = judge(section, count_try(rows, room.busy_counts, payment, who, now))
    if not verdict.why:
        return "go_on"
    if not section.acts:
        _note(rows, payment, f"watched only: would have been {verdict.why}")
        return "go_on"
    passed = ""
    if verdict.step_up is not None:
        passed = pass_or_ask(rows, section, payment, who, message.proof, verdict.bits, now)
        if not passed:
            uncount_try(rows, room.busy_counts, payment, who, now)
            return "wait"
    _note(rows, payment, f"{verdict.why}, passed by {passed}" if passed else verdict.why)
    if verdict.refuse is None:
        return "go_on"
    uncount_try(rows, room.busy_counts, payment, who, now)
    return "refuse"


def _note(rows: Rows, payment: Payment, text: str) -> None:
    rows.do(
        "UPDATE attempt SET guard = %s WHERE payment_id = %s AND number = %s",
        [text, payment.id, payment.attempt],
    )


def refuse_later(room: Room, payment: Payment) -> None:
    """Let a refused payment, which the caller confirmed like any other, end after about as long as
    an issuer's no takes."""
    post(
        EndRefused(payment_id=payment.id, attempt=payment.attempt),
        due_in=room.pace.draw(),
        key=f"guard:{payment.id}:{payment.attempt}",
    )


def end_refused(room: Room, message: EndRefused) -> None:
    """End a refused payment as declined; one that was cancelled meanwhile stays as it is."""
    with acting_for(EVERY_BODY) as rows:
        payment = lock_payment(rows, message.payment_id)
        if (
            payment is None
            or payment.state != State.AUTHENTICATING
            or payment.attempt != message.attempt
        ):
            return
        row = rows.one(
            "SELECT guard FROM attempt WHERE payment_id = %s AND number = %s",
            [payment.id, payment.attempt],
        )
        why = row[0] if row else ""
        ended(rows, payment, State.DECLINED, "refused_by_guard", by=BY, why=why, now=room.now())


def note_answer(
    room: Room, rows: Rows, payment: Payment, answer: str, response_code: str = ""
) -> None:
    """Count what the network said to the card in use: ``declined`` (by the issuer) and ``failed``,
    ``rejected`` (3-D Secure) are noes, ``approved`` and ``not_sent`` clear the try; the rest says
    nothing of the card, and the try stays fruitless. Many noes close the site."""
    now = room.now()
    declined = answer in ("declined", "failed", "rejected")
    if declined and response_code in NO_WORD_ON_THE_CARD:
        declined, answer = False, "not_sent"
    if not declined and answer not in ("approved", "not_sent"):
        return
    count_answer(rows, room.busy_counts, payment, now, declined=declined)
    if declined:
        _after_a_no(room, rows, payment, now)


def _after_a_no(room: Room, rows: Rows, payment: Payment, now: datetime) -> None:
    if payment.confirmed_at is not None and not payment.challenged:
        room.pace.note(now - payment.confirmed_at)
    section = room.sites[payment.site].section.guard
    if not section.acts:
        return
    trip = judge_site(section, count_of_site(rows, room.busy_counts, payment.site, now))
    if trip is not None and close_by_rule(rows, payment.site, trip, now):
        room.card_entries.forget()
