"""Cases: two operators end what the machine can't, and nothing else ends by one."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import connection

from sekisho.crossings import card_network, payments, vault
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import CaseShown, DecideCase, ListCases
from sekisho.payments import limits
from sekisho.payments.expire import sweep
from sekisho.payments.records.session import EVERY_BODY, acting_for
from sekisho.transport.doors import Caller
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.world import World, rows_of, told_of

CONSOLE = Caller("console", "console", None)
WHY = "the acquirer's record of 20 November"


def word(
    world: World,
    payment_id: str,
    decision: Any,
    by: str,
    reason: str = WHY,
    *,
    approves: bool | None = None,
) -> CaseShown:
    """Sora proposes, the others approve, unless told otherwise."""
    message = DecideCase(
        payment_id=payment_id,
        decision=decision,
        approves=by != "sora" and decision != "ask_again" if approves is None else approves,
        reason=reason,
        by=by,
    )
    shown: CaseShown = world.say(CONSOLE, message)
    return shown


def two_words(world: World, payment_id: str, decision: Any) -> CaseShown:
    word(world, payment_id, decision, "sora")
    return word(world, payment_id, decision, "kai")


def refused(
    world: World,
    payment_id: str,
    decision: Any,
    by: str,
    reason: str = WHY,
    *,
    approves: bool | None = None,
) -> str:
    with pytest.raises(Refusal) as refusal:
        word(world, payment_id, decision, by, reason, approves=approves)
    return refusal.value.code


def unknown_case(world: World, *, key: str = "key-1") -> str:
    """Return a payment of which the network never said anything."""
    payment_id = world.confirmed(key=key)
    world.authenticate(payment_id)
    world.authorise(payment_id, "unknown")
    exhaust(world)
    return payment_id


def exhaust(world: World) -> None:
    """Let time pass until the sweep asks no more."""
    for pause in (*limits.ASK_AGAIN_AFTER, limits.ASK_AGAIN_AFTER[-1]):
        world.later(seconds=pause.total_seconds() + 1)
        sweep(world.room)


def test_a_case_is_listed_with_the_facts(world: World) -> None:
    payment_id = unknown_case(world)
    listed = world.say(CONSOLE, ListCases(limit=10))
    (case,) = listed.cases
    assert (case.payment_id, case.state, case.asked_for, case.open) == (
        payment_id, "unknown", None, True,
    )  # fmt: skip
    assert "asked 7 times" in case.note
    assert case.since <= world.moment
    assert listed.more == 0
    assert world.say(CONSOLE, ListCases(limit=0)).more == 1


@pytest.mark.parametrize(
    ("decision", "state", "paid"), [("taken", "captured", True), ("not_taken", "failed", False)]
)
def test_two_operators_end_it_as_the_record_shows(
    world: World, decision: Any, state: str, paid: bool
) -> None:
    payment_id = unknown_case(world)
    proposed = word(world, payment_id, decision, "sora")
    assert (proposed.asked_for, proposed.proposed_by, proposed.open) == (decision, "sora", True)
    assert world.history(payment_id).state == "unknown"
    ended = word(world, payment_id, decision, "kai", "seen in the same record")
    assert (ended.state, ended.open, ended.asked_for) == (state, False, None)
    history = world.history(payment_id)
    assert history.operator_note == ""
    assert history.events[-1].by == "console:kai"
    assert "sora: " + WHY in history.events[-1].why
    assert world.books().ok
    world.deliver()
    mails = [mail.template for mail in told_of(world, vault.SendMail)]
    assert mails == (["payment_receipt"] if paid else ["payment_failed"])
    assert world.say(CONSOLE, ListCases(limit=10)).cases == []
    lines = ROOM.cluster.execute_sql(
        "SELECT facts::jsonb->>'proposed_by', facts::jsonb->>'approved_by' FROM evidence.line"
        " WHERE kind = 'payments.case_decided'"
    )
    assert lines == [("sora", "kai")]


def test_one_operator_is_not_two(world: World) -> None:
    payment_id = unknown_case(world)
    assert refused(world, payment_id, "taken", "kai") == "nothing_proposed"
    word(world, payment_id, "taken", "sora")
    assert refused(world, payment_id, "taken", "sora", "louder", approves=True) == "same_person"
    assert refused(world, payment_id, "not_taken", "kai") == "decision_differs"
    for decision, code in (("taken", "proposed_already"), ("not_taken", "decision_differs")):
        assert refused(world, payment_id, decision, "kai", approves=False) == code
    assert world.history(payment_id).state == "unknown"
    assert word(world, payment_id, "not_taken", "sora").asked_for == "not_taken"
    assert word(world, payment_id, "not_taken", "kai").open is False


def test_the_database_wants_a_second_person_whatever_code_writes(world: World) -> None:
    payment_id = unknown_case(world)
    word(world, payment_id, "taken", "sora")
    line = (
        "INSERT INTO case_decision (payment_id, number, client_body, case_number, at, by_name,"
        " decision, reason, ends, note, state) SELECT payment_id, 2, client_body, case_number, at,"
        " by_name, decision, reason, true, note, state FROM case_decision WHERE number = 1"
    )
    with pytest.raises(psycopg.errors.CheckViolation), acting_for(EVERY_BODY) as rows:
        rows.do(line)
    for forbidden in ("UPDATE case_decision SET by_name = 'kai'", "DELETE FROM case_decision"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting_for(EVERY_BODY) as rows:
            rows.do(forbidden)
    connection.close()


def test_a_word_said_twice_counts_once(world: World) -> None:
    payment_id = unknown_case(world)
    first = word(world, payment_id, "taken", "sora")
    assert word(world, payment_id, "taken", "sora") == first
    last = word(world, payment_id, "taken", "kai")
    assert word(world, payment_id, "taken", "kai") == last
    assert rows_of("SELECT count(*) FROM case_decision") == [(2,)]
    assert refused(world, payment_id, "taken", "ren") == "case_unknown"


def test_ask_again_needs_one_and_starts_anew(world: World) -> None:
    payment_id = unknown_case(world)
    before = len(told_of(world, card_network.Inquire))
    assert word(world, payment_id, "ask_again", "sora").open is False
    sweep(world.room)
    assert len(told_of(world, card_network.Inquire)) == before + 1
    exhaust(world)
    (case,) = world.say(CONSOLE, ListCases(limit=10)).cases
    assert case.open
    assert two_words(world, payment_id, "not_taken").state == "failed"


def test_a_proposal_lapses(world: World) -> None:
    payment_id = unknown_case(world)
    word(world, payment_id, "taken", "sora")
    world.later(hours=25)
    assert world.say(CONSOLE, ListCases(limit=1)).cases[0].asked_for is None
    assert refused(world, payment_id, "taken", "kai") == "nothing_proposed"
    assert word(world, payment_id, "not_taken", "kai", approves=False).proposed_by == "kai"


def test_a_yes_after_not_taken_is_given_back(world: World) -> None:
    payment_id = unknown_case(world)
    two_words(world, payment_id, "not_taken")
    world.authorise(payment_id)
    world.deliver()
    assert len(told_of(world, card_network.Reverse)) == 1
    assert world.history(payment_id).state == "failed"


def test_a_capture_after_it_was_refused_is_honoured_while_the_bill_is_free(world: World) -> None:
    payment_id = world.confirmed()
    world.authenticate(payment_id)
    world.authorise(payment_id)
    world.capture(payment_id, "refused")
    world.reverse(payment_id)
    world.capture(payment_id)
    assert two_words(world, payment_id, "taken").state == "captured"
    assert world.books().ok


@pytest.mark.parametrize(
    ("decision", "by", "reason", "code"),
    [
        ("taken", "sora", "no", "reason_wrong"),
        ("taken", "sora", "x" * 501, "reason_wrong"),
        ("taken", "sora", "the card is 4111 1111 1111 1111", "reason_wrong"),
        ("taken", " ", WHY, "person_wrong"),
    ],
)
def test_a_word_without_sense_is_refused(
    world: World, decision: Any, by: str, reason: str, code: str
) -> None:
    payment_id = unknown_case(world)
    assert refused(world, payment_id, decision, by, reason) == code
    assert rows_of("SELECT count(*) FROM case_decision") == [(0,)]


def test_what_is_no_case_is_not_decided(world: World) -> None:
    payment_id = world.confirmed()
    assert refused(world, payment_id, "taken", "sora") == "case_unknown"
    assert refused(world, "pay_nobody", "taken", "sora") == "case_unknown"


def test_what_does_not_fit_is_refused_at_the_first_word(world: World) -> None:
    payment_id = world.confirmed()
    world.authenticate(payment_id)
    world.authorise(payment_id)
    world.capture(payment_id)
    world.authorise(payment_id, "reversed")
    assert refused(world, payment_id, "not_taken", "sora") == "decision_wrong"
    assert refused(world, payment_id, "ask_again", "sora") == "decision_wrong"
    assert two_words(world, payment_id, "taken").state == "captured"
    assert isinstance(world.history(payment_id), payments.PaymentHistory)
