"""Operators decide a case: one proposes, another with the same decision ends it. "Ask again" needs
one. Every word is a row that is never changed and a line of evidence with the names.

The console says who an operator is, and has seen their second factor a moment ago; that two words
of money come from two names is held here and once more by the database (``case_second_person``)."""

from __future__ import annotations

import psycopg

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import CaseShown, DecideCase
from sekisho.payments.after_payment.asker import holds_card_number
from sekisho.payments.cases.end_case import ask_again, end_case, held_by_another, refuse_unfit
from sekisho.payments.cases.list_cases import LastWord, last_word, show_case
from sekisho.payments.move_payment import Payment, lock_payment
from sekisho.payments.records.session import EVERY_BODY, Rows, acting_for
from sekisho.payments.room import Room

REASON_CHARACTERS = (5, 500)
"""A reason that says nothing helps nobody who reads the history."""

MAX_NAME_CHARACTERS = 64


def decide_case(room: Room, message: DecideCase) -> CaseShown:
    """Take an operator's word. The same word again changes nothing. Raises ``Refusal`` as
    ``DecideCase`` describes, ``person_wrong``; ``decision_wrong`` for a decision that does not fit
    where the payment is (detail: why, and what to do)."""
    _check(message)
    try:
        with acting_for(EVERY_BODY) as rows:
            payment = lock_payment(rows, message.payment_id)
            if payment is None:
                raise Refusal("case_unknown", "", "payment_id")
            _take(room, rows, payment, message)
            shown = show_case(rows, payment.id, room.now())
    except psycopg.errors.UniqueViolation as violation:
        # Somebody else's payment took hold of the bill in this very moment.
        if violation.diag.constraint_name != "payment_holds":
            raise
        raise held_by_another() from None
    if shown is None:
        raise Refusal("case_unknown", "", "payment_id")
    return shown


def _check(message: DecideCase) -> None:
    least, most = REASON_CHARACTERS
    if not least <= len(message.reason.strip()) <= most:
        raise Refusal("reason_wrong", f"{least} to {most} characters", "reason")
    if holds_card_number(message.reason):
        raise Refusal("reason_wrong", "holds what looks like a card number", "reason")
    if not 0 < len(message.by.strip()) <= MAX_NAME_CHARACTERS:
        raise Refusal("person_wrong", f"1 to {MAX_NAME_CHARACTERS} characters", "by")


def _take(room: Room, rows: Rows, payment: Payment, message: DecideCase) -> None:
    found = rows.one("SELECT operator_note FROM payment WHERE id = %s", [payment.id])
    case = Case(rows, payment, found[0] if found else "", last_word(rows, payment.id))
    if case.is_repeated(message, room):
        return
    if not case.note:
        raise Refusal("case_unknown", "nobody is needed for this payment", "payment_id")
    if message.decision == "ask_again":
        ask_again(room, rows, payment)
        case.write(room, message, ends=True)
        case.close("payments.case_asked_again", {"by": message.by, "reason": message.reason})
        return
    refuse_unfit(rows, payment, message.decision)
    proposal = case.last if case.last is not None and case.last.waits(room.now()) else None
    if message.approves:
        _end(room, case, message, _seconded(message, proposal))
        return
    if proposal is not None:
        _refuse_standing(message, proposal)
    case.write(room, message, ends=False)
    facts: dict[str, str | int] = {
        "decision": message.decision,
        "by": message.by,
        "reason": message.reason,
    }
    case.note_down("payments.case_proposed", facts)


def _seconded(message: DecideCase, proposal: LastWord | None) -> LastWord:
    """Return the proposal that ``message`` approves."""
    if proposal is None:
        raise Refusal("nothing_proposed", "propose it first", "approves")
    if proposal.by == message.by:
        raise Refusal("same_person", "another person must decide the same", "by")
    if proposal.decision != message.decision:
        detail = f"{proposal.by} proposed {proposal.decision}; agree between you"
        raise Refusal("decision_differs", detail, "decision")
    return proposal


def _refuse_standing(message: DecideCase, proposal: LastWord) -> None:
    """A proposal is replaced by its own author only."""
    if proposal.by != message.by:
        code = "proposed_already" if proposal.decision == message.decision else "decision_differs"
        raise Refusal(code, f"{proposal.by} proposed {proposal.decision}", "decision")


def _end(room: Room, case: Case, message: DecideCase, proposal: LastWord) -> None:
    case.write(room, message, ends=True)
    why = f"{proposal.by}: {proposal.reason}; {message.by}: {message.reason}"
    state = end_case(
        room, case.rows, case.payment, message.decision, by=f"console:{message.by}", why=why
    )
    case.close(
        "payments.case_decided",
        {
            "decision": message.decision,
            "proposed_by": proposal.by,
            "reason": proposal.reason,
            "approved_by": message.by,
            "reason_of_approval": message.reason,
            "from": case.payment.state,
            "to": state,
            "total_yen": case.payment.total_yen,
        },
    )


class Case:
    """The newest case of a payment that is locked. ``note`` is empty when it has ended."""

    def __init__(self, rows: Rows, payment: Payment, note: str, last: LastWord | None) -> None:
        self.rows, self.payment, self.note = rows, payment, note
        known = last.case_number if last is not None else 0
        self.number = known + 1 if note and (last is None or last.ends) else known
        self.last = last if last is not None and last.case_number == self.number else None
        self._words = last.number if last is not None else 0

    def is_repeated(self, message: DecideCase, room: Room) -> bool:
        """Whether this very word was taken: of an open case the newest, of an ended one any."""
        if self.note:
            return (
                self.last is not None
                and self.last.waits(room.now())
                and (self.last.by, self.last.decision, self.last.reason)
                == (message.by, message.decision, message.reason)
            )
        said = self.rows.one(
            "SELECT 1 FROM case_decision WHERE payment_id = %s AND case_number = %s"
            " AND by_name = %s AND decision = %s AND reason = %s",
            [self.payment.id, self.number, message.by, message.decision, message.reason],
        )
        return said is not None

    def write(self, room: Room, message: DecideCase, *, ends: bool) -> None:
        """Add the operator's word."""
        self._words += 1
        self.rows.do(
            "INSERT INTO case_decision (payment_id, number, client_body, case_number, at, by_name,"
            " decision, reason, ends, note, state)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                self.payment.id,
                self._words,
                self.payment.client_body,
                self.number,
                room.now(),
                message.by,
                message.decision,
                message.reason,
                ends,
                self.note,
                self.payment.state,
            ],
        )

    def close(self, kind: str, facts: dict[str, str | int]) -> None:
        """Nobody is needed any more; put on evidence who said so."""
        self.rows.do("UPDATE payment SET operator_note = '' WHERE id = %s", [self.payment.id])
        self.note_down(kind, facts)

    def note_down(self, kind: str, facts: dict[str, str | int]) -> None:
        """Put an operator's word on evidence."""
        about = {"reference": self.payment.reference, "case": self.number, "note": self.note}
        evidence.append(kind=kind, subject=self.payment.id, facts=about | facts)
