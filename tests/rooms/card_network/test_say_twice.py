"""3-D Secure said twice: one authentication, one challenge, the same outcome."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sekisho.card_network.records.models import Authentication
from sekisho.crossings import card_network as asked
from sekisho.crossings import payments as told
from sekisho.transport.answers import Answered
from tests.rooms.card_network.both_sides import in_thread, joined
from tests.rooms.card_network.test_three_d_secure import (
    CHALLENGED,
    authentication_of,
)

pytestmark = pytest.mark.usefixtures("clean")

GOOD = "4111111111111111"


def test_an_authenticate_said_again_is_one_told_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            order = authentication_of(both, GOOD, "pay_1")
            assert isinstance(order, asked.Authenticate)
            answers = await asyncio.gather(*(both.send(order) for _ in range(5)))
            assert all(isinstance(answer, Answered) for answer in answers)
            first = await both.outcome("pay_1", told.AuthenticationOutcome)
            assert isinstance(await both.send(order), Answered)
            outcomes = await both.outcomes("pay_1", told.AuthenticationOutcome)
            assert all(outcome == first for outcome in outcomes)
            assert await in_thread(Authentication.objects.count) == 1

    asyncio.run(story())


def test_a_challenge_returned_twice_ends_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            assert isinstance(
                await both.send(authentication_of(both, CHALLENGED, "pay_1")), Answered
            )
            await both.outcome("pay_1", told.AuthenticationOutcome)
            back = asked.ChallengeReturned(payment_id="pay_1", attempt=1, cres="e30")
            for _ in range(3):
                assert isinstance(await both.send(back), Answered)
            await both.outcome("pay_1", told.AuthenticationOutcome, but=("challenge",))
            assert isinstance(await both.send(back), Answered)
            outcomes = await both.outcomes("pay_1", told.AuthenticationOutcome)
            ends = [one for one in outcomes if one.result != "challenge"]
            assert len(ends) == 1

    asyncio.run(story())
