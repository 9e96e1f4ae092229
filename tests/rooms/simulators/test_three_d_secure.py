"""The simulated directory server and access control server over real HTTP."""

from __future__ import annotations

import asyncio
import base64
import re
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from sekisho.simulators.three_d_secure.issuer import CHALLENGE_LIFE
from sekisho.simulators.three_d_secure.servers import ThreeDSecureServers

FRICTIONLESS, CHALLENGED = "4111111111111111", "4000030200000007"
BACK = "http://localhost:7001/back"


class Requestor:
    """The 3DS server's side: keeps every RReq and answers with an RRes."""

    def __init__(self) -> None:
        self.results: list[dict[str, str]] = []

    async def take(self, request: web.Request) -> web.Response:
        result = await request.json()
        self.results.append(result)
        ids = {name: result[name] for name in ("threeDSServerTransID", "dsTransID", "acsTransID")}
        return web.json_response(
            {"messageType": "RRes", "messageVersion": "2.2.0", "resultsStatus": "02", **ids}
        )


class Play:
    """Servers, requestor and a browser."""

    def __init__(self) -> None:
        self.now = datetime(2026, 4, 1, tzinfo=UTC)
        self.requestor = Requestor()

    def areq(self, number: str, **changed: Any) -> dict[str, Any]:
        fields = {
            "messageType": "AReq",
            "messageVersion": "2.2.0",
            "messageCategory": "01",
            "deviceChannel": "02",
            "threeDSServerTransID": str(uuid.uuid4()),
            "threeDSServerURL": f"{self.results_url}/results",
            "threeDSRequestorID": "R",
            "threeDSRequestorName": "R",
            "threeDSRequestorURL": "http://localhost:7001/",
            "threeDSRequestorAuthenticationInd": "01",
            "acquirerBIN": "49000001",
            "acquirerMerchantID": "M",
            "merchantName": "見本都<script>",
            "merchantCountryCode": "392",
            "mcc": "9311",
            "acctNumber": number,
            "cardExpiryDate": "3512",
            "purchaseAmount": "12345",
            "purchaseCurrency": "392",
            "purchaseExponent": "0",
            "purchaseDate": "20260401000000",
            "browserAcceptHeader": "*/*",
            "browserLanguage": "ja",
            "browserUserAgent": "test",
            "browserJavascriptEnabled": True,
            "notificationURL": BACK,
        }
        return {**fields, **changed}

    async def ask(self, fields: dict[str, Any] | bytes) -> dict[str, Any]:
        body = fields if isinstance(fields, bytes) else msgspec.json.encode(fields)
        async with self.browser.post(f"{self.url}/ds/areq", data=body) as answer:
            return await answer.json(content_type=None)  # type: ignore[no-any-return]

    async def open_challenge(self, **changed: Any) -> tuple[dict[str, Any], str]:
        answer = await self.ask(self.areq(CHALLENGED, **changed))
        return answer, await self.post(answer["acsURL"], {"creq": creq(answer)})

    async def post(self, url: str, form: dict[str, str]) -> str:
        async with self.browser.post(url, data=form) as page:
            self.headers = page.headers
            return await page.text()

    async def answer(self, acs_id: str, **form: str) -> str:
        return await self.post(f"{self.url}/acs/answer", {"acs": acs_id, **form})


def creq(answer: dict[str, Any]) -> str:
    content = {
        "messageType": "CReq",
        "messageVersion": "2.2.0",
        "threeDSServerTransID": answer["threeDSServerTransID"],
        "acsTransID": answer["acsTransID"],
        "challengeWindowSize": "05",
    }
    return base64.urlsafe_b64encode(msgspec.json.encode(content)).decode().rstrip("=")


def listener() -> socket.socket:
    opened = socket.socket()
    opened.bind(("127.0.0.1", 0))
    opened.listen()
    return opened


