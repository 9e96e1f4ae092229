"""A process that dies at any line loses no order and takes none twice.

``dies_at`` ends the work on an order at a chosen line, as kill -9 does; then the process is started
again on the same records and the network on its same book."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sekisho.card_network import authorise as authorise_story
from sekisho.card_network import orders, undo
from sekisho.card_network.connection import NetworkLink
from sekisho.card_network.records.models import Order
from sekisho.crossings import card_network as asked
from sekisho.crossings import payments as told
from tests.rooms.card_network.both_sides import (
    CALM,
    HASTY,
    MERCHANT,
    Both,
    in_thread,
    joined,
    until,
)

pytestmark = pytest.mark.usefixtures("clean")

GOOD, SILENT, DECLINED = "4111111111111111", "4000010100000000", "4000005100000000"


@pytest.fixture(autouse=True)
def resumes_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "RESUME_AFTER_S", 0.5)


class Killed(BaseException):
    """Not an ``Exception``: nothing in the process can act on it."""


class Trap:
    """Ends the work the first time that the trapped function is reached or returns."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, holder: Any, name: str, *, after: bool):
        self.sprung = False
        self._real: Callable[..., Any] = getattr(holder, name)
        self._after = after
        spring = self._spring_async if asyncio.iscoroutinefunction(self._real) else self._spring
        monkeypatch.setattr(holder, name, spring())

    def _spring(self) -> Callable[..., Any]:
        def trapped(*args: Any, **more: Any) -> Any:
            if self.sprung:
                return self._real(*args, **more)
            self.sprung = True
            if self._after:
                self._real(*args, **more)
            raise Killed

        return trapped

    def _spring_async(self) -> Callable[..., Any]:
        async def trapped(*args: Any, **more: Any) -> Any:
            if self.sprung:
                return await self._real(*args, **more)
            self.sprung = True
            if self._after:
                await self._real(*args, **more)
            raise Killed

        return trapped


async def resumed(both: Both, trap: Trap) -> None:
    async def sprung() -> bool:
        return trap.sprung

    await until(sprung)
    await asyncio.sleep(0.05)
    await both.kill_connector()
    await both.start_connector()


@pytest.mark.parametrize(
    ("holder", "name", "after", "number", "result"),
    [
        (authorise_story, "release", False, GOOD, "approved"),
        (authorise_story, "release", True, GOOD, "not_sent"),
        (NetworkLink, "send", False, GOOD, "not_sent"),
        (NetworkLink, "send", True, GOOD, "approved"),
        (NetworkLink, "send", True, DECLINED, "declined"),
        (authorise_story, "_wait_for_answer", False, GOOD, "approved"),
        (authorise_story, "_write_answer", False, GOOD, "approved"),
        (authorise_story, "_write_answer", True, GOOD, "approved"),
        (authorise_story, "undo", False, SILENT, "approved"),
        (undo, "say_undo", False, SILENT, "reversed"),
        (undo, "say_undo", True, SILENT, "reversed"),
        (undo, "say_once", True, SILENT, "reversed"),
    ],
)
def test_an_authorisation_cut_off_ends_once_and_rightly(
    holder: Any,
    name: str,
    after: bool,
    number: str,
    result: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trap = Trap(monkeypatch, holder, name, after=after)

    async def story() -> None:
        async with joined(tmp_path, HASTY if number == SILENT else CALM) as both:
            order = both.authorisation(number)
            await both.send(order)
            await resumed(both, trap)
            outcome = await both.outcome(order.payment_id, told.AuthorisationOutcome)
            assert outcome.result == result
            await asyncio.sleep(0.2)
            finals = await both.outcomes(order.payment_id, told.AuthorisationOutcome)
            assert [one.result for one in finals if one.result != "unknown"] == [result]
            standing = [entry for entry in both.entries(order.payment_id) if entry.stands]
            assert len(standing) == (result == "approved")
            assert len(both.entries(order.payment_id)) <= 1

    asyncio.run(story())


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kind", ["capture", "reverse"])
def test_a_capture_or_reversal_cut_off_is_said_again_with_the_same_trace_number(
    kind: str, after: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            payment_id = (await both.authorise(GOOD)).payment_id
            trap = Trap(monkeypatch, NetworkLink, "send", after=after)
            facts = {"payment_id": payment_id, "attempt": 1, "merchant_id": MERCHANT}
            if kind == "capture":
                await both.send(asked.Capture(amount_yen=12_345, **facts))
            else:
                await both.send(asked.Reverse(reason="cancelled", **facts))
            first = await both.order(payment_id, kind)
            await resumed(both, trap)
            outcome_kind = told.CaptureOutcome if kind == "capture" else told.ReversalOutcome
            outcome = await both.outcome(payment_id, outcome_kind)
            assert outcome.result == ("captured" if kind == "capture" else "reversed")
            (entry,) = both.entries(payment_id)
            assert entry.state == outcome.result
            again = await both.order(payment_id, kind)
            assert (again.trace_number, again.sent_at) == (first.trace_number, first.sent_at)

    asyncio.run(story())


def test_an_approval_found_too_late_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = Trap(monkeypatch, authorise_story, "_write_answer", after=False)

    async def story() -> None:
        async with joined(tmp_path, replace(CALM, honour_s=0.0)) as both:
            order = both.authorisation(GOOD)
            await both.send(order)
            await resumed(both, trap)
            outcome = await both.outcome(order.payment_id, told.AuthorisationOutcome)
            assert outcome.result == "reversed"
            assert both.entries(order.payment_id)[0].state == "reversed"

    asyncio.run(story())


def test_the_database_refuses_to_approve_what_is_being_undone(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            await both.kill_connector()
            now = both.connector.now()
            order, _ = await in_thread(lambda: orders.take(both.authorisation(GOOD), now=now))
            await in_thread(lambda: orders.begin_undo(order, now=now))
            with pytest.raises(Exception, match="being undone"):
                await in_thread(lambda: orders.finish(order, "approved", now=now))
            await in_thread(lambda: orders.finish(order, "reversed", now=now))
            await in_thread(lambda: orders.finish(order, "approved", now=now))
            assert (await both.order(order.payment_id, "authorise")).result == "reversed"
            await both.start_connector()

    asyncio.run(story())


def test_the_database_refuses_to_change_what_is_done(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            outcome = await both.authorise(GOOD)
            done = Order.objects.filter(payment_id=outcome.payment_id)
            with pytest.raises(Exception, match="is done"):
                await in_thread(lambda: done.update(result="declined"))
            with pytest.raises(Exception, match="permission denied"):
                await in_thread(lambda: done.update(amount_yen=1))
            with pytest.raises(Exception, match="permission denied"):
                await in_thread(lambda: done.delete())

    asyncio.run(story())
