"""The HTTP doors of both servers: the directory server's for AReq, the access control server's
pages, and the result's way back (RReq)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlsplit

import aiohttp
import msgspec
from aiohttp import web

from sekisho.simulators.three_d_secure import messages, page
from sekisho.simulators.three_d_secure.issuer import (
    ChallengeOpen,
    Issuers,
    behaviour_of,
    result_of,
    try_code,
)

LOG = logging.getLogger(__name__)

SILENCE_S = 120.0
"""How long a ``server_silent`` card's AReq is held before the connection is closed."""
RESULT_TRIES = 3
RESULT_WAIT_S = 0.5
RESULT_ANSWER_S = 10.0
SWEEP_EVERY_S = 15.0
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
"""A simulator sends results to this machine only, whatever an AReq asks for."""


class ThreeDSecureServers:
    """Both servers behind one port. ``public_url`` is the origin that browsers use."""

    def __init__(
        self, public_url: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.issuers = Issuers()
        self.public_url = public_url
        self._now = now
        self._runner: web.AppRunner | None = None
        self._client: aiohttp.ClientSession | None = None
        self._sweeping: asyncio.Task[None] | None = None

    async def start(self, *, listener: socket.socket) -> None:
        """Serve on ``listener``."""
        app = web.Application(client_max_size=messages.MAX_MESSAGE_BYTES)
        app.router.add_post("/ds/areq", self._take_areq)
        app.router.add_post("/acs/challenge", self._open_challenge)
        app.router.add_post("/acs/answer", self._take_answer)
        app.router.add_post("/acs/language", self._switch_language)
        app.router.add_get("/acs/look/{name}", self._send_look)
        app.router.add_get("/health", self._say_healthy)
        self._client = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=RESULT_ANSWER_S), trust_env=False
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()
        self._sweeping = asyncio.create_task(self._sweep())

    async def stop(self) -> None:
        """Stop serving and forget every challenge."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeping
        if self._runner is not None:
            await self._runner.cleanup()
        if self._client is not None:
            await self._client.close()

    # --- directory server ------------------------------------------------------------------------

    async def _take_areq(self, request: web.Request) -> web.Response:
        try:
            asked = msgspec.json.decode(await request.read(), type=messages.AReq)
        except msgspec.ValidationError as problem:
            path = str(problem).rpartition("`$")[2].strip(".`") or "message"
            return _json(
                messages.error("203", "Format of one or more data elements is invalid", path)
            )
        except msgspec.DecodeError:
            return _json(messages.error("101", "Message received invalid", "not JSON"))
        behaviour = behaviour_of(asked.acctNumber)
        if behaviour == "server_silent":
            await asyncio.sleep(SILENCE_S)
        if behaviour in ("server_error", "server_silent"):
            return _json(messages.error("405", "System connection failure", "simulated"))
        acs_url = f"{self.public_url}/acs/challenge"
        return _json(self.issuers.answer(asked, acs_url=acs_url, now=self._now()))

    async def _send_result(
        self, challenge: ChallengeOpen, why: Literal["", "cancelled", "time_out"]
    ) -> None:
        """Bring the RReq to the 3DS server, a few times if it does not answer with an RRes."""
        if challenge.result_sent or urlsplit(challenge.server_url).hostname not in LOCAL_HOSTS:
            return
        challenge.result_sent = True
        assert self._client is not None
        body = msgspec.json.encode(result_of(challenge, why=why))
        for attempt in range(RESULT_TRIES):
            try:
                async with self._client.post(
                    challenge.server_url,
                    data=body,
                    headers={"Content-Type": "application/json; charset=utf-8"},
                    allow_redirects=False,
                ) as answer:
                    content = await answer.content.read(messages.MAX_MESSAGE_BYTES)
                    msgspec.json.decode(content, type=messages.RRes)
                    return
            except (aiohttp.ClientError, TimeoutError, msgspec.MsgspecError) as problem:
                LOG.warning("RReq was not answered: %s", type(problem).__name__)
                await asyncio.sleep(RESULT_WAIT_S * (attempt + 1))

    # --- access control server -------------------------------------------------------------------

    async def _open_challenge(self, request: web.Request) -> web.Response:
        form = await request.post()
        try:
            asked = messages.read_creq(str(form.get("creq", "")))
        except ValueError:
            return self._lost()
        challenge = self.issuers.find(asked.acsTransID)
        if challenge is None or challenge.server_id != asked.threeDSServerTransID:
            return self._lost()
        session = str(form.get("threeDSSessionData", ""))
        if challenge.status is not None:
            return self._return(challenge, session)
        return _html(page.show_challenge(challenge, wrong=False), challenge)

    async def _take_answer(self, request: web.Request) -> web.Response:
        form = await request.post()
        challenge = self.issuers.find(str(form.get("acs", "")))
        if challenge is None:
            return self._lost()
        if challenge.status is None:
            why: Literal["", "cancelled"] = ""
            if form.get("act") == "cancel":
                challenge.status, why = "N", "cancelled"
            else:
                typed = "".join(str(form.get("otp", ""))[:20].split())
                try_code(challenge, _half_width(typed))
            if challenge.status is None:
                return _html(page.show_challenge(challenge, wrong=True), challenge)
            await self._send_result(challenge, why)
        return self._return(challenge, "")

    async def _switch_language(self, request: web.Request) -> web.Response:
        form = await request.post()
        challenge = self.issuers.find(str(form.get("acs", "")))
        if challenge is None or challenge.status is not None:
            return self._lost()
        challenge.language = "en" if form.get("language") == "en" else "ja"
        return _html(page.show_challenge(challenge, wrong=False), challenge)

    def _return(self, challenge: ChallengeOpen, session: str) -> web.Response:
        cres = messages.CRes(
            messageType="CRes",
            messageVersion=messages.VERSION,
            threeDSServerTransID=challenge.server_id,
            acsTransID=challenge.acs_id,
            transStatus="Y" if challenge.status == "Y" else "N",
        )
        return _html(page.show_return(challenge, messages.to_browser(cres), session), challenge)

    def _lost(self) -> web.Response:
        return web.Response(
            text=page.show_lost("ja"),
            status=404,
            content_type="text/html",
            headers=page.policy(None),
        )

    async def _send_look(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in page.LOOK_FILES:
            raise web.HTTPNotFound
        return web.Response(
            body=page.look_file(name),
            headers={"Content-Type": page.LOOK_FILES[name], "X-Content-Type-Options": "nosniff"},
        )

    async def _say_healthy(self, request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            for challenge in self.issuers.expire(self._now()):
                await self._send_result(challenge, "time_out")


def _half_width(typed: str) -> str:
    return typed.translate({0xFF10 + digit: str(digit) for digit in range(10)})


def _json(content: msgspec.Struct) -> web.Response:
    return web.Response(body=msgspec.json.encode(content), content_type="application/json")


def _html(text: str, challenge: ChallengeOpen) -> web.Response:
    return web.Response(text=text, content_type="text/html", headers=page.policy(challenge))
