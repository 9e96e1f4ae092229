"""Every test card has its outcome, and the network's book agrees with what payments is told."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import replace
from pathlib import Path

import pytest

from sekisho.card_network import message as iso
from sekisho.card_network.records.models import Order
from sekisho.card_network.watch import check_stuck
from sekisho.crossings import card_network as asked
from sekisho.crossings import payments as told
from sekisho.simulators.card_network.faults import Faults, write_faults
from sekisho.simulators.test_cards import TestCard, describe, load_number
from sekisho.transport.answers import Answered
from tests.rooms.card_network.both_sides import (
    CALM,
    HASTY,
    MERCHANT,
    Both,
    everything_written,
    in_thread,
    joined,
    until,
)
from tests.rooms.open_room import opened

pytestmark = pytest.mark.usefixtures("clean")

EXPECTED = {
    "answer": "approved",
    "silent_accepted": "reversed",
    "silent_refused": "not_sent",
    "late": "reversed",
    "duplicate": "approved",
    "malformed": "reversed",
    "cut": "approved",
    "mismatched": "reversed",
    "stubborn": "reversed",
    "capture_silent_once": "approved",
    "capture_refused": "approved",
    "refund_silent_once": "approved",
    "refund_refused": "approved",
    "charged_back": "approved",
}


UNANSWERED = ("silent_accepted", "silent_refused", "late", "malformed", "stubborn")


def expected_of(card: TestCard) -> str:
    return "declined" if card.response_code != "00" else EXPECTED[card.network]


@pytest.mark.parametrize("card", describe(), ids=lambda card: card.number)
def test_a_test_card_does_what_the_table_says(card: TestCard, tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path, HASTY if card.network in UNANSWERED else CALM) as both:
            write_faults(tmp_path / "network", Faults(late_after_s=1.5))
            outcome = await both.authorise(card.number)
            assert outcome.result == expected_of(card)
            if outcome.result in ("approved", "declined"):
                assert outcome.response_code == card.response_code
            holding = [entry for entry in both.entries(outcome.payment_id) if entry.stands]
            assert len(holding) == (1 if outcome.result == "approved" else 0)
            if outcome.result == "approved":
                assert holding[0].approval_code == outcome.approval_code
                assert holding[0].retrieval_reference == outcome.network_reference
                assert holding[0].key.trace == outcome.trace_number

    asyncio.run(story())


def test_a_zero_amount_asks_whether_the_card_is_good(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            good = await both.authorise("4111111111111111", amount_yen=0)
            bad = await both.authorise("4000004100000003", amount_yen=0)
            assert (good.result, bad.result) == ("approved", "declined")
            assert both.entries(good.payment_id)[0].kind == "verification"
            assert not both.entries(good.payment_id)[0].stands

    asyncio.run(story())


@pytest.mark.parametrize("entry_mode", ["recurring", "moto"])
def test_a_charge_without_payer_needs_no_code(entry_mode: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            order = both.authorisation("4111111111111111", entry_mode=entry_mode)
            token = order.signed_permit.permit.card_token
            both.vault.cards[token] = both.vault.cards[token].__class__(
                number="4111111111111111",
                expiry_yymm="3512",
                cardholder_name=None,
                security_code=None,
            )
            await both.send(order)
            outcome = await both.outcome(order.payment_id, told.AuthorisationOutcome)
            assert outcome.result == "approved"

    asyncio.run(story())


def test_the_same_order_again_is_one_charge(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            order = both.authorisation("4111111111111111")
            answers = await asyncio.gather(*(both.send(order) for _ in range(5)))
            assert all(isinstance(answer, Answered) for answer in answers)
            await both.outcome(order.payment_id, told.AuthorisationOutcome)
            await both.send(order)
            assert len(both.entries(order.payment_id)) == 1
            first, again = await both.outcomes(order.payment_id, told.AuthorisationOutcome)
            assert first == again

    asyncio.run(story())


def test_another_order_under_the_same_attempt_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            order = both.authorisation("4111111111111111")
            await both.send(order)
            other = both.authorisation("4111111111111111", payment_id=order.payment_id)
            assert (await both.send(other)).code == "order_differs"
            await both.outcome(order.payment_id, told.AuthorisationOutcome)
            assert len(both.entries(order.payment_id)) == 1

    asyncio.run(story())


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("amount_yen", -1, "amount_invalid"),
        ("amount_yen", 100_000_000, "amount_invalid"),
        ("merchant_id", "", "merchant_invalid"),
        ("merchant_id", "M" * 16, "merchant_invalid"),
        ("merchant_id", "見本都", "merchant_invalid"),
        ("reference", "R" * 41, "reference_invalid"),
        ("reference", "a\nb", "reference_invalid"),
        ("attempt", -1, "attempt_invalid"),
        ("payment_id", "", "payment_invalid"),
    ],
)
def test_a_wrong_order_names_its_field_and_changes_nothing(
    field: str, value: object, code: str, tmp_path: Path
) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            order = both.authorisation("4111111111111111")
            facts = {name: getattr(order, name) for name in order.__struct_fields__}
            refused = await both.send(asked.Authorise(**{**facts, field: value}))
            assert (refused.code, refused.field) == (code, field)
            assert await in_thread(Order.objects.count) == 0

    asyncio.run(story())


@pytest.mark.parametrize(
    ("refusal", "result"),
    [("code_gone", "code_gone"), ("permit_expired", "not_sent"), ("budget_spent", "not_sent")],
)
def test_what_the_vault_does_not_release_is_not_sent(
    refusal: str, result: str, tmp_path: Path
) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            both.vault.refuse_with = refusal
            outcome = await both.authorise("4111111111111111")
            assert outcome.result == result
            assert both.host.book.entries() == []

    asyncio.run(story())


def test_a_vault_that_comes_back_soon_is_waited_for(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            both.vault.unreachable_times = 2
            assert (await both.authorise("4111111111111111")).result == "approved"

    asyncio.run(story())


def test_without_a_connection_nothing_is_taken(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path, replace(CALM, ready_s=0.1)) as both:
            await both.host.stop()
            await until(lambda: _is_down(both))
            outcome = await both.authorise("4111111111111111")
            assert outcome.result == "not_sent"
            assert both.vault.spent == set()
            await both.host.start(port=both.port)

    asyncio.run(story())


async def _is_down(both: Both) -> bool:
    return not both.connector.link.is_ready


def test_an_outcome_that_nobody_knows_is_told_as_unknown_first(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path, HASTY) as both:
            final = await both.authorise("4000010800000003")
            results = [
                one.result
                for one in await both.outcomes(final.payment_id, told.AuthorisationOutcome)
            ]
            assert results == ["unknown", "reversed"]
            lines = await in_thread(_evidence)
            assert lines == ["card_network.outcome_unknown", "card_network.outcome_found"]

    asyncio.run(story())


def _evidence() -> list[str]:
    rows = opened[0].cluster.execute_sql("SELECT kind FROM evidence.line ORDER BY id")
    return [str(row[0]) for row in rows]


def test_an_outcome_that_never_comes_ends_on_an_operators_desk(tmp_path: Path) -> None:
    async def story() -> None:
        patience = replace(HASTY, ask_again_s=(0.05, 0.05))
        async with joined(tmp_path, patience) as both:
            order = both.authorisation("4000010800000003")
            await both.send(order)

            async def stuck() -> bool:
                return bool(await in_thread(check_stuck))

            await until(stuck)
            outcomes = await both.outcomes(order.payment_id, told.AuthorisationOutcome)
            assert [one.result for one in outcomes] == ["unknown"]
            # The operator has it asked once more; by now the network answers.
            inquiry = asked.Inquire(
                payment_id=order.payment_id, attempt=order.attempt, merchant_id=MERCHANT
            )
            await both.send(inquiry)
            final = await both.outcome(order.payment_id, told.AuthorisationOutcome)
            assert final.result == "reversed"
            assert not await in_thread(check_stuck)

    asyncio.run(story())


def test_inquiry_tells_a_known_outcome_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            first = await both.authorise("4111111111111111")
            inquiry = asked.Inquire(
                payment_id=first.payment_id, attempt=first.attempt, merchant_id=MERCHANT
            )
            await both.send(inquiry)
            assert await both.outcomes(first.payment_id, told.AuthorisationOutcome) == [
                first,
                first,
            ]

    asyncio.run(story())


def test_an_order_asked_about_before_it_came_is_not_sent_later(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            order = both.authorisation("4111111111111111")
            inquiry = asked.Inquire(
                payment_id=order.payment_id, attempt=order.attempt, merchant_id=MERCHANT
            )
            await both.send(inquiry)
            outcome = await both.outcome(order.payment_id, told.AuthorisationOutcome)
            assert outcome.result == "not_sent"
            assert isinstance(await both.send(order), Answered)
            other = await both.authorise("5555555555554444")
            assert other.result == "approved"
            assert both.entries(order.payment_id) == []

    asyncio.run(story())


def test_no_number_expiry_or_code_is_written_anywhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    numbers = [card.number for card in describe() if card.network != "answer"]
    numbers += [load_number(serial) for serial in (7, 1_234_567)]

    async def story() -> bytes:
        async with joined(tmp_path, HASTY) as both:
            write_faults(tmp_path / "network", Faults(late_after_s=1.5))
            await asyncio.gather(*(both.authorise(number) for number in numbers))
            return await in_thread(lambda: everything_written(both))

    written = asyncio.run(story()) + caplog.text.encode()
    for number in numbers:
        assert number.encode() not in written
        assert iso.masked_number(number).encode() in written
    # Standing alone: hashes and the network's references have the same digits now and then.
    assert not re.search(rb"(?<![0-9a-fA-F])3512(?![0-9a-fA-F])", written)
    assert b"9203123" not in written
