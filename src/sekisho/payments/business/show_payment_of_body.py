"""One payment with its history, in words that its client body may see: whose doing each step was
and a coarse reason; no decline code, no word of the guard, no more of a card than brand and last
four (PCI DSS 3.4.1)."""

from __future__ import annotations

from typing import Literal, NamedTuple

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    CardTried,
    PaymentOfBody,
    PaymentStep,
    ShowPaymentOfBody,
    Who,
)
from sekisho.payments.after_payment.show_money import disputes_of, left_of, refunds_of
from sekisho.payments.business.find_payments import PAYMENT_IDS, read_line
from sekisho.payments.business.whose import bodies_of
from sekisho.payments.liability import liability
from sekisho.payments.lifecycle import State, public_reason, public_status
from sekisho.payments.move_payment import read_payment
from sekisho.payments.records.session import Row, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller
from sekisho.vocabulary.identifiers import read_reference

_WORD_OF_STATE = {
    State.CREATED: "another_card",
    State.CARD_ENTERED: "card_entered",
    State.AUTHENTICATING: "confirmed",
    State.CHALLENGE: "identity_asked",
    State.AUTHORISING: "identity_confirmed",
    State.UNKNOWN: "outcome_unknown",
    State.AUTHORISED: "authorised",
    State.CAPTURE_REQUESTED: "capture_asked",
    State.CAPTURED: "captured",
    State.SETTLED: "settled",
    State.REVERSING: "giving_back",
    State.REVERSED: "given_back",
    State.CHECK_APPROVED: "card_checked",
    State.CHECKED: "card_checked",
    State.DECLINED: "declined",
    State.FAILED: "failed",
    State.CANCELLED_BY_PAYER: "cancelled",
    State.CANCELLED_BY_CLIENT_BODY: "cancelled",
    State.CANCELLED_BY_EXPIRY: "expired",
    State.EXPIRED: "expired",
    State.SUPERSEDED: "cancelled",
}
_WORD_OF_EVENT = {"started": "started", "challenge_returned": "identity_answered"}

_WHO: dict[str, Who] = {
    "payer_site": "payer",
    # Nobody enters a card but its holder.
    "vault": "payer",
    "client_desk": "client_body",
    "card_network": "card_company",
}

_OUTCOME: dict[str, Literal["none", "approved", "declined", "unknown", "not_taken"]] = {
    "": "none",
    "approved": "approved",
    "declined": "declined",
    "unknown": "unknown",
    "not_sent": "not_taken",
    "reversed": "not_taken",
    "code_gone": "not_taken",
}


class _Doer(NamedTuple):
    who: Who
    person: str


def show_payment_of_body(room: Room, caller: Caller, message: ShowPaymentOfBody) -> PaymentOfBody:
    """Return one payment of the body, all of it of one moment. Raises ``Refusal``
    ``payment_unknown``, ``client_body_unknown``."""
    bodies = bodies_of(room, caller, message.client_body)
    with acting_for(",".join(bodies), snapshot=True) as rows:
        payment_id = _id_of(rows, message.payment_id)
        line = read_line(rows, bodies, payment_id)
        payment = read_payment(rows, payment_id)
        if payment is None:
            raise Refusal("payment_unknown", "", "payment_id")
        left = left_of(rows, payment)
        link = rows.one("SELECT link_id FROM payment WHERE id = %s", [payment_id])
        return PaymentOfBody(
            payment=line,
            steps=_steps(rows, payment_id),
            cards=_cards(rows, payment_id),
            refunds=refunds_of(rows, payment_id),
            disputes=disputes_of(rows, payment_id),
            left_yen=left.total_yen,
            left_fee_yen=left.fee_yen,
            capture_by=payment.capture_by if payment.state == State.AUTHORISED else None,
            link_id=link[0] if link else None,
        )


def _id_of(rows: Rows, typed: str) -> str:
    """Return the id of what was typed, which may be a payer's reference; empty: there is none."""
    if typed.startswith(PAYMENT_IDS):
        return typed if typed.isascii() and typed.isprintable() else ""
    try:
        reference = read_reference(typed)
    except ValueError:
        return ""
    row = rows.one("SELECT id FROM payment WHERE reference = %s", [reference])
    return row[0] if row else ""


def _steps(rows: Rows, payment_id: str) -> list[PaymentStep]:
    return [
        _step(row)
        for row in rows.all(
            "SELECT at, to_state, event, moved_by FROM payment_event WHERE payment_id = %s"
            " ORDER BY step",
            [payment_id],
        )
    ]


def _step(row: Row) -> PaymentStep:
    at, state, event, moved_by = row
    doer = _doer(moved_by)
    return PaymentStep(
        at=at,
        status=public_status(state),
        event=_WORD_OF_EVENT.get(event, _WORD_OF_STATE[State(state)]),
        who=doer.who,
        person=doer.person,
        reason=public_reason(state, event),
    )


def _doer(moved_by: str) -> _Doer:
    """Who did it: operators and the machine are the platform, by no name."""
    zone, _, name = moved_by.partition(":")
    who = _WHO.get(zone, "platform")
    return _Doer(who, name if who == "client_body" else "")


def _cards(rows: Rows, payment_id: str) -> list[CardTried]:
    found = rows.all(
        "SELECT number, entered_at, brand, last_four, authentication, eci, exemption,"
        " authorisation FROM attempt WHERE payment_id = %s ORDER BY number",
        [payment_id],
    )
    return [_card(row) for row in found]


def _card(row: Row) -> CardTried:
    number, entered_at, brand, last_four, authentication, eci, exemption, authorisation = row
    return CardTried(
        number=number,
        entered_at=entered_at,
        brand=brand,
        last_four=last_four,
        authenticated=authentication == "authenticated",
        eci=eci,
        exemption=exemption,
        liability=liability(authentication, eci, exemption, authorisation),
        outcome=_OUTCOME.get(authorisation, "unknown"),
    )
