"""Any order of what holders, clerks, files and the network may do to one policy's enrolments: one
at most is active, an ended one is never charged, every step is in the history, no card is lost."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.strategies import sampled_from

from sekisho.crossings import vault
from sekisho.crossings.message import Refusal
from sekisho.payments.enrolments.chargeable import lock_chargeable
from sekisho.payments.enrolments.end import forget_ended
from sekisho.payments.enrolments.life import EDGES
from sekisho.payments.enrolments.limits import CARD_KEPT_AFTER_END, LINK_PAUSE
from sekisho.payments.records.session import EVERY_BODY, acting_for
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.enrolment_hands import ask_link, end, end_policy, open_link, reinstate
from tests.rooms.payments.test_enrolments_paper import again, compared, first, payment_of
from tests.rooms.payments.world import PREMIUM, World, make_policy, rows_of, told_of

NUMBER = "12345678"
RESULTS = ("approved", "declined", "unknown", "not_sent")


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        ROOM.clean()
        self.world = World(ROOM.own_folder)
        self.world.enter()
        self.world.add_policy(NUMBER)
        self.policy_id = rows_of("SELECT id FROM policy")[0][0]
        self.count = 0
        self.links: list[str] = []
        self.open: list[str] = []
        """Payments whose card may be entered, confirmed and answered."""
        self.ended = False

    def teardown(self) -> None:
        self.world.leave()

    def _key(self) -> str:
        self.count += 1
        return f"key-{self.count}"

    def _try(self, act: Any) -> Any:
        """Whatever is refused leaves everything as it was; the invariants say so."""
        try:
            return act()
        except Refusal:
            return None

    def _ids(self, status: str) -> list[str]:
        return [row[0] for row in rows_of("SELECT id FROM enrolment WHERE status = %s", [status])]

    @rule()
    def apply_on_the_site(self) -> None:
        started = self._try(lambda: self.world.apply(self.policy_id, self._key()))
        if started is not None:
            self.open.append(started.payment_id)

    @rule()
    def apply_on_paper(self) -> None:
        opened = self._try(lambda: first(self.world, self._key()))
        if opened is not None:
            self.open.append(payment_of())

    @precondition(lambda self: self.open)
    @rule(result=sampled_from(RESULTS))
    def enter_a_card_and_have_it_checked(self, result: str) -> None:
        payment_id = self.open.pop()
        token = f"card_{self.count}_{payment_id[-6:]}"
        try:
            self.world.enter_card(payment_id, token)
        except Refusal:
            return
        paper = rows_of("SELECT id FROM paper_application WHERE payment_id = %s", [payment_id])
        if paper:
            self._try(lambda: again(self.world, paper[0][0]))
            self._try(lambda: compared(self.world, token))
        else:
            self._try(lambda: self.world.confirm(payment_id, PREMIUM))
            self.world.authenticate(payment_id)
        if rows_of("SELECT 1 FROM payment WHERE id = %s AND state = 'authorising'", [payment_id]):
            self.world.authorise(payment_id, result)

    @rule()
    def an_answer_comes_late(self) -> None:
        for (payment_id,) in rows_of("SELECT id FROM payment WHERE state = 'unknown'"):
            self.world.authorise(payment_id)

    @rule(by=sampled_from(("holder", "body")))
    def end_it(self, by: str) -> None:
        for enrolment_id in self._ids("active"):
            end(self.world, enrolment_id, ended_by=by)

    @rule()
    def take_it_up_again(self) -> None:
        for enrolment_id in self._ids("ended"):
            self._try(lambda one=enrolment_id: reinstate(self.world, one))

    @rule()
    def mail_a_link(self) -> None:
        self.world.moment += LINK_PAUSE
        for enrolment_id in self._ids("active"):
            self.links.append(ask_link(self.world, enrolment_id, self._key()))

    @precondition(lambda self: self.links)
    @rule()
    def open_the_newest_link(self) -> None:
        started = self._try(lambda: open_link(self.world, self.links[-1], self._key()))
        if started is not None:
            self.open.append(started.payment_id)

    @precondition(lambda self: not self.ended)
    @rule()
    def the_policy_ends(self) -> None:
        end_policy(self.world, NUMBER)
        self.ended = True

    @precondition(lambda self: self.ended)
    @rule()
    def the_policy_lives_again(self) -> None:
        self.world.import_rows("policies", [make_policy(2, policy_number=NUMBER)])
        self.ended = False

    @rule()
    def much_time_goes_by(self) -> None:
        self.world.moment += CARD_KEPT_AFTER_END
        forget_ended(self.world.room)

    @invariant()
    def one_at_most_is_active_and_only_it_is_charged(self) -> None:
        active = self._ids("active")
        assert len(active) <= 1
        for enrolment_id, status in rows_of("SELECT id, status FROM enrolment"):
            with acting_for(EVERY_BODY) as rows:
                found = lock_chargeable(rows, enrolment_id)
            assert (found is not None) == (status == "active")
        assert not (self.ended and active)

    @invariant()
    def the_history_is_whole(self) -> None:
        for enrolment_id, status, step in rows_of("SELECT id, status, step FROM enrolment"):
            events = rows_of(
                "SELECT step, from_status, to_status, event FROM enrolment_event"
                " WHERE enrolment_id = %s ORDER BY step",
                [enrolment_id],
            )
            assert [event[0] for event in events] == list(range(1, step + 1))
            assert all(tuple(event[1:]) in set(map(tuple, EDGES)) for event in events)
            assert all(before[2] == after[1] for before, after in pairwise(events))
            assert events[-1][2] == status

    @invariant()
    def a_card_in_use_is_never_forgotten_and_others_are(self) -> None:
        gone = {m.card_token for m in told_of(self.world, vault.ForgetCard) if m.card_token}
        used = {token for (token,) in rows_of("SELECT card_token FROM enrolment") if token}
        assert not used & gone
        checked = rows_of(
            "SELECT a.card_token FROM payment p JOIN attempt a ON a.payment_id = p.id"
            " AND a.number = p.attempt WHERE p.state = 'checked'"
        )
        assert {token for (token,) in checked} <= used | gone

    @invariant()
    def the_books_balance(self) -> None:
        assert self.world.books().ok


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=12, stateful_step_count=14, deadline=None)
