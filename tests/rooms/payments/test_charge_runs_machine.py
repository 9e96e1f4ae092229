"""Charge runs under whatever comes: answers late, twice and contradicted by silence, processes that
die between and within steps, stops, ends and changed premiums. Nobody is charged twice, nobody is
lost, and the ledger stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sekisho.crossings import card_network, payments
from sekisho.crossings.message import Refusal
from sekisho.payments.charge_runs import charge_item, outcome
from tests.rooms.payments.callers import DESK
from tests.rooms.payments.charge_hands import BODY, Charges, charged_twice, enrol
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.world import rows_of

ENROLMENTS = 4
CODES = ("00", "00", "51", "41", "91", "54")
ENDED = {"charged", "work_list", "skipped", "closed", "withdrawn", "left_out"}


class Killed(Exception):
    """The process died at this line."""


class Fuse:
    """Dies once at the next of two lines, when it is lit."""

    lit = False

    @classmethod
    def burn(cls) -> None:
        if cls.lit:
            cls.lit = False
            raise Killed


class ChargeMachine(RuleBasedStateMachine):
    """One run of ``ENROLMENTS`` enrolments."""

    def __init__(self) -> None:
        super().__init__()
        ROOM.clean()
        Fuse.lit = False
        self.world = Charges(ROOM.own_folder)
        self.world.enter()
        self.orders: list[card_network.Authorise] = []
        self.silent: list[card_network.Authorise] = []
        self.said: list[tuple[card_network.Authorise, str, str]] = []
        self.run_id = ""

    def teardown(self) -> None:
        Fuse.lit = False
        try:
            if self.run_id:
                self._to_its_end()
        finally:
            self.world.leave()

    @initialize()
    def begin(self) -> None:
        for number in range(1, ENROLMENTS + 1):
            enrol(number, email=number % 2 == 0)
        self.run_id = self.world.charging()
        self._hear()

    def _hear(self) -> None:
        self.orders += self.world.asked()

    @rule(days=st.sampled_from([0.0, 0.01, 3, 8, 15]))
    def time_passes(self, days: float) -> None:
        self.world.later(days=days)
        self.world.look()
        self._hear()

    @rule()
    def dies_and_lives_again(self) -> None:
        self.world.reborn()

    @rule()
    def dies_within_the_next_step(self) -> None:
        Fuse.lit = True

    def _say(self, order: card_network.Authorise, result: str, code: str) -> None:
        self.said.append((order, result, code))
        try:
            self.world.issuer_says(order, result, code)
        except Killed:
            # The outbox of the network says it again.
            self.world.issuer_says(order, result, code)
        self._hear()

    @precondition(lambda self: self.orders)
    @rule(at=st.integers(0, 99), code=st.sampled_from(CODES))
    def issuer_answers(self, at: int, code: str) -> None:
        order = self.orders.pop(at % len(self.orders))
        self._say(order, "approved" if code == "00" else "declined", code)

    @precondition(lambda self: self.orders)
    @rule(at=st.integers(0, 99), result=st.sampled_from(["not_sent", "reversed"]))
    def it_never_arrived(self, at: int, result: str) -> None:
        self._say(self.orders.pop(at % len(self.orders)), result, "")

    @precondition(lambda self: self.orders)
    @rule(at=st.integers(0, 99))
    def nobody_answers(self, at: int) -> None:
        order = self.orders.pop(at % len(self.orders))
        self.silent.append(order)
        self._say(order, "unknown", "")

    @precondition(lambda self: self.silent)
    @rule(at=st.integers(0, 99), code=st.sampled_from(CODES))
    def the_network_finds_it(self, at: int, code: str) -> None:
        order = self.silent.pop(at % len(self.silent))
        self._say(order, "approved" if code == "00" else "declined", code)

    @precondition(lambda self: self.said)
    @rule(at=st.integers(0, 99))
    def an_answer_comes_twice(self, at: int) -> None:
        order, result, code = self.said[at % len(self.said)]
        if result != "unknown":
            self._say(order, result, code)
            self.said.pop()

    @rule()
    def stops_and_goes_on(self) -> None:
        try:
            self.world.stop(self.run_id)
        except Refusal as refusal:
            assert refusal.code == "run_over"
            return
        self.world.look()
        assert not self.world.asked(), "after a stop nobody is charged"
        self.world.resume(self.run_id)

    @rule(number=st.integers(1, ENROLMENTS), what=st.sampled_from(["policy", "premium"]))
    def meanwhile(self, number: int, what: str) -> None:
        column = "ended = true" if what == "policy" else "yearly_premium_yen = 50000"
        with ROOM.cluster.superuser_connection() as db:
            db.execute(
                f"UPDATE payments.policy SET {column} WHERE id = %s",
                [f"policy_{number}"],
            )

    @rule(number=st.integers(1, ENROLMENTS), close=st.booleans())
    def a_clerk_decides(self, number: int, close: bool) -> None:
        try:
            if close:
                message = payments.CloseChargeItem(
                    client_body=BODY, run_id=self.run_id, item=number, reason="slip", by="clerk"
                )
                self.world.say(DESK, message)
            else:
                self.world.retry(self.run_id, number)
        except Refusal as refusal:
            assert refusal.code == "item_not_on_work_list"

    @invariant()
    def nobody_is_charged_twice(self) -> None:
        assert charged_twice() == []

    @invariant()
    def items_say_what_payments_say(self) -> None:
        differing = rows_of(
            "SELECT i.number, i.state, p.state FROM charge_item i LEFT JOIN payment p"
            " ON p.policy_id = i.policy_id AND p.charge_month = i.month"
            " AND p.state IN ('captured', 'settled')"
            " WHERE (p.id IS NOT NULL) <> (i.state = 'charged')"
        )
        assert differing == []

    @invariant()
    def nobody_is_lost(self) -> None:
        if self.run_id:
            assert len(self.world.items(self.run_id)) == ENROLMENTS

    def _to_its_end(self) -> None:
        for order in self.silent:
            self.world.issuer_says(order, "approved")
        for _ in range(12):
            for order in self.orders:
                self.world.issuer_says(order, "approved")
            self.orders = []
            self.world.later(days=15)
            self.world.look(3)
            self._hear()
        shown = self.world.show_run(self.run_id)
        assert shown.state == "finished", shown
        assert {item.state for item in self.world.items(self.run_id)} <= ENDED
        assert charged_twice() == []
        assert self.world.books().ok


@pytest.fixture
def fuses(clean: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def with_fuse(act: Any) -> Any:
        def burning(*values: Any, **named: Any) -> Any:
            done = act(*values, **named)
            Fuse.burn()
            return done

        return burning

    for place, name in (
        (charge_item, "ask_to_authorise"),
        (outcome, "tell_body"),
        (outcome, "tell_failed"),
    ):
        monkeypatch.setattr(place, name, with_fuse(getattr(place, name)))
    yield


def test_whatever_comes(fuses: None) -> None:
    run_state_machine_as_test(
        ChargeMachine,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
