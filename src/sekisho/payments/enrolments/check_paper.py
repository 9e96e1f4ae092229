"""A second person stands behind a card from paper: by entering everything again (compared in the
vault) or by looking at it. Then, and not before, the issuer is asked (MOTO, 0 yen, no 3-D Secure:
nobody is there to authenticate). The database refuses a card that nobody checked, whatever code
says so."""

from __future__ import annotations

import psycopg

from sekisho import evidence
from sekisho.crossings.message import Refusal, Taken
from sekisho.crossings.payments import (
    CardCompared,
    CheckPaper,
    EnterPaperAgain,
    OpenPaperForm,
    PaperFormOpened,
    PaperShown,
    WithdrawPaper,
)
from sekisho.crossings.vault import CompareItems
from sekisho.payments import limits as room_limits
from sekisho.payments import post_orders
from sekisho.payments.after_payment.asker import check_reason, person
from sekisho.payments.enrolment_status import enrolment_is_applied, enrolment_is_refused
from sekisho.payments.enrolments.life import Step, take_step
from sekisho.payments.enrolments.papers import (
    Paper,
    paper_of_payment,
    paper_shown,
    read_paper,
)
from sekisho.payments.enrolments.show import acted_for
from sekisho.payments.enrolments.start_paper import check_box, check_date, open_form
from sekisho.payments.forget_typed import forget_at
from sekisho.payments.ledger.write import open_pending
from sekisho.payments.lifecycle import OPEN, REOPENABLE, State
from sekisho.payments.move_payment import Payment, lock_payment, move
from sekisho.payments.open_card_form import check_addresses
from sekisho.payments.records.session import EVERY_BODY, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport import cross
from sekisho.transport.doors import Caller

_HOLD = "payment_holds"


def open_paper_form(room: Room, caller: Caller, message: OpenPaperForm) -> PaperFormOpened:
    """Open a fresh card form for who works on the application. Raises ``Refusal`` as
    ``OpenPaperForm`` describes."""
    by = person(caller, message.by)
    check_addresses(message.parent_origin, message.return_url)
    with acting_for(acted_for(room, caller, message.client_body)) as rows:
        paper, payment = _locked(rows, message.application_id)
        room.card_entries.refuse_closed(rows, paper.site)
        compared = ""
        if by == paper.entered_by:
            _await_first_card(room, rows, paper, payment, by=by)
        elif payment.state == State.CARD_ENTERED:
            compared = _second_may_type(rows, paper, payment, by=by)
        else:
            raise Refusal("other_person", "the first entry types the first card", "by")
        paper = read_paper(rows, paper.id)
    return open_form(
        room,
        paper,
        message.language,
        message.parent_origin,
        message.return_url,
        compare_with=compared,
    )


def _await_first_card(room: Room, rows: Rows, paper: Paper, payment: Payment, *, by: str) -> None:
    if (
        payment.state not in REOPENABLE
        or payment.expires_at <= room.now()
        or payment.attempt >= room_limits.CARDS_PER_PAYMENT_LIMIT
    ):
        raise Refusal("paper_over", f"it is {paper.status}", "application_id")
    # Another card is checked anew, whoever stood behind the one before.
    rows.do(
        "UPDATE paper_application SET checked_by = '', checked_at = NULL, differs = ''"
        " WHERE id = %s",
        [paper.id],
    )
    if payment.state in (State.DECLINED, State.FAILED):
        enrolment_is_applied(rows, payment, by=by)
        move(
            rows,
            payment,
            State.CREATED,
            "another_card",
            by=by,
            finished_at=None,
            due_at=payment.expires_at,
        )


def _second_may_type(rows: Rows, paper: Paper, payment: Payment, *, by: str) -> str:
    if paper.check_kind != "double_entry":
        raise Refusal("check_other", "a second person looks at the entry", "by")
    if paper.purpose == "card_change":
        rows.do("UPDATE paper_application SET second_by = %s WHERE id = %s", [by, paper.id])
    elif paper.second_by != by:
        raise Refusal("items_first", "the second entry begins with the items", "application_id")
    return payment.card_token


