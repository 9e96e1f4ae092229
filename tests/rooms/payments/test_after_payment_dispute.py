"""Chargebacks: received, answered, decided; in any order, twice, too late."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest

from sekisho.crossings import card_network, payments
from sekisho.crossings.message import Refusal
from sekisho.payments.errors import TooEarly
from sekisho.payments.expire import sweep
from sekisho.payments.records.session import acting_for
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.test_after_payment_capture import authorised, refused
from tests.rooms.payments.test_races import at_once
from tests.rooms.payments.world import NETWORK, World, rows_of, told_of


def status(world: World, case: str = "CB-1") -> tuple[str, str]:
    (shown,) = [one for one in world.disputes(only_open=False) if one.case_number == case]
    return shown.status, shown.answered_by


def test_contested_and_won(world: World) -> None:
    payment_id = world.captured()
    for _ in range(2):
        world.charge_back(payment_id)
    (shown,) = world.disputes()
    assert (shown.status, shown.amount_yen, shown.reason_code) == ("open", 12_143, "4853")
    assert shown.reference == world.show(payment_id).reference
    for _ in range(2):
        assert world.answer().status == "contested"
    (order,) = told_of(world, card_network.AnswerChargeback)
    assert (order.answer, order.grounds, order.case_number) == (
        "contest",
        "authenticated by 3-D Secure",
        "CB-1",
    )
    assert refused(lambda: world.answer(answer="accept")) == "dispute_answered"
    for _ in range(2):
        world.decide(payment_id, "won")
    assert status(world) == ("won", "client_desk:hanako")
    assert world.disputes() == []
    assert world.money(payment_id).left_yen == 12_143
    assert refused(world.answer) == "dispute_over"
    assert world.books().ok
    assert world.refund(payment_id).status == "asked"


@pytest.mark.parametrize("contest", [True, False])
def test_lost(world: World, contest: bool) -> None:
    payment_id = world.captured()
    world.charge_back(payment_id)
    if contest:
        world.answer()
    world.decide(payment_id, "lost")
    assert status(world)[0] == "lost"
    assert world.money(payment_id).left_yen == 0
    assert world.history(payment_id).disputes[0].ended_at == world.moment
    assert world.books().ok


def test_accepted(world: World) -> None:
    payment_id = world.captured()
    world.charge_back(payment_id, amount_yen=5_000)
    for _ in range(2):
        assert world.answer(answer="accept", grounds="").status == "accepted"
    (order,) = told_of(world, card_network.AnswerChargeback)
    assert (order.answer, order.amount_yen, order.grounds) == ("accept", 5_000, "")
    world.decide(payment_id, "lost")
    assert rows_of("SELECT operator_note FROM payment") == [("",)]
    world.decide(payment_id, "won")
    ((note,),) = rows_of("SELECT operator_note FROM payment")
    assert "dispute CB-1 is accepted, then won" in note
    assert world.money(payment_id).left_yen == 7_143
    assert world.books().ok


def test_no_answer_in_time_is_an_acceptance(world: World) -> None:
    payment_id = world.captured()
    world.charge_back(payment_id)
    world.moment = datetime(2026, 12, 10, 14, 59, 59, tzinfo=UTC)
    sweep(world.room)
    assert status(world) == ("open", "")
    world.later(seconds=1)
    assert refused(world.answer) == "too_late"
    sweep(world.room)
    assert status(world) == ("accepted", "payments:sweep")
    assert [order.answer for order in told_of(world, card_network.AnswerChargeback)] == ["accept"]
    assert world.books().ok


def test_a_contest_that_nobody_decides_is_an_operators(world: World) -> None:
    payment_id = world.captured()
    world.charge_back(payment_id)
    world.answer()
    world.later(days=121)
    sweep(world.room)
    ((note,),) = rows_of("SELECT operator_note FROM payment")
    assert "dispute CB-1 was contested 120 days ago and not decided" in note
    assert sweep(world.room) == 0
    world.decide(payment_id, "won")
    assert status(world)[0] == "won"


def test_the_end_before_the_beginning_is_said_again(world: World) -> None:
    payment_id = world.captured()
    with pytest.raises(TooEarly):
        world.decide(payment_id, "lost")
    world.charge_back(payment_id)
    world.decide(payment_id, "lost")
    assert status(world)[0] == "lost"


def test_a_chargeback_before_the_word_of_its_capture(world: World) -> None:
    payment_id = authorised(world)
    world.charge_back(payment_id)
    assert world.history(payment_id).state == "captured"
    world.capture(payment_id)
    assert status(world)[0] == "open"
    assert world.books().ok


@pytest.mark.parametrize("amount_yen", [0, -1, 12_144])
def test_a_chargeback_that_does_not_fit_is_an_operators(world: World, amount_yen: int) -> None:
    payment_id = world.captured()
    world.charge_back(payment_id, amount_yen=amount_yen)
    ((note,),) = rows_of("SELECT operator_note FROM payment")
    assert f"chargeback CB-1 of {amount_yen} yen does not fit" in note
    assert world.disputes() == []


def test_a_chargeback_of_what_was_not_captured(world: World) -> None:
    payment_id = world.confirmed()
    world.charge_back(payment_id)
    ((note,),) = rows_of("SELECT operator_note FROM payment")
    assert "the payment is authenticating" in note
    assert refused(lambda: world.charge_back("pay_none")) == "payment_unknown"
    world.authenticate(payment_id)
    assert world.history(payment_id).state == "authorising", "it goes on by itself"


def test_a_case_is_of_one_payment(world: World) -> None:
    payment_id, other = world.captured(), world.captured(key="key-2")
    world.charge_back(payment_id)
    assert refused(lambda: world.charge_back(other)) == "case_differs"
    assert refused(lambda: world.charge_back(payment_id, amount_yen=5)) == "case_differs"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"grounds": " "}, "grounds_wrong"),
        ({"grounds": "あ" * 234}, "grounds_wrong"),
        ({"grounds": "card 4111 1111 1111 1111"}, "grounds_wrong"),
        ({"case": "CB-2"}, "dispute_unknown"),
        ({"client_body": "mihon_kiko"}, "dispute_unknown"),
        ({"client_body": "*"}, "payment_unknown"),
    ],
)
def test_an_answer_that_is_wrong_changes_nothing(
    world: World, changed: dict[str, Any], code: str
) -> None:
    world.charge_back(world.captured())
    assert refused(lambda: world.answer(**changed)) == code
    assert status(world) == ("open", "")
    assert told_of(world, card_network.AnswerChargeback) == []


def test_two_answers_at_once(world: World) -> None:
    for turn in range(5):
        case = f"CB-{turn}"
        world.charge_back(world.captured(key=f"key-{turn}"), case)
        replies = at_once(
            lambda case=case: world.answer(case),
            lambda case=case: world.answer(case, "accept"),
        )
        assert sorted(getattr(one, "code", "done") for one in replies) == [
            "dispute_answered",
            "done",
        ]
    assert len(told_of(world, card_network.AnswerChargeback)) == 5
    assert world.books().ok


def test_a_refund_and_a_chargeback_at_once(world: World) -> None:
    for turn in range(5):
        payment_id = world.captured(key=f"key-{turn}")
        refund, _ = at_once(
            lambda p=payment_id: world.refund(p, p),
            lambda p=payment_id, t=turn: world.charge_back(p, f"CB-{t}"),
        )
        if isinstance(refund, Refusal):
            assert refund.code == "in_dispute"
        else:
            world.refunded(payment_id, refund.refund_id)
        assert [one.status for one in world.history(payment_id).disputes] == ["open"]
    assert world.books().ok


def test_disputes_by_the_day_to_answer(world: World) -> None:
    days = {"CB-1": date(2026, 12, 20), "CB-2": date(2026, 12, 1), "CB-3": date(2026, 12, 5)}
    for case, day in days.items():
        world.charge_back(world.captured(key=case), case, respond_by=day)
    world.answer("CB-2", "accept")
    assert [one.case_number for one in world.disputes()] == ["CB-3", "CB-1"]
    assert [one.case_number for one in world.disputes(only_open=False)] == ["CB-3", "CB-1", "CB-2"]
    assert world.disputes("mihon_kiko", only_open=False) == []


def test_the_database_keeps_how_a_dispute_ended(world: World) -> None:
    world.charge_back(world.captured())
    world.answer(answer="accept", grounds="")
    with pytest.raises(psycopg.errors.CheckViolation) as caught, acting_for("mihon_to") as rows:
        rows.do("UPDATE dispute SET status = 'won'")
    assert caught.value.diag.constraint_name == "dispute_edge"
    with pytest.raises(psycopg.errors.InsufficientPrivilege), acting_for("mihon_to") as rows:
        rows.do("UPDATE dispute SET amount_yen = 1")


def test_every_step_is_on_evidence(world: World) -> None:
    payment_id = world.captured()
    world.charge_back(payment_id)
    world.answer()
    message = payments.DisputeEnded(payment_id=payment_id, case_number="CB-1", result="won")
    world.say(NETWORK, message)
    with ROOM.cluster.superuser_connection() as connection:
        lines = connection.execute(
            "SELECT kind FROM evidence.line WHERE kind LIKE 'payments.dispute%' ORDER BY id"
        ).fetchall()
    assert [kind for (kind,) in lines] == [
        "payments.dispute_opened",
        "payments.dispute_contested",
        "payments.dispute_won",
    ]
