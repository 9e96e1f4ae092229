"""3-D Secure: what the issuer says is told to payments; what the browser says is not believed."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from sekisho.card_network.records.models import Authentication
from sekisho.crossings import card_network as asked
from sekisho.crossings import payments as told
from sekisho.simulators.test_cards import TestCard, describe
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

pytestmark = pytest.mark.usefixtures("clean")

RESULTS = {
    "frictionless": "authenticated",
    "challenge": "challenge",
    "failed": "failed",
    "attempted": "attempted",
    "unavailable": "unavailable",
    "rejected": "rejected",
    "server_error": "unavailable",
    "server_silent": "unavailable",
}
CARDS = {card.authentication: card for card in describe()}
CHALLENGED = "4000030200000007"
BACK = "http://localhost:7001/back"


def authentication_of(both: Both, number: str, payment_id: str, **more: Any) -> asked.Authenticate:
    return asked.Authenticate(
        payment_id=payment_id,
        attempt=more.pop("attempt", 1),
        signed_permit=both.permit(number, payment_id, code=None),
        merchant_id=MERCHANT,
        merchant_name="見本都 納税サイト",
        amount_yen=more.pop("amount_yen", 12_345),
        purpose="payment",
        notification_url=BACK,
        browser=asked.BrowserFacts(
            accept_header="text/html", user_agent="test", language="ja", java_script=False
        ),
    )


async def authenticated(
    both: Both, number: str, payment_id: str, **more: Any
) -> told.AuthenticationOutcome:
    answer = await both.send(authentication_of(both, number, payment_id, **more))
    assert isinstance(answer, Answered)
    return await both.outcome(payment_id, told.AuthenticationOutcome)


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_a_test_card_is_authenticated_as_the_table_says(card: TestCard, tmp_path: Path) -> None:
    async def story() -> None:
        silent = card.authentication == "server_silent"
        async with joined(tmp_path, HASTY if silent else CALM) as both:
            outcome = await authenticated(both, card.number, "pay_1")
            assert outcome.result == RESULTS[card.authentication]
            assert (outcome.challenge is not None) == (outcome.result == "challenge")
            if outcome.result in ("authenticated", "attempted"):
                kept = await in_thread(Authentication.objects.get)
                assert len(kept.value) == 28
                assert kept.eci == outcome.eci

    asyncio.run(story())


async def answer_challenge(both: Both, challenge: told.Challenge, answers: list[str | None]) -> str:
    """Play the browser: open the challenge, give each answer (``right``, any code, or ``None`` to
    cancel) and return the last page."""
    async with aiohttp.ClientSession() as browser:
        form = {"creq": challenge.creq}
        async with browser.post(challenge.acs_url, data=form) as page:
            text = await page.text()
        code = found(r'id="code">(\d+)<', text)
        acs = found(r'name="acs" value="([^"]+)"', text)
        for answer in answers:
            form = {"acs": acs, "act": "answer" if answer else "cancel"}
            form["otp"] = code if answer == "right" else answer or ""
            async with browser.post(f"{both.acs_url}/acs/answer", data=form) as page:
                text = await page.text()
    return text


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match is not None, f"{pattern} is not on the page"
    return match.group(1)


@pytest.mark.parametrize(
    ("answers", "result"),
    [
        (["right"], "authenticated"),
        (["000000x", "right"], "authenticated"),
        (["1", "2", "3"], "failed"),
        ([None], "failed"),
    ],
)
def test_a_challenge_ends_by_what_the_payer_does(
    answers: list[str | None], result: str, tmp_path: Path
) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            first = await authenticated(both, CHALLENGED, "pay_1")
            assert first.challenge is not None
            page = await answer_challenge(both, first.challenge, answers)
            assert f'action="{BACK}"' in page
            last = await both.outcome("pay_1", told.AuthenticationOutcome, but=("challenge",))
            assert last.result == result
            if result == "authenticated":
                authorised = await both.authorise(CHALLENGED, payment_id="pay_1")
                assert authorised.result == "approved"
                kept = await in_thread(Authentication.objects.get)
                order = await both.order("pay_1", "authorise")
                assert kept.used_by_id == order.id

    asyncio.run(story())


def test_a_browser_that_comes_back_without_a_result_is_not_believed(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            await authenticated(both, CHALLENGED, "pay_1")
            back = asked.ChallengeReturned(payment_id="pay_1", attempt=1, cres="eyJ0cmFucyI6Ilkifq")
            assert isinstance(await both.send(back), Answered)
            last = await both.outcome("pay_1", told.AuthenticationOutcome, but=("challenge",))
            assert last.result == "failed"
            assert (await both.send(msgspec.structs.replace(back, payment_id="x"))).code == (
                "authentication_unknown"
            )

    asyncio.run(story())


def result_of(kept: Authentication, **more: str) -> dict[str, str]:
    return {
        "messageType": "RReq",
        "messageVersion": "2.2.0",
        "messageCategory": "01",
        "threeDSServerTransID": kept.server_id,
        "dsTransID": kept.ds_id,
        "acsTransID": kept.acs_id,
        "transStatus": "Y",
        "eci": "05",
        "authenticationValue": "A" * 27 + "=",
        "interactionCounter": "01",
        **more,
    }


async def bring(both: Both, token: str, content: object) -> tuple[int, dict[str, str]]:
    body = content if isinstance(content, bytes) else msgspec.json.encode(content)
    async with aiohttp.ClientSession() as server:
        url = f"{both.connector.result_url}/3ds/results/{token}"
        async with server.post(url, data=body) as answer:
            text = await answer.read()
            return answer.status, msgspec.json.decode(text) if text[:1] == b"{" else {}


OTHER_ID = "00000000-0000-4000-8000-000000000000"


def test_a_result_must_come_to_its_address_and_name_its_transaction(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            await authenticated(both, CHALLENGED, "pay_1")
            kept = await in_thread(Authentication.objects.get)
            token = kept.result_token
            for wrong in (
                {"dsTransID": OTHER_ID},
                {"acsTransID": OTHER_ID},
                {"threeDSServerTransID": OTHER_ID},
                {"eci": "07"},
                {"authenticationValue": "short"},
                {"transStatus": "C"},
            ):
                _, said = await bring(both, token, result_of(kept, **wrong))
                assert said["messageType"] == "Erro", wrong
            for body in (b"", b"[]", b"{", b"\xff" * 100):
                assert (await bring(both, token, body))[0] == 400
            status, _ = await bring(both, token, b"{" + b" " * 20_000 + b"}")
            assert status == 413
            assert (await bring(both, "x" * 43, result_of(kept)))[1]["messageType"] == "Erro"
            assert (await bring(both, "short", result_of(kept)))[0] == 404
            outcomes = await both.outcomes("pay_1", told.AuthenticationOutcome)
            assert [one.result for one in outcomes] == ["challenge"]
            for _ in range(2):
                _, said = await bring(both, token, result_of(kept))
                assert said["messageType"] == "RRes"
            _, said = await bring(both, token, result_of(kept, transStatus="N"))
            assert said["messageType"] == "Erro"
            outcomes = await both.outcomes("pay_1", told.AuthenticationOutcome)
            assert [one.result for one in outcomes] == ["challenge", "authenticated"]

    asyncio.run(story())


def test_an_authentication_counts_for_its_payment_card_and_amount_only(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            number = "4111111111111111"
            await authenticated(both, number, "pay_1")
            for wrong in ({"payment_id": "pay_2"}, {"amount_yen": 1}):
                await both.authorise(number, **{"payment_id": "pay_1", "attempt": 7, **wrong})
            await both.authorise("5555555555554444", payment_id="pay_1", attempt=8)
            assert (await in_thread(Authentication.objects.get)).used_by_id is None
            await both.authorise(number, payment_id="pay_1", attempt=9)
            assert (await in_thread(Authentication.objects.get)).used_by_id is not None

    asyncio.run(story())


def test_a_restart_between_challenge_and_result_loses_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            await authenticated(both, CHALLENGED, "pay_1")
            kept = await in_thread(Authentication.objects.get)
            await both.kill_connector()
            await both.start_connector()
            await bring(both, kept.result_token, result_of(kept))
            last = await both.outcome("pay_1", told.AuthenticationOutcome, but=("challenge",))
            assert last.result == "authenticated"

    asyncio.run(story())


def test_an_authentication_cut_off_by_a_restart_is_unavailable(tmp_path: Path) -> None:
    async def story() -> None:
        async with joined(tmp_path) as both:
            await both.send(authentication_of(both, CARDS["server_silent"].number, "pay_1"))

            async def released() -> bool:
                return bool(both.vault.spent)

            await until(released)
            await both.kill_connector()
            await both.start_connector()
            last = await both.outcome("pay_1", told.AuthenticationOutcome)
            assert last.result == "unavailable"

    asyncio.run(story())


def test_no_number_is_written_anywhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")

    async def story() -> bytes:
        async with joined(tmp_path, HASTY) as both:
            for serial, card in enumerate(CARDS.values()):
                await authenticated(both, card.number, f"pay_{serial}x")
            return await in_thread(lambda: everything_written(both))

    written = asyncio.run(story()) + caplog.text.encode()
    for card in CARDS.values():
        assert card.number.encode() not in written
