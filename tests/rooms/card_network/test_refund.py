"""Refunds: within the capture, given back once however often they are said, told once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from django.db import connection

from sekisho.card_network import orders
from sekisho.crossings import card_network as asked
from sekisho.crossings import payments as told
from sekisho.simulators.test_cards import describe
from sekisho.transport.answers import Answered
from tests.rooms.card_network.both_sides import CALM, HASTY, MERCHANT, Both, in_thread, joined
from tests.rooms.card_network.test_capture_and_reverse import GOOD, captured

pytestmark = pytest.mark.usefixtures("clean")

SILENT = next(one.number for one in describe() if one.network == "refund_silent_once")
REFUSED = next(one.number for one in describe() if one.network == "refund_refused")


def refund_of(payment_id: str, refund_id: str, amount_yen: int) -> asked.Refund:
    return asked.Refund(
        payment_id=payment_id,
        attempt=1,
        refund_id=refund_id,
        merchant_id=MERCHANT,
        amount_yen=amount_yen,
    )


async def refunded(
    both: Both, payment_id: str, refund_id: str, amount_yen: int
) -> told.RefundOutcome:
    message = refund_of(payment_id, refund_id, amount_yen)
    assert isinstance(await both.send(message), Answered)
    outcomes = await both.outcomes(payment_id, told.RefundOutcome)
    while not (found := [one for one in outcomes if one.refund_id == refund_id]):
        await asyncio.sleep(0.02)
        outcomes = await both.outcomes(payment_id, told.RefundOutcome)
    return found[0]


def given_back(both: Both, payment_id: str) -> list[int]:
    return [one.amount for one in both.entries(payment_id) if one.state == "refunded"]


@pytest.mark.parametrize(
    ("number", "result", "code", "back"),
    [
        (GOOD, "refunded", "00", [345]),
        (SILENT, "refunded", "00", [345]),
        (REFUSED, "refused", "57", []),
    ],
)
def test_a_refund_ends_as_the_network_says(
    number: str, result: str, code: str, back: list[int], tmp_path: Path
) -> None:
    async def story() -> None:
        async with joined(tmp_path, HASTY if number == SILENT else CALM) as both:
            payment_id = (await captured(both, number)).payment_id
            outcome = await refunded(both, payment_id, "re_1", 345)
            assert (outcome.result, outcome.response_code) == (result, code)
            assert given_back(both, payment_id) == back
            order = await both.order(payment_id, "refund")
            assert outcome.network_reference == order.retrieval_reference

    asyncio.run(story())


def test_several_refunds_share_a_capture_and_never_exceed_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            payment_id = (await captured(both, GOOD)).payment_id
            assert (await refunded(both, payment_id, "re_1", 12_000)).result == "refunded"
            refused = await both.send(refund_of(payment_id, "re_2", 346))
            assert (refused.code, refused.field) == ("amount_invalid", "amount_yen")
            assert (await refunded(both, payment_id, "re_3", 345)).result == "refunded"
            assert sorted(given_back(both, payment_id)) == [345, 12_000]

    asyncio.run(story())


def test_a_refund_said_again_is_one_refund_told_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            payment_id = (await captured(both, GOOD)).payment_id
            outcome = await refunded(both, payment_id, "re_1", 12_345)
            assert isinstance(await both.send(refund_of(payment_id, "re_1", 12_345)), Answered)
            assert await both.outcomes(payment_id, told.RefundOutcome) == [outcome] * 2
            refused = await both.send(refund_of(payment_id, "re_1", 1))
            assert (refused.code, refused.field) == ("order_differs", "refund_id")
            assert given_back(both, payment_id) == [12_345]

    asyncio.run(story())


def test_what_is_not_captured_is_not_refunded(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            payment_id = (await both.authorise(GOOD)).payment_id
            for unknown in (payment_id, "pay_none"):
                refused = await both.send(refund_of(unknown, "re_1", 1))
                assert (refused.code, refused.field) == ("not_captured", "payment_id")
            refused = await both.send(refund_of(payment_id, "x" * 41, 1))
            assert refused.field == "refund_id"

    asyncio.run(story())


def test_an_unknown_refund_is_told_and_asked_for_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path, HASTY) as both:
            payment_id = (await captured(both, GOOD)).payment_id
            await both.host.stop()
            both.connector.patience = CALM  # nobody answers now: only the number of tries counts
            assert isinstance(await both.send(refund_of(payment_id, "re_1", 1)), Answered)
            order = await both.order(payment_id, "refund")
            await in_thread(lambda: orders.tell_unknown(order))
            await in_thread(lambda: orders.give_up(order))
            await both.restart_network()
            assert isinstance(await both.send(refund_of(payment_id, "re_1", 1)), Answered)
            outcome = await both.outcome(payment_id, told.RefundOutcome)
            assert outcome.result == "refunded"
            results = [one.result for one in await both.outcomes(payment_id, told.RefundOutcome)]
            assert results[0] == "unknown"
            assert set(results[1:]) == {"refunded"}
            assert given_back(both, payment_id) == [1]

    asyncio.run(story())


def test_the_database_refuses_refunds_over_the_capture(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            payment_id = (await captured(both, GOOD)).payment_id
            await both.kill_connector()
            authorisation = await both.order(payment_id, "authorise")
            now = both.connector.now()

            def take(refund_id: str, amount_yen: int) -> None:
                message = refund_of(payment_id, refund_id, amount_yen)
                orders.take(message, now=now, original=authorisation)

            await in_thread(lambda: take("re_1", 12_345))
            await in_thread(lambda: take("re_1", 12_345))
            with pytest.raises(Exception, match="exceed its capture"):
                await in_thread(lambda: take("re_2", 1))
            await both.start_connector()

    asyncio.run(story())
    connection.close()
