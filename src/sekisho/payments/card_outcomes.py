"""What the card network says of a payment: any order, late, twice, or of an earlier card.

Each handler locks the payment, asks whether the outcome is news in that state, and takes the edges
that follow from it in one transaction. What is no news changes nothing."""

from __future__ import annotations

from sekisho import evidence
from sekisho.crossings.message import Refusal, Taken
from sekisho.crossings.payments import (
    AuthenticationOutcome,
    AuthorisationOutcome,
    CaptureOutcome,
    ReversalOutcome,
)
from sekisho.payments import limits, post_orders
from sekisho.payments.after_payment.capture import request_capture
from sekisho.payments.charge_runs.outcome import charge_is_unknown
from sekisho.payments.end_payment import (
    captured,
    check_is_good,
    ended,
    give_back,
    give_back_other,
    needs_operator,
)
from sekisho.payments.guard.decide import note_answer
from sekisho.payments.lifecycle import END_OF_REVERSAL, State
from sekisho.payments.move_payment import Payment, lock_payment, move
from sekisho.payments.records.session import EVERY_BODY, Rows, acting_for
from sekisho.payments.room import Room

BY = "card_network"

_YES_IS_NO_NEWS = frozenset(
    {
        State.CARD_ENTERED,
        State.AUTHENTICATING,
        State.CHALLENGE,
        State.AUTHORISED,
        State.CAPTURE_REQUESTED,
        State.CAPTURED,
        State.SETTLED,
        State.REVERSING,
        State.REVERSED,
        State.CHECK_APPROVED,
        State.CHECKED,
    }
)
"""States in which a yes for the card in use can't be (nobody asked), is known, or was given back
already."""

_SAID_YES = frozenset(
    {
        State.AUTHORISED,
        State.CAPTURE_REQUESTED,
        State.CAPTURED,
        State.SETTLED,
        State.CHECK_APPROVED,
    }
)
"""A no for the card in use contradicts the yes that led here."""


def authentication_outcome(room: Room, message: AuthenticationOutcome) -> Taken:
    """3-D Secure ended, or wants a challenge. Raises ``Refusal`` ``payment_unknown``."""
    with acting_for(EVERY_BODY) as rows:
        payment = _locked(rows, message.payment_id)
        if message.attempt == payment.attempt and payment.state in (
            State.AUTHENTICATING,
            State.CHALLENGE,
        ):
            if message.result == "challenge":
                _challenge(rows, payment, message)
            else:
                _authenticated(room, rows, payment, message)
    return Taken()


def _challenge(rows: Rows, payment: Payment, message: AuthenticationOutcome) -> None:
    challenge = message.challenge
    # One challenge per card: the same word again, after the browser came back, is an echo.
    if payment.challenged or challenge is None:
        return
    rows.do(
        "UPDATE attempt SET authentication = 'challenge', ds_transaction_id = %s, acs_url = %s,"
        " creq = %s WHERE payment_id = %s AND number = %s",
        [
            message.ds_transaction_id,
            challenge.acs_url[: limits.MAX_URL_CHARACTERS],
            challenge.creq[: limits.MAX_CHALLENGE_CHARACTERS],
            payment.id,
            payment.attempt,
        ],
    )
    move(rows, payment, State.CHALLENGE, "challenge_asked", by=BY)


def _authenticated(
    room: Room, rows: Rows, payment: Payment, message: AuthenticationOutcome
) -> None:
    rows.do(
        "UPDATE attempt SET authentication = %s, eci = %s, ds_transaction_id = %s"
        " WHERE payment_id = %s AND number = %s",
        [message.result, message.eci, message.ds_transaction_id, payment.id, payment.attempt],
    )
    rule = room.sites[payment.site].section.three_d_secure_unavailable
    goes_on = message.result in ("authenticated", "attempted") or (
        message.result == "unavailable" and rule == "proceed"
    )
    now = room.now()
    if goes_on:
        asked = move(
            rows,
            payment,
            State.AUTHORISING,
            "authenticated",
            by=BY,
            why=f"3-D Secure: {message.result}, ECI {message.eci or 'none'}",
            due_at=now + limits.ASK_AGAIN_AFTER[0],
            asked=0,
        )
        post_orders.ask_to_authorise(room, rows, asked)
        return
    note_answer(room, rows, payment, message.result)
    unavailable = message.result == "unavailable"
    ended(
        rows,
        payment,
        State.FAILED,
        "authentication_unavailable" if unavailable else "authentication_failed",
        by=BY,
        why=f"3-D Secure: {message.result}",
        now=now,
    )


def authorisation_outcome(room: Room, message: AuthorisationOutcome) -> Taken:
    """The issuer answered, or nobody knows. Raises ``Refusal`` ``payment_unknown``."""
    with acting_for(EVERY_BODY) as rows:
        payment = _locked(rows, message.payment_id)
        if message.attempt > payment.attempt:
            raise Refusal("attempt_unknown", "no card with this number was entered", "attempt")
        _note_answer(room, rows, message)
        waited_for = message.attempt == payment.attempt and payment.state in (
            State.AUTHORISING,
            State.UNKNOWN,
        )
        if waited_for:
            _answered(room, rows, payment, message)
        else:
            _unexpected(room, rows, payment, message)
    return Taken()


def _note_answer(room: Room, rows: Rows, message: AuthorisationOutcome) -> None:
    """Keep the first answer that says something; what contradicts it is the operator's."""
    rows.do(
        "UPDATE attempt SET authorisation = %s, response_code = %s, approval_code = %s,"
        " network_reference = %s, trace_number = %s, answered_at = %s"
        " WHERE payment_id = %s AND number = %s AND authorisation IN ('', 'unknown')",
        [
            message.result,
            message.response_code,
            message.approval_code,
            message.network_reference,
            message.trace_number,
            room.now(),
            message.payment_id,
            message.attempt,
        ],
    )