@asynccontextmanager
async def playing() -> AsyncIterator[Play]:
    play = Play()
    pages, results = listener(), listener()
    play.url = f"http://localhost:{pages.getsockname()[1]}"
    play.results_url = f"http://localhost:{results.getsockname()[1]}"
    play.servers = ThreeDSecureServers(play.url, now=lambda: play.now)
    app = web.Application()
    app.router.add_post("/results", play.requestor.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.SockSite(runner, results).start()
    await play.servers.start(listener=pages)
    async with aiohttp.ClientSession() as play.browser:
        yield play
    await play.servers.stop()
    await runner.cleanup()


@pytest.mark.parametrize(
    ("number", "status", "eci"),
    [
        (FRICTIONLESS, "Y", "05"),
        ("5555555555554444", "Y", "02"),
        ("4000030300000006", "N", "07"),
        ("4000030400000005", "A", "06"),
        ("4000030500000004", "U", "07"),
        ("4000030600000003", "R", "07"),
        ("4242424242424242", "U", "07"),
        (CHALLENGED, "C", None),
    ],
)
def test_the_card_decides_the_status(number: str, status: str, eci: str | None) -> None:
    async def story() -> None:
        async with playing() as play:
            answer = await play.ask(play.areq(number))
            assert (answer["transStatus"], answer.get("eci")) == (status, eci)
            assert ("authenticationValue" in answer) == (status in "YA")
            assert ("acsURL" in answer) == (status == "C")

    asyncio.run(story())


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"acctNumber": "41111111111111112222"}, "acctNumber"),
        ({"cardExpiryDate": "3513"}, "cardExpiryDate"),
        ({"purchaseCurrency": "840"}, "purchaseCurrency"),
        ({"notificationURL": "javascript:alert(1)"}, "notificationURL"),
        ({"threeDSServerTransID": "1"}, "threeDSServerTransID"),
    ],
)
def test_a_wrong_areq_is_answered_with_its_field_not_its_content(
    changed: dict[str, str], field: str
) -> None:
    async def story() -> None:
        async with playing() as play:
            answer = await play.ask(play.areq(FRICTIONLESS, **changed))
            assert (answer["messageType"], answer["errorCode"]) == ("Erro", "203")
            assert answer["errorDetail"] == field
            assert (await play.ask(b"{"))["errorCode"] == "101"

    asyncio.run(story())


def test_the_challenge_page_is_safe_and_says_what_is_paid() -> None:
    async def story() -> None:
        async with playing() as play:
            answer, text = await play.open_challenge()
            policy = play.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "form-action 'self' http://localhost:7001" in policy
            assert play.headers["Cache-Control"] == "no-store"
            assert "見本都&lt;script&gt;" in text
            assert "12,345円" in text
            assert CHALLENGED not in text
            assert "0007" in text
            assert '<html lang="ja">' in text
            english = await play.post(
                f"{play.url}/acs/language", {"acs": answer["acsTransID"], "language": "en"}
            )
            assert '<html lang="en">' in english
            assert "¥12,345" in english
            _, english = await play.open_challenge(browserLanguage="en-GB")
            assert '<html lang="en">' in english

    asyncio.run(story())


def test_the_right_code_brings_a_result_and_carries_the_browser_back() -> None:
    async def story() -> None:
        async with playing() as play:
            answer, text = await play.open_challenge()
            code = re.search(r'id="code">(\d{6})<', text)
            assert code is not None
            wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code.group(1))
            page = await play.answer(answer["acsTransID"], act="answer", otp=f" {wide} ")
            assert f'action="{BACK}"' in page
            assert "<script src=" in page
            assert "<script>" not in page
            (result,) = play.requestor.results
            assert (result["transStatus"], result["eci"]) == ("Y", "05")
            assert len(result["authenticationValue"]) == 28
            again = await play.post(answer["acsURL"], {"creq": creq(answer)})
            assert f'action="{BACK}"' in again
            await play.answer(answer["acsTransID"], act="cancel", otp="")
            assert len(play.requestor.results) == 1

    asyncio.run(story())


def test_three_wrong_codes_fail_and_cancelling_is_told() -> None:
    async def story() -> None:
        async with playing() as play:
            answer, _ = await play.open_challenge()
            for left in (2, 1):
                page = await play.answer(answer["acsTransID"], act="answer", otp="x")
                assert f"あと{left}回" in page
                assert 'role="alert"' in page
                assert play.requestor.results == []
            await play.answer(answer["acsTransID"], act="answer", otp="x")
            answer, _ = await play.open_challenge()
            await play.answer(answer["acsTransID"], act="cancel")
            failed, cancelled = play.requestor.results
            assert failed["transStatus"] == cancelled["transStatus"] == "N"
            assert "challengeCancel" not in failed
            assert cancelled["challengeCancel"] == "01"

    asyncio.run(story())


def test_a_challenge_that_nobody_answers_ends_by_itself() -> None:
    async def story() -> None:
        async with playing() as play:
            await play.open_challenge()
            assert play.servers.issuers.expire(play.now + CHALLENGE_LIFE) == []
            play.now += CHALLENGE_LIFE + timedelta(seconds=1)
            (ended,) = play.servers.issuers.expire(play.now)
            assert ended.status == "N"

    asyncio.run(story())


@pytest.mark.parametrize("brought", ["", "!", "e30", "/w", "x" * 70_000])
def test_a_broken_creq_gets_a_page_that_says_what_to_do(brought: str) -> None:
    async def story() -> None:
        async with playing() as play:
            url = f"{play.url}/acs/challenge"
            async with play.browser.post(url, data={"creq": brought}) as page:
                assert page.status in (404, 413)
            assert (await play.ask(play.areq(FRICTIONLESS)))["transStatus"] == "Y"

    asyncio.run(story())


def test_results_go_to_this_machine_only() -> None:
    async def story() -> None:
        async with playing() as play:
            elsewhere = "http://192.0.2.1/results"
            answer, _ = await play.open_challenge(threeDSServerURL=elsewhere)
            await play.answer(answer["acsTransID"], act="cancel")
            assert play.requestor.results == []

    asyncio.run(story())