def enter_paper_again(room: Room, caller: Caller, message: EnterPaperAgain) -> PaperFormOpened:
    """Compare a second entry of the items; open the card form once they are the same. Raises
    ``Refusal`` as ``EnterPaperAgain`` describes."""
    by = person(caller, message.by)
    check_addresses(message.parent_origin, message.return_url)
    check_box(message.box)
    check_date(message.applied_on, room.now())
    with acting_for(acted_for(room, caller, message.client_body)) as rows:
        paper, payment = _locked(rows, message.application_id)
        _refuse_first(paper, payment, by=by, check="double_entry")
        room.card_entries.refuse_closed(rows, paper.site)
    compared = cross(
        CompareItems(client_body=paper.client_body, subject=paper.subject, box=message.box)
    )
    differs = [*compared.differs]
    if message.applied_on != paper.applied_on:
        differs.append("applied_on")
    with acting_for(paper.client_body) as rows:
        paper, payment = _locked(rows, message.application_id)
        _refuse_first(paper, payment, by=by, check="double_entry")
        rows.do(
            "UPDATE paper_application SET second_by = %s, differs = %s WHERE id = %s",
            ["" if differs else by, ",".join(differs), paper.id],
        )
        paper = read_paper(rows, paper.id)
    if differs:
        return PaperFormOpened(paper=paper_shown(paper), card_form_url="")
    return open_form(
        room,
        paper,
        message.language,
        message.parent_origin,
        message.return_url,
        compare_with=payment.card_token,
    )


def _refuse_first(paper: Paper, payment: Payment, *, by: str, check: str) -> None:
    if by == paper.entered_by:
        raise Refusal("same_person", "another person must check the entry", "by")
    if paper.check_kind != check:
        raise Refusal("check_other", f"this body's check is {paper.check_kind}", "application_id")
    if payment.state == State.CREATED:
        raise Refusal("card_awaited", "the first entry has no card yet", "application_id")
    if payment.state != State.CARD_ENTERED:
        raise Refusal("paper_over", f"it is {paper.status}", "application_id")


def card_compared(room: Room, message: CardCompared) -> Taken:
    """The vault compared the second entry's card. Raises ``Refusal`` ``payment_over``."""
    with acting_for(EVERY_BODY) as rows:
        found = paper_of_payment(rows, message.payment_id)
        if found is None:
            raise Refusal("payment_over", "no application on paper")
        paper, payment = _locked(rows, found.id)
        if payment.card_token != message.card_token:
            raise Refusal("payment_over", "the first entry has another card by now")
        if paper.checked_by and payment.state != State.CARD_ENTERED:
            return Taken()
        if payment.state != State.CARD_ENTERED or not paper.second_by:
            raise Refusal("payment_over", f"it is {paper.status}")
        differs = [
            name
            for name, same in (
                ("card_number", message.number_same),
                ("card_expiry", message.expiry_same),
            )
            if not same
        ]
        rows.do(
            "UPDATE paper_application SET differs = %s WHERE id = %s",
            [",".join(differs), paper.id],
        )
        if not differs:
            _checked(room, rows, paper, payment, by=paper.second_by)
    return Taken()


def check_paper(room: Room, caller: Caller, message: CheckPaper) -> PaperShown:
    """A second person compared the entry with the paper. Raises ``Refusal`` as ``CheckPaper``
    describes."""
    by = person(caller, message.by)
    try:
        with acting_for(acted_for(room, caller, message.client_body)) as rows:
            paper, payment = _locked(rows, message.application_id)
            if paper.checked_by == by and payment.state not in REOPENABLE:
                return paper_shown(paper)
            _refuse_first(paper, payment, by=by, check="second_person")
            _checked(room, rows, paper, payment, by=by)
            return paper_shown(read_paper(rows, paper.id))
    except psycopg.errors.UniqueViolation as violation:
        if violation.diag.constraint_name != _HOLD:
            raise
        raise Refusal("policy_enrolled", "another application is being checked") from None


