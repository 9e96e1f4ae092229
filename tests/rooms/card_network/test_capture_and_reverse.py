"""Captures and reversals: taken once by the network, told once to payments."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from sekisho.crossings import card_network as asked
from sekisho.crossings import payments as told
from sekisho.simulators.test_cards import describe
from sekisho.transport.answers import Answered
from tests.rooms.card_network.both_sides import CALM, HASTY, MERCHANT, Both, joined

pytestmark = pytest.mark.usefixtures("clean")

GOOD = "4111111111111111"
SILENT_CAPTURE = next(one.number for one in describe() if one.network == "capture_silent_once")
REFUSED_CAPTURE = next(one.number for one in describe() if one.network == "capture_refused")


def capture_of(payment_id: str, amount_yen: int = 12_345, attempt: int = 1) -> asked.Capture:
    return asked.Capture(
        payment_id=payment_id, attempt=attempt, merchant_id=MERCHANT, amount_yen=amount_yen
    )


def reversal_of(payment_id: str) -> asked.Reverse:
    return asked.Reverse(payment_id=payment_id, attempt=1, merchant_id=MERCHANT, reason="cancelled")


async def captured(both: Both, number: str, **more: int) -> told.CaptureOutcome:
    payment_id = (await both.authorise(number)).payment_id
    assert isinstance(await both.send(capture_of(payment_id, **more)), Answered)
    return await both.outcome(payment_id, told.CaptureOutcome)


@pytest.mark.parametrize(
    ("number", "amount_yen", "result", "code", "taken"),
    [
        (GOOD, 12_345, "captured", "00", 12_345),
        (GOOD, 345, "captured", "00", 345),
        (SILENT_CAPTURE, 12_345, "captured", "00", 12_345),
        (REFUSED_CAPTURE, 12_345, "refused", "57", 0),
    ],
)
def test_a_capture_ends_as_the_network_says(
    number: str, amount_yen: int, result: str, code: str, taken: int, tmp_path: Path
) -> None:
    async def story() -> None:
        async with joined(tmp_path, HASTY if number == SILENT_CAPTURE else CALM) as both:
            outcome = await captured(both, number, amount_yen=amount_yen)
            assert (outcome.result, outcome.response_code) == (result, code)
            (entry,) = both.entries(outcome.payment_id)
            assert entry.captured == taken

    asyncio.run(story())


def test_a_capture_said_again_is_taken_once_and_told_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            outcome = await captured(both, GOOD)
            assert isinstance(await both.send(capture_of(outcome.payment_id)), Answered)
            assert await both.outcomes(outcome.payment_id, told.CaptureOutcome) == [outcome] * 2
            (entry,) = both.entries(outcome.payment_id)
            assert entry.captured == 12_345

    asyncio.run(story())


def test_a_capture_needs_an_approved_authorisation_that_covers_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            declined = await both.authorise("4000005100000000")
            good = await both.authorise(GOOD)
            refused = await both.send(capture_of(declined.payment_id))
            assert refused.code == "authorisation_unknown"
            assert (await both.send(capture_of("pay_none"))).code == "authorisation_unknown"
            second = capture_of(good.payment_id, attempt=2)
            assert (await both.send(second)).code == "authorisation_unknown"
            refused = await both.send(capture_of(good.payment_id, 12_346))
            assert (refused.code, refused.field) == ("amount_invalid", "amount_yen")
            refused = await both.send(capture_of(good.payment_id, 0))
            assert (refused.code, refused.field) == ("amount_invalid", "amount_yen")
            assert both.entries(good.payment_id)[0].captured == 0

    asyncio.run(story())


def test_an_authorisation_is_given_back_once_and_then_not_captured(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            payment_id = (await both.authorise(GOOD)).payment_id
            reversal = reversal_of(payment_id)
            assert isinstance(await both.send(reversal), Answered)
            outcome = await both.outcome(payment_id, told.ReversalOutcome)
            assert (outcome.result, outcome.response_code) == ("reversed", "00")
            again = msgspec.structs.replace(reversal, reason="time_out")
            assert isinstance(await both.send(again), Answered)
            assert await both.outcomes(payment_id, told.ReversalOutcome) == [outcome] * 2
            assert both.entries(payment_id)[0].state == "reversed"
            refused = await both.send(capture_of(payment_id))
            assert refused.code == "authorisation_reversed"

    asyncio.run(story())


def test_what_is_captured_is_not_reversed(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            outcome = await captured(both, GOOD)
            refused = await both.send(reversal_of(outcome.payment_id))
            assert refused.code == "authorisation_captured"
            assert both.entries(outcome.payment_id)[0].state == "captured"

    asyncio.run(story())


@pytest.mark.parametrize("number", ["4000005100000000", "4000010200000009", None])
def test_nothing_held_is_nothing_to_reverse(number: str | None, tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path, HASTY) as both:
            payment_id = "pay_none"
            if number is not None:
                payment_id = (await both.authorise(number)).payment_id
            await both.send(reversal_of(payment_id))
            outcome = await both.outcome(payment_id, told.ReversalOutcome)
            assert outcome.result == "nothing_to_reverse"

    asyncio.run(story())


def test_captures_are_held_while_the_network_is_away(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            payment_id = (await both.authorise(GOOD)).payment_id
            await both.host.stop()
            assert isinstance(await both.send(capture_of(payment_id)), Answered)
            await asyncio.sleep(0.05)
            await both.restart_network()
            outcome = await both.outcome(payment_id, told.CaptureOutcome)
            assert outcome.result == "captured"

    asyncio.run(story())
