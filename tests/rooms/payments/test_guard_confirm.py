"""What the guard does at "pay": asks for work, lets wait, refuses so that nobody can tell."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from sekisho.crossings import card_network, payments
from sekisho.crossings.message import Refusal
from sekisho.payments.guard.count import Who
from sekisho.payments.guard.puzzle import pass_or_ask
from sekisho.payments.lifecycle import HOLDING
from sekisho.payments.move_payment import lock_payment
from sekisho.payments.records.session import EVERY_BODY, acting_for
from tests.rooms.payments.guard_hands import Furnish, Prober, end_refusals, solve, went_out
from tests.rooms.payments.world import TAX, told_of

STEP_UP = {"step_up_fruitless": [1, 0]}
REFUSE = {"refuse_fruitless": [1, 0]}


def asked(prober: Prober, **given: Any) -> tuple[str, payments.Puzzle]:
    """Come to the puzzle with a card that was declined once."""
    prober.attempt(card="one")
    payment_id = prober.begin(card="one")
    shown = prober.pay(payment_id, **given)
    assert shown.status == "card_entered" and shown.puzzle is not None
    return payment_id, shown.puzzle


def test_the_puzzle_solved_lets_the_payment_go_on(furnish: Furnish) -> None:
    prober = furnish(card=STEP_UP)
    payment_id, puzzle = asked(prober)
    assert prober.world.show(payment_id).puzzle == puzzle
    assert not went_out(prober.world, payment_id)
    shown = prober.pay(payment_id, proof=solve(puzzle))
    assert (shown.status, shown.puzzle) == ("processing", None)
    assert went_out(prober.world, payment_id)
    history = prober.world.history(payment_id)
    assert any("passed by proof" in attempt.guard for attempt in history.attempts)


def test_a_forged_proof_is_refused(furnish: Furnish) -> None:
    prober = furnish(card=STEP_UP, puzzle_bits=18, puzzle_bits_most=18)
    payment_id, puzzle = asked(prober)
    for forged in ("1-2-3-4-5-6-7-8", "x", "", "9" * 500, puzzle.salt, "-".join("0" * 8)):
        shown = prober.pay(payment_id, proof=forged)
        assert shown.puzzle == puzzle and not went_out(prober.world, payment_id)


def test_a_proof_is_for_one_payment_one_card_and_one_session(furnish: Furnish) -> None:
    prober = furnish(card=STEP_UP)
    first, puzzle = asked(prober, session="mine")
    proof = solve(puzzle)
    other = prober.begin(card="one")
    assert prober.pay(other).puzzle is not None
    assert prober.pay(other, proof=proof).puzzle is not None, "another payment's proof"
    assert prober.pay(first, proof=proof, session="thief").puzzle is not None, "another session"
    prober.reopen(first)
    prober.enter(first, card="one")
    fresh = prober.pay(first, proof=proof, session="mine").puzzle
    assert fresh is not None and fresh.salt != puzzle.salt, "another card's proof"
    assert not went_out(prober.world, first) and not went_out(prober.world, other)


def test_a_proof_is_good_once(furnish: Furnish) -> None:
    """Declined after the proof, the same card again: the old proof is worth nothing."""
    prober = furnish(card=STEP_UP)
    payment_id, puzzle = asked(prober)
    proof = solve(puzzle)
    prober.pay(payment_id, proof=proof)
    prober.pay(payment_id, proof=proof)
    assert len([m for m in told_of(prober.world, card_network.Authenticate)
                if m.payment_id == payment_id]) == 1  # fmt: skip
    prober.answer(payment_id, "declined")
    again = prober.begin(card="one")
    fresh = prober.pay(again).puzzle
    assert fresh is not None and fresh.salt != puzzle.salt
    assert prober.pay(again, proof=proof).puzzle == fresh


def test_an_old_puzzle_is_replaced(furnish: Furnish) -> None:
    prober = furnish(card={"step_up_fruitless": [0, 1]})
    payment_id, puzzle = asked(prober)
    prober.world.say(TAX, payments.ExtendPayment(payment_id=payment_id))
    for _ in range(2):
        prober.world.later(minutes=18)
        prober.world.say(TAX, payments.ExtendPayment(payment_id=payment_id))
    shown = prober.pay(payment_id, proof=solve(puzzle))
    assert shown.puzzle is not None and shown.puzzle.salt != puzzle.salt
    assert prober.pay(payment_id, proof=solve(shown.puzzle)).status == "processing"


def test_who_has_no_script_waits(furnish: Furnish) -> None:
    prober = furnish(card=STEP_UP, wait_minutes=5)
    prober.world.later(seconds=20)
    payment_id, puzzle = asked(prober)
    assert (puzzle.waits_until - prober.world.moment).total_seconds() == 5 * 60 + 40
    assert puzzle.waits_until.second == 0, "told in minutes, so nobody comes too early"
    prober.world.later(minutes=5, seconds=39)
    assert prober.pay(payment_id).puzzle == puzzle
    prober.world.later(seconds=1)
    assert prober.pay(payment_id).status == "processing"
    assert went_out(prober.world, payment_id)


def test_waiting_side_by_side_gets_one_address_nowhere(furnish: Furnish) -> None:
    """Forty payments wait at the same time: ``waits_per_hour`` of them go on."""
    prober = furnish(bills=50, card=STEP_UP, waits_per_hour=3)
    prober.attempt(card="one")
    waiting = [prober.begin(card="one") for _ in range(40)]
    for payment_id in waiting:
        assert prober.pay(payment_id, source="same", session="same").puzzle is not None
    prober.world.later(minutes=6)
    passed = [p for p in waiting if prober.pay(p, source="same", session="same").puzzle is None]
    assert len(passed) == 3
    late = prober.world.show(waiting[-1]).puzzle
    assert late is not None and late.waits_until > prober.world.moment


def test_a_refused_try_looks_like_a_declined_one(furnish: Furnish) -> None:
    """Field by field, at every stage: waiting, over, and for who asks for the bill meanwhile."""
    prober = furnish(card=REFUSE)
    bills = [prober.bill(), prober.bill()]
    real, feigned = prober.begin(bill=bills[0]), prober.begin(card="one", bill=bills[1])
    prober.attempt(card="one")
    stages: dict[str, list[Any]] = {real: [], feigned: []}
    for payment_id, bill in ((real, bills[0]), (feigned, bills[1])):
        stages[payment_id].append(prober.pay(payment_id))
        with pytest.raises(Refusal) as refusal:
            prober.world.start(bill, f"other-{payment_id}")
        stages[payment_id].append(refusal.value.code)
    assert went_out(prober.world, real) and not went_out(prober.world, feigned)
    prober.answer(real, "declined")
    end_refusals(prober.world)
    for payment_id in (real, feigned):
        stages[payment_id].append(prober.world.show(payment_id))
        stages[payment_id].append(prober.world.books().ok)
        stages[payment_id].append(
            [
                (entry["kind"], entry["amount_yen"])
                for entry in prober.world.history(payment_id).entries
            ]
        )
    alike = [[_alike(stage) for stage in stages[payment_id]] for payment_id in (real, feigned)]
    assert alike[0] == alike[1]
    assert stages[feigned][2].status == "declined"
    assert stages[feigned][2].reason == "declined_by_issuer"
    last = prober.world.history(feigned).events[-1]
    assert (last.to_state, last.by) == ("declined", "payments:guard")
    assert last.event == "refused_by_guard"
    assert last.why == "refused (card: 2 fruitless in 1 h, limit 1)"


def _alike(stage: Any) -> Any:
    if not isinstance(stage, payments.PaymentShown):
        return stage
    facts = msgspec.to_builtins(stage)
    for own in ("payment_id", "reference", "bill", "started_at", "expires_at", "finished_at"):
        facts[own] = facts[own] is not None
    return facts


def test_a_refused_payment_holds_its_bill_and_can_be_cancelled(furnish: Furnish) -> None:
    prober = furnish(card=REFUSE)
    prober.attempt(card="one")
    payment_id = prober.begin(card="one")
    prober.pay(payment_id)
    assert prober.world.history(payment_id).state in HOLDING
    shown = prober.world.say(TAX, payments.CancelPayment(payment_id=payment_id))
    assert shown.status == "cancelled"
    end_refusals(prober.world)
    assert prober.world.show(payment_id).status == "cancelled"


def test_after_a_refusal_another_card_may_be_tried(furnish: Furnish) -> None:
    prober = furnish(card=REFUSE)
    prober.attempt(card="one")
    payment_id = prober.begin(card="one")
    prober.pay(payment_id)
    end_refusals(prober.world)
    prober.reopen(payment_id)
    prober.enter(payment_id, card="another")
    prober.pay(payment_id)
    assert went_out(prober.world, payment_id)


def test_who_is_refused_does_the_work_first(furnish: Furnish) -> None:
    prober = furnish(card={"step_up_fruitless": [1, 0], "refuse_fruitless": [1, 0]})
    payment_id, puzzle = asked(prober)
    assert prober.pay(payment_id, proof=solve(puzzle)).status == "processing"
    assert not went_out(prober.world, payment_id)
    end_refusals(prober.world)
    assert prober.world.show(payment_id).status == "declined"


def test_watching_holds_nobody_up_and_says_what_would_have_been(furnish: Furnish) -> None:
    prober = furnish(
        mode="watch",
        card={"refuse_fruitless": [1, 0]},
        site={"from_attempts": [1, 1], "close_percent": [1, 1]},
    )
    for _ in range(4):
        assert prober.attempt(card="one") == "declined"
    (payment_id,) = [p.payment_id for p in told_of(prober.world, card_network.Authenticate)][-1:]
    (attempt,) = prober.world.history(payment_id).attempts
    assert attempt.guard.startswith("watched only: would have been refused (card: 4 fruitless")


def test_a_payment_said_twice_is_counted_once(furnish: Furnish) -> None:
    prober = furnish(card={"refuse_fruitless": [2, 0]})
    payment_id = prober.begin(card="one")
    for _ in range(5):
        prober.pay(payment_id)
    assert prober.attempt(card="one") == "declined"


def test_the_time_of_a_refusal_is_drawn_from_real_noes(furnish: Furnish) -> None:
    prober = furnish(bills=30)
    for _ in range(20):
        payment_id = prober.begin()
        prober.pay(payment_id)
        prober.world.later(seconds=9)
        prober.answer(payment_id, "declined")
    drawn = [prober.world.room.pace.draw().total_seconds() for _ in range(50)]
    assert all(7 < seconds < 11 for seconds in drawn) and len(set(drawn)) > 10


def test_a_puzzle_that_was_passed_opens_nothing_more(furnish: Furnish) -> None:
    """Also where the lifecycle would not stop it first."""
    prober = furnish(card=STEP_UP)
    payment_id, puzzle = asked(prober, session="mine")
    proof, section = solve(puzzle), prober.world.room.sites["metropolitan_tax"].section.guard
    with acting_for(EVERY_BODY) as rows:
        payment = lock_payment(rows, payment_id)
        assert payment is not None
        said = [
            pass_or_ask(rows, section, payment, Who("mine", "x"), proof, 10, prober.world.moment)
            for _ in range(2)
        ]
    assert said == ["proof", ""]
