"""How a case ends, by where the payment is and what the network's own record shows. The machine's
own verbs do it: the same entries, mails and forgetting follow as if the network had said so.

What is not in the tables is refused: the record can't be what the operator says there, or another
verb is right. Two things besides a payment's own hold can be in doubt and go first: an unwanted
approval of an earlier card, and a refund that nobody answered."""

from __future__ import annotations

from typing import Literal

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import CaseDecision
from sekisho.payments import limits
from sekisho.payments.after_payment.refund_outcome import ask_refunds_again, decide_refunds
from sekisho.payments.end_payment import captured, check_is_good, ended
from sekisho.payments.ledger.write import open_pending
from sekisho.payments.lifecycle import END_OF_REVERSAL, State
from sekisho.payments.move_payment import Payment, lock_payment
from sekisho.payments.records.session import Rows
from sekisho.payments.room import Room

S = State
How = Literal["capture", "check", "reverse", "fail", "stands"]

_BILL: dict[tuple[str, CaseDecision], How] = {
    (S.UNKNOWN, "taken"): "capture",
    (S.UNKNOWN, "not_taken"): "fail",
    (S.CAPTURE_REQUESTED, "taken"): "capture",
    (S.CAPTURE_REQUESTED, "not_taken"): "reverse",
    (S.REVERSING, "taken"): "capture",
    (S.REVERSING, "not_taken"): "reverse",
    (S.REVERSED, "taken"): "capture",
    (S.REVERSED, "not_taken"): "stands",
    (S.CAPTURED, "taken"): "stands",
    (S.SETTLED, "taken"): "stands",
}
_CHECK: dict[tuple[str, CaseDecision], How] = {
    (S.UNKNOWN, "taken"): "check",
    (S.UNKNOWN, "not_taken"): "fail",
    (S.REVERSING, "not_taken"): "reverse",
    (S.CHECK_APPROVED, "not_taken"): "reverse",
    (S.CHECKED, "not_taken"): "stands",
}

_ASKABLE = frozenset({S.UNKNOWN, S.CAPTURE_REQUESTED, S.REVERSING, S.CHECK_APPROVED})


def refuse_unfit(rows: Rows, payment: Payment, decision: CaseDecision) -> None:
    """Raise ``Refusal`` ``decision_wrong`` for what can't be the end of this case."""
    if _unwanted(rows, payment):
        if decision != "not_taken":
            detail = "another card's approval stands: have the acquirer give it back first"
            raise Refusal("decision_wrong", detail, "decision")
    elif not _refunds_in_doubt(rows, payment):
        _how(payment, decision)
        if (payment.state, decision) == (S.REVERSED, "taken"):
            _refuse_held_by_another(rows, payment)


def end_case(
    room: Room, rows: Rows, payment: Payment, decision: CaseDecision, *, by: str, why: str
) -> str:
    """End the case as two operators decided; return the state it ends in. Raises ``Refusal``
    ``decision_wrong``, and nothing has changed then."""
    now = room.now()
    if _unwanted(rows, payment):
        rows.do(
            "UPDATE attempt SET given_back = true, give_back_at = NULL"
            " WHERE payment_id = %s AND give_back_asked >= %s AND NOT given_back",
            [payment.id, len(limits.ASK_AGAIN_AFTER)],
        )
        return payment.state
    if _refunds_in_doubt(rows, payment):
        decide_refunds(rows, payment, done=decision == "not_taken", by=by, why=why, now=now)
        return payment.state
    match _how(payment, decision):
        case "capture":
            _capture(room, rows, payment, by=by, why=why)
        case "check":
            check_is_good(room, rows, payment, by=by, why=why)
        case "reverse":
            target, event = _end_of_reversal(payment)
            ended(rows, payment, target, event, by=by, why=why, now=now)
        case "fail":
            # Not *reversed*: a yes that comes even later is then news, and is given back.
            ended(rows, payment, S.FAILED, "operator_ended", by=by, why=why, now=now)
        case "stands":
            pass
    moved = lock_payment(rows, payment.id)
    return moved.state if moved is not None else payment.state


def _how(payment: Payment, decision: CaseDecision) -> How:
    how = (_CHECK if payment.kind == "card_check" else _BILL).get((payment.state, decision))
    if how is not None:
        return how
    if payment.state in (S.CAPTURED, S.SETTLED):
        detail = "its money is in the books: a correction or a refund puts that right, not a case"
    elif payment.state == S.CHECK_APPROVED:
        detail = "a check's yen must be given back: have the acquirer do it, then not_taken"
    else:
        detail = f"a payment that is {payment.state} can't end so"
    raise Refusal("decision_wrong", detail, "decision")


def _capture(room: Room, rows: Rows, payment: Payment, *, by: str, why: str) -> None:
    if payment.state == S.REVERSED:
        # The claim was ended with the hold: a new one, in the same transaction.
        _refuse_held_by_another(rows, payment)
        open_pending(rows, payment)
    event = "captured" if payment.state == S.CAPTURE_REQUESTED else "operator_honoured"
    captured(rows, payment, by=by, why=why, now=room.now(), event=event)


def _refuse_held_by_another(rows: Rows, payment: Payment) -> None:
    held = rows.one(
        "SELECT 1 FROM payment p JOIN payment o ON o.held_for = coalesce(p.bill_id, p.policy_id ||"
        " ':' || p.charge_month) WHERE p.id = %s",
        [payment.id],
    )
    if held is not None:
        raise held_by_another()


def held_by_another() -> Refusal:
    """The refusal for a payment whose bill another one holds by now."""
    detail = "another payment holds the bill: have the acquirer give this one back, then not_taken"
    return Refusal("decision_wrong", detail, "decision")


def _end_of_reversal(payment: Payment) -> tuple[State, str]:
    if payment.state == S.CHECK_APPROVED:
        return S.CHECKED, "given_back"
    if payment.state == S.CAPTURE_REQUESTED:
        return S.REVERSED, "operator_ended"
    return END_OF_REVERSAL.get(payment.event, (S.REVERSED, "given_back"))


def ask_again(room: Room, rows: Rows, payment: Payment) -> None:
    """Begin the questions to the network anew, at the sweep's next look. Raises ``Refusal``
    ``decision_wrong`` when there is nothing to ask."""
    now = room.now()
    asked = rows.do(
        "UPDATE attempt SET give_back_at = %s, give_back_asked = 0"
        " WHERE payment_id = %s AND give_back_asked >= %s AND NOT given_back",
        [now, payment.id, len(limits.ASK_AGAIN_AFTER)],
    )
    asked += ask_refunds_again(rows, payment, now)
    if payment.state in _ASKABLE:
        asked += rows.do(
            "UPDATE payment SET asked = 0, due_at = %s WHERE id = %s", [now, payment.id]
        )
    if not asked:
        detail = f"the network has said all it will of a payment that is {payment.state}"
        raise Refusal("decision_wrong", detail, "decision")


def _unwanted(rows: Rows, payment: Payment) -> bool:
    found = rows.one(
        "SELECT 1 FROM attempt WHERE payment_id = %s AND give_back_asked >= %s AND NOT given_back",
        [payment.id, len(limits.ASK_AGAIN_AFTER)],
    )
    return found is not None


def _refunds_in_doubt(rows: Rows, payment: Payment) -> bool:
    found = rows.one(
        "SELECT 1 FROM refund WHERE payment_id = %s AND state IN ('asked', 'unknown')"
        " AND due_at IS NULL",
        [payment.id],
    )
    return found is not None
