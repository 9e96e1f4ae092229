"""The conversation under every fault at once: drops, delays, duplicates, reordering, garbage, cuts,
answers to reversed messages, and both sides killed at any moment.

Whatever happened, once the faults are over every authorisation has one final outcome, what payments
was told is what the network's book says, and nobody was charged twice."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from sekisho.card_network import orders
from sekisho.card_network.records.models import Order
from sekisho.crossings import card_network as asked
from sekisho.crossings import payments as told
from sekisho.simulators.card_network.book import double_charges, read_book
from sekisho.simulators.card_network.faults import Faults, write_faults
from sekisho.simulators.test_cards import describe, load_number
from tests.rooms.card_network.both_sides import HASTY, MERCHANT, Both, in_thread, until
from tests.rooms.open_room import opened

EXAMPLES = int(os.environ.get("SEKISHO_MACHINE_EXAMPLES", "8"))
STEPS = 14

CARDS = [card.number for card in describe()] + [load_number(serial) for serial in range(20)]

often = st.sampled_from([0.0, 0.0, 0.2, 0.5])
faults = st.builds(
    Faults,
    seed=st.integers(0, 2**32),
    latency_s=st.sampled_from([0.0, 0.0, 0.05, 0.6]),
    late_after_s=st.just(0.6),
    drop_request=often,
    drop_answer=often,
    delay=often,
    delay_s=st.sampled_from([0.05, 0.6]),
    duplicate=often,
    reorder=often,
    garbage=often,
    cut=st.sampled_from([0.0, 0.0, 0.1]),
)


class Conversation(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        for room in opened:
            room.clean()
        self.folder = tempfile.TemporaryDirectory(prefix="sekisho-conversation-")
        self.resume_after_s = orders.RESUME_AFTER_S
        orders.RESUME_AFTER_S = 0.3  # so that fresh and found orders meet
        self.loop = asyncio.new_event_loop()
        self.both = Both(Path(self.folder.name), replace(HASTY, answer_s=0.4, ready_s=1.0))
        self.payments: list[str] = []
        self.captures: set[str] = set()
        self.loop.run_until_complete(self.both.open())

    def play(self, seconds: float = 0.0) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds))

    @rule(faults=faults)
    def the_network_misbehaves(self, faults: Faults) -> None:
        write_faults(self.both.folder / "network", faults)

    @rule(numbers=st.lists(st.sampled_from(CARDS), min_size=1, max_size=8))
    def payers_pay(self, numbers: list[str]) -> None:
        for number in numbers:
            order = self.both.authorisation(number)
            self.payments.append(order.payment_id)
            self.loop.run_until_complete(self.both.send(order))

    @rule(serial=st.integers(0, 1_000), again=st.booleans())
    def payments_captures(self, serial: int, again: bool) -> None:
        if self.payments:
            payment_id = self.payments[serial % len(self.payments)]
            message = asked.Capture(
                payment_id=payment_id, attempt=1, merchant_id=MERCHANT, amount_yen=12_345
            )
            for _ in range(1 + again):
                self.loop.run_until_complete(self.both.send(message))

    @rule(serial=st.integers(0, 1_000))
    def payments_reverses(self, serial: int) -> None:
        if self.payments:
            payment_id = self.payments[serial % len(self.payments)]
            message = asked.Reverse(
                payment_id=payment_id, attempt=1, merchant_id=MERCHANT, reason="cancelled"
            )
            self.loop.run_until_complete(self.both.send(message))

    @rule(serial=st.integers(0, 1_000))
    def payments_inquires(self, serial: int) -> None:
        if self.payments:
            payment_id = self.payments[serial % len(self.payments)]
            message = asked.Inquire(payment_id=payment_id, attempt=1, merchant_id=MERCHANT)
            self.loop.run_until_complete(self.both.send(message))

    @rule(seconds=st.sampled_from([0.0, 0.05, 0.3]))
    def time_passes(self, seconds: float) -> None:
        self.play(seconds)

    @rule()
    def the_line_breaks(self) -> None:
        self.both.host.cut_connections()

    @rule()
    def the_network_restarts(self) -> None:
        self.loop.run_until_complete(self.both.restart_network())

    @rule()
    def the_connector_is_killed(self) -> None:
        self.loop.run_until_complete(self._kill())

    async def _kill(self) -> None:
        await self.both.kill_connector()
        await self.both.start_connector()

    def teardown(self) -> None:
        if not hasattr(self, "both"):
            return
        try:
            self.loop.run_until_complete(self._settle())
        finally:
            self.loop.run_until_complete(self.both.close())
            self.loop.close()
            orders.RESUME_AFTER_S = self.resume_after_s
            self.folder.cleanup()

    async def _settle(self) -> None:
        write_faults(self.both.folder / "network", Faults(late_after_s=0.6))

        async def all_done() -> bool:
            return not await in_thread(Order.objects.filter(result="").exists)

        await until(all_done)
        entries = read_book(self.both.folder / "network")
        assert double_charges(entries) == []
        holding = {entry.reference: entry for entry in entries if entry.stands}
        assert len(holding) == sum(entry.stands for entry in entries)
        for payment_id in self.payments:
            finals = await self._finals(payment_id, told.AuthorisationOutcome)
            assert len(set(finals)) == 1, finals
            reversals = await self._finals(payment_id, told.ReversalOutcome)
            captures = await self._finals(payment_id, told.CaptureOutcome)
            assert len(set(reversals)) <= 1
            assert len(set(captures)) <= 1
            entry = holding.get(payment_id.upper())
            assert (entry is not None) == (finals[0] == "approved" and "reversed" not in reversals)
            captured = entry is not None and entry.state == "captured"
            assert captured == ("captured" in captures)
        releases = Counter(self.both.vault.spent)
        assert max(releases.values(), default=0) <= 1

    async def _finals(self, payment_id: str, kind: type) -> list[str]:
        outcomes = await self.both.outcomes(payment_id, kind)
        return [one.result for one in outcomes if one.result != "unknown"]


Conversation.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # real time: shrinking takes for ever
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
TestConversation = Conversation.TestCase