def _checked(room: Room, rows: Rows, paper: Paper, payment: Payment, *, by: str) -> None:
    now = room.now()
    refuse_not_enrollable(rows, paper, payment)
    rows.do(
        "UPDATE paper_application SET checked_by = %s, checked_at = %s, differs = '' WHERE id = %s",
        [by, now, paper.id],
    )
    status = "active" if paper.purpose == "card_change" else "applied"
    take_step(rows, paper.enrolment_id, Step(status, status, "paper_checked"), by=by)
    rows.do(
        "UPDATE attempt SET exemption = 'moto' WHERE payment_id = %s AND number = %s",
        [payment.id, payment.attempt],
    )
    asked = move(
        rows,
        payment,
        State.AUTHORISING,
        "paper_checked",
        by=by,
        why=f"entered by {paper.entered_by}",
        confirmed_at=now,
        due_at=now + room_limits.ASK_AGAIN_AFTER[0],
        asked=0,
    )
    open_pending(rows, asked)
    post_orders.ask_to_authorise(room, rows, asked, "moto")
    evidence.append(
        kind="payments.paper_checked",
        subject=paper.id,
        facts={"client_body": paper.client_body, "entered": paper.entered_by, "checked": by},
    )


def refuse_not_enrollable(rows: Rows, paper: Paper, payment: Payment) -> None:
    """Raise ``Refusal`` ``policy_ended``, ``policy_enrolled`` when the policy changed meanwhile."""
    policy = rows.one(
        "SELECT o.ended, EXISTS (SELECT FROM enrolment e WHERE e.policy_id = o.id"
        " AND e.status = 'active' AND e.id <> %s), EXISTS (SELECT FROM enrolment e"
        " WHERE e.id = %s AND e.status = 'active') FROM policy o WHERE o.id = %s",
        [paper.enrolment_id, paper.enrolment_id, payment.policy_id],
    )
    if policy is None or policy[0]:
        raise Refusal("policy_ended", "", "application_id")
    if policy[1]:
        raise Refusal("policy_enrolled", "", "application_id")
    if (paper.purpose == "card_change") != policy[2]:
        raise Refusal("paper_over", "the enrolment is active no more", "application_id")


def withdraw_paper(room: Room, caller: Caller, message: WithdrawPaper) -> PaperShown:
    """Drop an application; what was entered is forgotten. Raises ``Refusal`` as
    ``WithdrawPaper`` describes."""
    by, why, now = person(caller, message.by), check_reason(message.reason), room.now()
    with acting_for(acted_for(room, caller, message.client_body)) as rows:
        paper, payment = _locked(rows, message.application_id)
        if payment.state == State.CANCELLED_BY_CLIENT_BODY:
            return paper_shown(paper)
        if payment.state not in OPEN:
            raise Refusal("paper_over", f"it is {paper.status}", "application_id")
        move(
            rows,
            payment,
            State.CANCELLED_BY_CLIENT_BODY,
            "bill_changed",
            by=by,
            why=why,
            finished_at=now,
            due_at=forget_at(payment, now),
        )
        enrolment_is_refused(rows, payment, by=by, why=why)
        post_orders.forget_card(payment.id, None, "cancelled")
        return paper_shown(read_paper(rows, paper.id))


def _locked(rows: Rows, application_id: str) -> tuple[Paper, Payment]:
    """Return the application with its payment, policy and payment locked in this order."""
    paper = read_paper(rows, application_id)
    rows.one(
        "SELECT o.id FROM policy o JOIN enrolment e ON e.policy_id = o.id WHERE e.id = %s"
        " FOR NO KEY UPDATE OF o",
        [paper.enrolment_id],
    )
    payment = lock_payment(rows, paper.payment_id)
    if payment is None:
        raise Refusal("paper_unknown", "", "application_id")
    return read_paper(rows, application_id), payment
