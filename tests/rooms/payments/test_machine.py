"""Any order of payers, tabs, clocks and outcomes, late, twice or never: the money stays right.

Runs on the real database as the runtime role. The network keeps its own truth, and at the end both
books must agree."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sekisho.crossings import card_network, payments
from sekisho.crossings.message import Refusal
from sekisho.payments.errors import TooEarly
from sekisho.payments.expire import sweep
from sekisho.payments.ledger import reconcile
from sekisho.payments.ledger.reconcile import EVIDENCE_OF
from sekisho.payments.lifecycle import EDGES
from sekisho.vocabulary import clock
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.ledger_hands import accounts
from tests.rooms.payments.money_moves import MoneyMoves
from tests.rooms.payments.network_book import NetworkBook
from tests.rooms.payments.world import NETWORK, TAX, World, rows_of

BILLS = 20
ORDERS = (
    card_network.Authenticate,
    card_network.Authorise,
    card_network.Capture,
    card_network.Reverse,
    card_network.Inquire,
    card_network.ChallengeReturned,
    card_network.Refund,
    card_network.AnswerChargeback,
)
ENDS = {
    "settled",
    "declined",
    "failed",
    "reversed",
    "expired",
    "superseded",
    "cancelled_by_payer",
    "cancelled_by_client_body",
    "cancelled_by_expiry",
}
EXPECTED = {
    "bill_paid",
    "bill_in_payment",
    "bill_expired",
    "payment_over",
    "payment_in_flight",
    "extended_enough",
    "bill_withdrawn",
    "not_capturable",
    "not_voidable",
    "not_captured",
    "amount_wrong",
    "left_changed",
    "key_reused",
    "in_dispute",
    "dispute_unknown",
    "dispute_answered",
    "dispute_over",
    "too_late",
}
HAPPENINGS = [
    "look",
    "type",
    *["pay"] * 4,
    *["act"] * 9,
    *["act_silently"] * 2,
    *["minutes"] * 2,
    "a_day",
    "click_start_again",
    *["pay_in_old_tab"] * 2,
    *["try_another_card"] * 4,
    *["cancel_or_extend"] * 4,
    *["come_back_from_challenge"] * 2,
    "order_arrives_again",
    *["outcome_arrives"] * 2,
    *["client_body_sends_bill_again"] * 2,
    *["capture_or_void"] * 3,
    *["refund"] * 4,
    "charge_back",
    "withdraw_case",
    "answer_case",
    "clearing_comes",
]
"""What may happen, the likelier the more often it stands here."""

anyone = st.integers(min_value=0, max_value=10**6)


class Payments(MoneyMoves, RuleBasedStateMachine):
    """Payers, a client body, a network, a clock."""

    @initialize(delayed=st.booleans())
    def open(self, delayed: bool) -> None:
        ROOM.clean()
        capture = "delayed" if delayed else "at_once"
        # Nobody is asked for a puzzle here: the guard has tests of its own.
        section = {"capture": capture, "guard": {"mode": "watch"}}
        self.world = World(ROOM.own_folder, metropolitan_tax=section)
        self.world.enter()
        self.bills = self.world.add_bills(BILLS)
        self.facts = [self.world.find(bill) for bill in self.bills]
        self.network = NetworkBook()
        self.money = self.network.money
        self.tabs: list[tuple[str, str, int]] = []
        self.orders: list[Any] = []
        self.outcomes: list[Any] = []
        self.cards = self.acted = self.said = 0

    def _try(self, act: Any) -> None:
        try:
            act()
        except Refusal as refusal:
            assert refusal.code in EXPECTED, refusal

    def _tab(self, number: int) -> tuple[str, str, int]:
        # Mostly the newest tab: old ones are over.
        return self.tabs[number % len(self.tabs) if number % 5 == 0 else -1]

    @rule(what=st.sampled_from(HAPPENINGS), number=anyone)
    def something_happens(self, what: str, number: int) -> None:
        """One rule, so that every run is long: with many, most runs wait for one that is shut."""
        match what:
            case "look" | "type" | "pay":
                self.open_tab(number, ("look", "type", "pay").index(what))
            case "act" | "act_silently":
                self.network_acts(number, heard=what == "act")
            case "minutes" | "a_day":
                self.time_passes(1_500 if what == "a_day" else (1, 6, 11, 25)[number % 4])
            case _:
                if self.tabs:
                    getattr(self, what)(number)

    def open_tab(self, number: int, upto: int = 0) -> None:
        """0: only looked at the card form, 1: entered a card, 2: said "pay" too."""
        key, bill = f"key-{len(self.tabs)}", number % BILLS

        def act() -> None:
            started = self.world.start(self.facts[bill], key, sealed_email=None)
            self.tabs.append((started.payment_id, key, bill))
            if upto:
                self._enter_card(started.payment_id)
            if upto == 2:
                self.world.confirm(started.payment_id)

        self._try(act)

    def _enter_card(self, payment_id: str) -> None:
        self.cards += 1
        self._try(lambda: self.world.enter_card(payment_id, f"card_{self.cards}"))

    def click_start_again(self, number: int) -> None:
        payment_id, key, bill = self._tab(number)
        again = self.world.start(self.facts[bill], key, sealed_email=None)
        assert again.payment_id == payment_id

    def pay_in_old_tab(self, number: int) -> None:
        payment_id = self._tab(number)[0]
        if number % 2:
            self._enter_card(payment_id)
        self.world.confirm(payment_id)

    def try_another_card(self, number: int) -> None:
        payment_id = self._tab(number)[0]
        message = payments.ReopenCardForm(
            payment_id=payment_id,
            parent_origin="http://localhost:7001",
            return_url="http://localhost:7001/x",
        )
        self._try(lambda: self.world.say(TAX, message))
        self._enter_card(payment_id)
        self.world.confirm(payment_id)

    def cancel_or_extend(self, number: int) -> None:
        kind = (payments.CancelPayment, payments.ExtendPayment)[number % 2]
        self._try(lambda: self.world.say(TAX, kind(payment_id=self._tab(number // 2)[0])))

    def come_back_from_challenge(self, number: int) -> None:
        self.world.say(
            TAX, payments.FinishChallenge(payment_id=self._tab(number // 2)[0], cres="cres")
        )

    def network_acts(self, choice: int, *, heard: bool = True) -> None:
        """Act on what was ordered; ``heard``: and say what came of it, else it is late."""
        self._take_orders()
        while self.acted < len(self.orders):
            self._act(self.orders[self.acted], choice)
            self.acted += 1
        if heard:
            self._say_outcomes()

    def _take_orders(self) -> None:
        self.orders += [told for told in self.world.deliver() if isinstance(told, ORDERS)]

    def _say_outcomes(self) -> None:
        while self.said < len(self.outcomes):
            self.world.say(NETWORK, self.outcomes[self.said])
            self.said += 1

    def _act(self, order: Any, choice: int) -> None:
        self.outcomes += self.network.act(order, choice)

    def order_arrives_again(self, number: int) -> None:
        if self.acted:
            self._act(self.orders[number % self.acted], number)

    def outcome_arrives(self, number: int) -> None:
        """Out of its turn, or once more."""
        if self.outcomes:
            # One that overtook the one before is said again in its turn.
            with suppress(TooEarly):
                self.world.say(NETWORK, self.outcomes[number % len(self.outcomes)])

    def time_passes(self, minutes: int) -> None:
        self.world.later(minutes=minutes)
        sweep(self.world.room)

    def client_body_sends_bill_again(self, number: int) -> None:
        bill = self.bills[self._tab(number // 2)[2]]
        row = msgspec.structs.replace(bill, withdrawn=number % 2 == 1, line=2)
        self.world.import_rows("bills", [row], skip_bad=True)

    @invariant()
    def books_are_right(self) -> None:
        if not hasattr(self, "world"):
            return
        verified = self.world.books()
        assert verified.ok, verified.faults
        taken = [key for key, held in self.network.held.items() if held == "captured"]
        bill_of = {payment_id: bill for payment_id, _, bill in self.tabs}
        paid = [bill_of[payment_id] for payment_id, _ in taken]
        assert len(paid) == len(set(paid)), "a bill was charged twice"
        self._ledger_knows_no_more_than_happened()

    def _ledger_knows_no_more_than_happened(self) -> None:
        """The network acts first, its word comes later: what is posted has happened there."""
        for kind, payment_id, about, yen in rows_of(
            "SELECT kind, payment_id, about, amount_yen FROM transfer WHERE kind"
            " IN ('posted', 'refund_posted', 'dispute_opened', 'dispute_won', 'settled')"
        ):
            match kind:
                case "posted":
                    assert self.money.captured[payment_id] == yen
                case "refund_posted":
                    assert self.money.refunds[about] == (payment_id, yen, True)
                case "dispute_opened":
                    assert self.money.cases[about][:2] == (payment_id, yen)
                case "dispute_won":
                    assert self.money.cases[about] == (payment_id, yen, "won")
                case "settled":
                    assert ("capture", payment_id) in self.money.paid

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self._run_out()
            self._both_books_agree()
            self._history_is_whole()
        finally:
            self.world.leave()

    def _run_out(self) -> None:
        """Everything that is under way ends: all orders acted on, all outcomes said, days pass, the
        clearing has it all."""
        for _ in range(14):
            for _ in range(6):
                self.network_acts(0)
            self.time_passes(1_500)
        self.clearing_comes(1)

    def _both_books_agree(self) -> None:
        verified = self.world.books()
        assert verified.ok, verified.faults
        assert verified.linked == verified.transfers
        states = dict(rows_of("SELECT id, state FROM payment"))
        posted = {row[0] for row in rows_of("SELECT payment_id FROM transfer WHERE kind='posted'")}
        taken = {key[0] for key, held in self.network.held.items() if held == "captured"}
        assert taken == posted == {i for i, state in states.items() if state == "settled"}
        still_held = [key for key, held in self.network.held.items() if held == "held"]
        assert not still_held, f"money is held for nothing: {still_held}, {states}"
        assert set(states.values()) <= ENDS
        # All is paid out: nothing is owed by or to payers and the network, the rest is in the bank.
        sums = accounts()
        bank = sums.pop("bank", 0)
        assert bank == self.money.in_the_bank()
        assert sum(sums.values()) == -bank and set(sums) <= {"client_body", "fee", "tax"}
        with patch.object(reconcile, "MARGIN", timedelta(days=3_650)):
            found = reconcile.reconcile_day(clock.business_date(clock.now()), by_itself=False)
        assert not found.differences, found.differences
        assert not posted or found.money_yen["captured"] == sum(self.money.captured.values())
        notes = rows_of("SELECT operator_note FROM payment WHERE operator_note <> ''")
        assert not notes, notes

    def _history_is_whole(self) -> None:
        known = {tuple(map(str, edge)) for edge in EDGES}
        events = rows_of("SELECT from_state, to_state, event, moved_by FROM payment_event")
        for source, target, event, by in events:
            assert (source, target, event) in known
            assert by


TestPayments = Payments.TestCase
TestPayments.settings = settings(
    max_examples=15,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


NOT_BY_BILLS = {
    "card_good",
    "taken_back",
    "overtaken",
    "refused_by_guard",
    "operator_honoured",
    "operator_ended",
    "charge_asked",
    "paper_checked",
}
"""Events of enrolments, of a connector that undoes by itself, of a true race, of the guard, of
operators: each has a test of its own."""


def test_long_walks_take_every_edge_and_the_money_stays_right() -> None:
    taken: set[tuple[str, str, str]] = set()
    kinds: set[str] = set()
    for seed in range(12):
        chance = random.Random(seed)
        machine = Payments()
        machine.open(delayed=seed % 2 == 1)
        for step in range(280):
            machine.something_happens(chance.choice(HAPPENINGS), chance.randrange(10**6))
            if step % 16 == 0:
                machine.books_are_right()
        machine.teardown()
        taken |= set(rows_of("SELECT from_state, to_state, event FROM payment_event"))
        kinds |= {row[0] for row in rows_of("SELECT kind FROM transfer")}
    wanted = {tuple(map(str, edge)) for edge in EDGES if edge.event not in NOT_BY_BILLS}
    missing = {edge for edge in wanted - taken if edge[:2] != ("check_approved", "checked")}
    assert not missing, sorted(missing)
    assert kinds == set(EVIDENCE_OF.values()) - {"correction", "payout_posted"} | {
        "pending",
        "voided",
        "expired",
        "refund_pending",
        "refund_voided",
    }
