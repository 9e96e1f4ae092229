"""The conversation under every fault at once: drops, delays, duplicates, reordering, garbage, cuts,
answers to reversed messages, refunds, chargebacks, and both sides killed at any moment.

Whatever happened, once the faults are over every order has one final outcome, what payments was
told is what the network's book says, nobody was charged twice and nothing given back twice."""

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
from sekisho.card_network.records.models import Chargeback, Order
from sekisho.crossings import card_network as asked
from sekisho.crossings import payments as told
from sekisho.simulators.card_network.book import Entry, double_charges, read_book
from sekisho.simulators.card_network.disputes import FRAUD_REASON, OTHER_REASON, Disputes
from sekisho.simulators.card_network.faults import Faults, write_faults
from sekisho.simulators.test_cards import describe, load_number
from tests.rooms.card_network.both_sides import HASTY, MERCHANT, Both, in_thread, until
from tests.rooms.open_room import opened

EXAMPLES = int(os.environ.get("SEKISHO_MACHINE_EXAMPLES", "8"))
STEPS = 18
AMOUNT_YEN = 12_345

CARDS = [card.number for card in describe()] + [load_number(serial) for serial in range(20)]

CHARGEABLE = [load_number(1), load_number(2)] + [
    card.number
    for card in describe()
    if card.network in ("refund_silent_once", "refund_refused", "charged_back")
]

often = st.sampled_from([0.0, 0.0, 0.2, 0.5])
faults = st.builds(
    Faults,
    seed=st.integers(0, 2**32),
    latency_s=st.sampled_from([0.0, 0.0, 0.05, 0.6]),
    late_after_s=st.just(0.6),
    chargeback_after_s=st.just(0.3),
    decide_after_s=st.sampled_from([0.1, 0.5]),
    drop_request=often,
    drop_answer=often,
    delay=often,
    delay_s=st.sampled_from([0.05, 0.6]),
    duplicate=often,
    reorder=often,
    garbage=often,
    cut=st.sampled_from([0.0, 0.0, 0.1]),
)


