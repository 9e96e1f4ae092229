"""Chargebacks: heard once, acknowledged after they are written down, answered, decided."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sekisho.crossings import card_network as asked
from sekisho.crossings import payments as told
from sekisho.simulators.card_network.book import Entry
from sekisho.simulators.card_network.disputes import OTHER_REASON, Disputes
from sekisho.simulators.card_network.faults import Faults, write_faults
from sekisho.simulators.test_cards import describe
from sekisho.transport.answers import Answered
from tests.rooms.card_network.both_sides import MERCHANT, Both, joined, until
from tests.rooms.card_network.test_capture_and_reverse import GOOD, captured
from tests.rooms.open_room import opened

pytestmark = pytest.mark.usefixtures("clean")

CHARGED_BACK = next(one.number for one in describe() if one.network == "charged_back")


def open_case(both: Both, payment_id: str, **more: Any) -> Entry:
    (entry,) = [one for one in both.entries(payment_id) if one.state == "captured"]
    return Disputes(both.host.book, both.host.now).open(entry, **more)


def answer(payment_id: str, case: Entry, how: str, **changed: Any) -> asked.AnswerChargeback:
    facts: dict[str, Any] = {
        "payment_id": payment_id,
        "attempt": 1,
        "case_number": case.key.trace,
        "merchant_id": MERCHANT,
        "amount_yen": case.amount,
        "answer": how,
        "grounds": "3-D セキュアで本人を確認した" if how == "contest" else "",
    }
    return asked.AnswerChargeback(**(facts | changed))


async def acknowledged(case: Entry) -> str:
    async def look() -> bool:
        assert case.case is not None
        return not case.case.unanswered

    await until(look)
    assert case.case is not None
    return case.case.refused_with or "00"


async def heard(both: Both, payment_id: str, **more: Any) -> Entry:
    case = open_case(both, payment_id, **more)
    assert await acknowledged(case) == "00"
    return case


async def alarms() -> list[str]:
    lines = opened[0].cluster.execute_sql(
        "SELECT facts::json->>'why' FROM evidence.line"
        " WHERE kind = 'alarm.card_network.dispute_refused'"
    )
    return [row[0] for row in lines]


def test_a_chargeback_is_told_and_then_acknowledged(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            payment_id = (await captured(both, GOOD)).payment_id
            case = await heard(both, payment_id, amount=345, reason_code="4837", days=10)
            (outcome,) = await both.outcomes(payment_id, told.ChargebackReceived)
            assert outcome == told.ChargebackReceived(
                payment_id=payment_id,
                case_number=case.key.trace,
                amount_yen=345,
                reason_code="4837",
                respond_by=date.fromisoformat(case.case.respond_by if case.case else ""),
            )
            assert await alarms() == []

    asyncio.run(story())


def test_a_chargeback_repeated_is_told_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            payment_id = (await captured(both, GOOD)).payment_id
            case = await heard(both, payment_id)
            assert case.case is not None
            case.case.unanswered = "chargeback"
            both.host.book.write(case)
            assert await acknowledged(case) == "00"
            assert len(await both.outcomes(payment_id, told.ChargebackReceived)) == 1

    asyncio.run(story())


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"amount": 12_346}, "13"),
        ({"amount": 0}, "13"),
        ({"merchant": "ANOTHER"}, "03"),
        ({"retrieval_reference": "0" * 12}, "25"),
        ({"reason": "!"}, "30"),
        ({"respond_by": "2026-02-30"}, "30"),
        ({"trace": "000000"}, "25"),
        ({"acquirer": "49000002"}, "25"),
    ],
)
def test_a_wrong_chargeback_is_answered_with_a_code_and_rings_an_alarm(
    changed: dict[str, Any], code: str, tmp_path: Path
) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            payment_id = (await captured(both, GOOD)).payment_id
            real = open_case(both, payment_id)
            assert real.case is not None
            assert real.original is not None
            real.amount = changed.get("amount", real.amount)
            real.merchant = changed.get("merchant", real.merchant)
            real.retrieval_reference = changed.get("retrieval_reference", real.retrieval_reference)
            real.case.reason_code = changed.get("reason", real.case.reason_code)
            real.case.respond_by = changed.get("respond_by", real.case.respond_by)
            key = real.original
            real.original = type(key)(
                changed.get("acquirer", key.acquirer), changed.get("trace", key.trace), key.sent_at
            )
            both.host.book.write(real)
            assert await acknowledged(real) == code
            assert await both.outcomes(payment_id, told.ChargebackReceived) == []
            assert len(await alarms()) == 1

    asyncio.run(story())


@pytest.mark.parametrize("reason_code", ["4837", OTHER_REASON])
def test_a_contested_case_is_decided_and_told_once(reason_code: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            write_faults(both.folder / "network", Faults(decide_after_s=0.1))
            payment_id = (await captured(both, GOOD)).payment_id
            case = await heard(both, payment_id, reason_code=reason_code)
            message = answer(payment_id, case, "contest")
            assert isinstance(await both.send(message), Answered)
            outcome = await both.outcome(payment_id, told.DisputeEnded)
            # Nobody was authenticated here, so a claim of fraud stands.
            assert outcome.result == ("lost" if reason_code == "4837" else "won")
            assert outcome.case_number == case.key.trace
            assert case.case is not None
            assert case.case.grounds == message.grounds
            assert await acknowledged(case) == "00"
            assert isinstance(await both.send(message), Answered)
            assert len(await both.outcomes(payment_id, told.DisputeEnded)) == 1
            (entry,) = [one for one in both.entries(payment_id) if one.state == "captured"]
            assert entry.charged_back == (12_345 if outcome.result == "lost" else 0)

    asyncio.run(story())


def test_an_accepted_case_is_over(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            payment_id = (await captured(both, GOOD)).payment_id
            case = await heard(both, payment_id)
            assert isinstance(await both.send(answer(payment_id, case, "accept")), Answered)

            async def accepted() -> bool:
                return case.state == "accepted"

            await until(accepted)
            refused = await both.send(answer(payment_id, case, "contest"))
            assert refused.code == "order_differs"

    asyncio.run(story())


def test_answers_are_checked_at_the_door(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            payment_id = (await captured(both, GOOD)).payment_id
            case = await heard(both, payment_id)
            for changed, field in (
                ({"case_number": "CB1"}, "case_number"),
                ({"amount_yen": 12_346}, "amount_yen"),
                ({"grounds": ""}, "grounds"),
                ({"grounds": "あ" * 234}, "grounds"),
                ({"merchant_id": "ANOTHER"}, "merchant_id"),
            ):
                refused = await both.send(answer(payment_id, case, "contest", **changed))
                assert refused.field == field
            assert isinstance(
                await both.send(answer(payment_id, case, "contest", grounds="あ" * 233)), Answered
            )

            async def contested() -> bool:
                return case.state == "contested"

            await until(contested)

    asyncio.run(story())


def test_a_case_that_nobody_answers_is_lost(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            payment_id = (await captured(both, GOOD)).payment_id
            case = await heard(both, payment_id)
            case.due = 1.0
            both.host.book.write(case)
            outcome = await both.outcome(payment_id, told.DisputeEnded)
            assert outcome.result == "lost"
            refused = await both.send(answer(payment_id, case, "accept"))
            assert refused.code == "case_over"

    asyncio.run(story())


def test_the_test_card_is_charged_back_by_itself(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            write_faults(both.folder / "network", Faults(chargeback_after_s=0.1))
            payment_id = (await captured(both, CHARGED_BACK)).payment_id

            async def told_of() -> list[Any]:
                return await both.outcomes(payment_id, told.ChargebackReceived)

            (outcome,) = await until(told_of)
            assert outcome.amount_yen == 12_345

    asyncio.run(story())


def test_a_decision_does_not_change(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            payment_id = (await captured(both, GOOD)).payment_id
            case = await heard(both, payment_id)
            Disputes(both.host.book, both.host.now).decide(case, won=True)
            assert await acknowledged(case) == "00"
            case.state = "lost"
            assert case.case is not None
            case.case.unanswered = "decision"
            both.host.book.write(case)
            assert await acknowledged(case) == "94"
            (outcome,) = await both.outcomes(payment_id, told.DisputeEnded)
            assert outcome.result == "won"
            assert await alarms() == ["answered 94"]

    asyncio.run(story())