def _answered(room: Room, rows: Rows, payment: Payment, message: AuthorisationOutcome) -> None:
    why = f"response code {message.response_code or 'none'}"
    now = room.now()
    match message.result:
        case "approved":
            _approved(room, rows, payment, why)
        case "unknown":
            if payment.state == State.AUTHORISING:
                unknown(room, rows, payment, by=BY, why=why)
        case "declined":
            ended(rows, payment, State.DECLINED, "refused_by_issuer", by=BY, why=why, now=now)
        case "not_sent":
            ended(rows, payment, State.FAILED, "never_sent", by=BY, why=why, now=now)
        case "code_gone":
            ended(rows, payment, State.FAILED, "code_gone", by=BY, why="", now=now)
        case "reversed":
            ended(rows, payment, State.REVERSED, "taken_back", by=BY, why=why, now=now)
    if payment.kind != "charge":
        # Nobody tries cards out by a run that two persons approved.
        note_answer(room, rows, payment, message.result, message.response_code)


def unknown(room: Room, rows: Rows, payment: Payment, *, by: str, why: str) -> None:
    """Nobody knows what became of the authorisation: the bill stays held, the payer is told so,
    and the sweep asks again by ``ASK_AGAIN_AFTER``."""
    move(
        rows,
        payment,
        State.UNKNOWN,
        "no_answer",
        by=by,
        why=why,
        due_at=room.now() + limits.ASK_AGAIN_AFTER[0],
        asked=0,
    )
    if payment.kind == "charge":
        charge_is_unknown(rows, payment, room.now())
    evidence.append(
        kind="payments.outcome_unknown",
        subject=payment.id,
        facts={"reference": payment.reference, "total_yen": payment.total_yen, "why": why},
    )


def _approved(room: Room, rows: Rows, payment: Payment, why: str) -> None:
    now = room.now()
    if payment.kind == "card_check":
        check_is_good(room, rows, payment, by=BY, why=why)
        return
    said_pay_at = payment.confirmed_at or payment.started_at
    late = payment.kind != "charge" and now - said_pay_at > limits.LATE_YES_HONOURED
    if payment.state == State.UNKNOWN and late:
        give_back(room, rows, payment, "yes_too_late", by=BY, why=why)
        return
    waits = None if payment.kind == "charge" else room.sites[payment.site].capture_time
    capture_by = None if waits is None else now + waits
    authorised = move(
        rows,
        payment,
        State.AUTHORISED,
        "approved",
        by=BY,
        why=why,
        capture_by=capture_by,
        due_at=capture_by,
    )
    if capture_by is None:
        request_capture(room, rows, authorised, by="payments", now=now)
    # No word to the vault about the security code: it wiped it when it released the card for this
    # authorisation, before the network could answer (PCI DSS 3.3.1, vault/release_items.py).


def _unexpected(room: Room, rows: Rows, payment: Payment, message: AuthorisationOutcome) -> None:
    """An answer that nobody waits for: an echo, or a yes that is not wanted any more."""
    current = message.attempt == payment.attempt
    if message.result == "approved" and not (current and payment.state in _YES_IS_NO_NEWS):
        give_back_other(room, rows, payment, message.attempt)
    elif (
        current
        and payment.state in _SAID_YES
        and message.result in ("declined", "reversed", "not_sent")
    ):
        # What is under way still ends by itself; people learn of it, as one of the two was wrong.
        note = f"the network approved, then said {message.result}"
        needs_operator(rows, payment, note, now=room.now(), stop=False)


def capture_outcome(room: Room, message: CaptureOutcome) -> Taken:
    """The network captured the money, or refuses to. Raises ``Refusal`` ``payment_unknown``."""
    with acting_for(EVERY_BODY) as rows:
        payment = _locked(rows, message.payment_id)
        if message.attempt != payment.attempt:
            return Taken()
        why = f"response code {message.response_code or 'none'}"
        if payment.state == State.CAPTURE_REQUESTED:
            if message.result == "captured":
                captured(rows, payment, by=BY, why=why, now=room.now())
            elif message.result == "refused":
                give_back(room, rows, payment, "capture_refused", by=BY, why=why)
        elif message.result == "captured" and payment.state in (State.REVERSING, State.REVERSED):
            needs_operator(
                rows, payment, "the network captured what it had refused to", now=room.now()
            )
    return Taken()


def reversal_outcome(room: Room, message: ReversalOutcome) -> Taken:
    """An authorisation was given back, or nobody knows yet. Raises ``Refusal``
    ``payment_unknown``."""
    with acting_for(EVERY_BODY) as rows:
        payment = _locked(rows, message.payment_id)
        if message.result == "unknown":
            return Taken()
        rows.do(
            "UPDATE attempt SET given_back = true, give_back_at = NULL"
            " WHERE payment_id = %s AND number = %s",
            [payment.id, message.attempt],
        )
        if message.attempt != payment.attempt:
            return Taken()
        why = f"{message.result}, response code {message.response_code or 'none'}"
        now = room.now()
        if payment.state == State.REVERSING:
            target, event = END_OF_REVERSAL[payment.event]
            ended(rows, payment, target, event, by=BY, why=why, now=now)
        elif payment.state == State.CHECK_APPROVED:
            ended(rows, payment, State.CHECKED, "given_back", by=BY, why=why, now=now)
    return Taken()


def _locked(rows: Rows, payment_id: str) -> Payment:
    payment = lock_payment(rows, payment_id)
    if payment is None:
        raise Refusal("payment_unknown")
    return payment