seen: Counter[str] = Counter()
"""What became of entries in all runs: a machine that never reaches a state proves nothing."""


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
        self.serial = 0
        self.loop.run_until_complete(self.both.open())
        for _ in range(2):  # so that there is something to give back and to dispute
            self.a_payment_goes_through(load_number(1))
        self.payments_refunds(serial=0, amount=100, again=False)
        self.a_cardholder_disputes(serial=1, share=3, fraud=True)

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
                payment_id=payment_id, attempt=1, merchant_id=MERCHANT, amount_yen=AMOUNT_YEN
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

    @rule(number=st.sampled_from(CHARGEABLE))
    def a_payment_goes_through(self, number: str) -> None:
        """So that there is something to refund and dispute; with faults it may not succeed."""
        order = self.both.authorisation(number)
        self.payments.append(order.payment_id)
        capture = asked.Capture(
            payment_id=order.payment_id, attempt=1, merchant_id=MERCHANT, amount_yen=AMOUNT_YEN
        )
        self.loop.run_until_complete(self.both.send(order))
        for kind, follower in ((told.AuthorisationOutcome, capture), (told.CaptureOutcome, None)):
            for _ in range(20):
                if self.loop.run_until_complete(self._finals(order.payment_id, kind)):
                    break
                self.play(0.05)
            if follower is not None:
                self.loop.run_until_complete(self.both.send(follower))

    @rule(serial=st.integers(0, 1_000), amount=st.integers(1, AMOUNT_YEN + 1), again=st.booleans())
    def payments_refunds(self, serial: int, amount: int, again: bool) -> None:
        if self.payments:
            self.serial += 1
            message = asked.Refund(
                payment_id=self.payments[serial % len(self.payments)],
                attempt=1,
                refund_id=f"re_{self.serial}",
                merchant_id=MERCHANT,
                amount_yen=amount,
            )
            for _ in range(1 + again):
                self.loop.run_until_complete(self.both.send(message))

    @rule(serial=st.integers(0, 1_000), share=st.integers(1, 3), fraud=st.booleans())
    def a_cardholder_disputes(self, serial: int, share: int, fraud: bool) -> None:
        captured = [
            one for one in self.both.host.book.entries() if one.state == "captured" and one.left
        ]
        if captured:
            entry = captured[serial % len(captured)]
            reason = FRAUD_REASON if fraud else OTHER_REASON
            Disputes(self.both.host.book, self.both.host.now).open(
                entry, amount=max(entry.left // share, 1), reason_code=reason
            )

    @rule(serial=st.integers(0, 1_000), contest=st.booleans(), again=st.booleans())
    def the_client_body_answers(self, serial: int, contest: bool, again: bool) -> None:
        cases = self.loop.run_until_complete(in_thread(lambda: list(Chargeback.objects.all())))
        if cases:
            case = cases[serial % len(cases)]
            message = asked.AnswerChargeback(
                payment_id=case.payment_id,
                attempt=1,
                case_number=case.case_number,
                merchant_id=MERCHANT,
                amount_yen=case.amount_yen,
                answer="contest" if contest else "accept",
                grounds="本人" if contest else "",
            )
            for _ in range(1 + again):
                self.loop.run_until_complete(self.both.send(message))

    @rule(serial=st.integers(0, 1_000), won=st.booleans())
    def the_network_decides(self, serial: int, won: bool) -> None:
        book = self.both.host.book
        heard = [
            one
            for one in book.entries()
            if one.case and not one.case.unanswered and one.state in ("open", "contested")
        ]
        if heard:
            Disputes(book, self.both.host.now).decide(heard[serial % len(heard)], won=won)

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
        write_faults(self.both.folder / "network", Faults(late_after_s=0.6, decide_after_s=0.1))

        async def all_done() -> bool:
            cared_for = [one for one in self.both.host.book.cared_for() if one.case]
            # A case whose day to answer by is far away may stay open; one that was heard of by
            # both sides and contested may not.
            busy = [one for one in cared_for if one.case.unanswered or one.state == "contested"]  # type: ignore[union-attr]
            return not busy and not await in_thread(Order.objects.filter(result="").exists)

        await until(all_done)
        await asyncio.sleep(0.5)  # a chargeback may begin by itself until now
        await until(all_done)
        entries = read_book(self.both.folder / "network")
        await self._check_authorisations(entries)
        for entry in entries:
            if entry.state == "captured":
                self._check_sums(entry, entries)
        for payment_id in self.payments:
            await self._check_refunds(payment_id, entries)
            await self._check_cases(payment_id, entries)
        seen.update(f"{entry.kind} {entry.state}" for entry in entries)
        releases = Counter(self.both.vault.spent)
        assert max(releases.values(), default=0) <= 1

    async def _check_authorisations(self, entries: list[Entry]) -> None:
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
            assert not ("captured" in captures and "reversed" in reversals)

    def _check_sums(self, captured: Entry, entries: list[Entry]) -> None:
        about = [one for one in entries if one.original == captured.key]
        refunded = sum(one.amount for one in about if one.state == "refunded")
        charged_back = sum(one.amount for one in about if one.case and one.state != "won")
        assert (refunded, charged_back) == (captured.refunded, captured.charged_back)
        assert 0 <= captured.left <= captured.captured <= captured.amount

    async def _check_refunds(self, payment_id: str, entries: list[Entry]) -> None:
        refunds = await in_thread(
            lambda: list(Order.objects.filter(payment_id=payment_id, kind="refund"))
        )
        outcomes = await self.both.outcomes(payment_id, told.RefundOutcome)
        for order in refunds:
            said = {one.result for one in outcomes if one.refund_id == order.part} - {"unknown"}
            assert said == {order.result}
            booked = [
                one.amount
                for one in entries
                if one.kind == "refund" and one.retrieval_reference == order.retrieval_reference
            ]
            assert booked == ([order.amount_yen] if order.result == "refunded" else [])
        assert {one.refund_id for one in outcomes} == {order.part for order in refunds}

    async def _check_cases(self, payment_id: str, entries: list[Entry]) -> None:
        received = await self.both.outcomes(payment_id, told.ChargebackReceived)
        ended = await self.both.outcomes(payment_id, told.DisputeEnded)
        cases = {
            one.case.number: one
            for one in entries
            if one.case and one.reference == payment_id.upper()
        }
        assert {one.case.refused_with for one in cases.values() if one.case} <= {""}
        assert sorted(one.case_number for one in received) == sorted(cases)
        for number, case in cases.items():
            results = {one.result for one in ended if one.case_number == number}
            assert results == ({case.state} if case.state in ("won", "lost") else set())

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


def test_the_machine_got_everywhere() -> None:
    print(dict(seen))
    assert seen["refund refunded"]
    assert any(seen[f"chargeback {state}"] for state in ("open", "accepted", "won", "lost"))
