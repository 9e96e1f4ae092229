"""The HTTP door at which the directory server brings the results of challenges (RReq).

An address is known to the directory server alone (256 random bits per transaction), and the result
must name all three transaction ids; the browser knows two of them. In production the door stands
behind mutual TLS as well."""

from __future__ import annotations

import logging
import socket

import msgspec
from aiohttp import web

from sekisho.card_network import three_d_secure_messages as emv
from sekisho.card_network.connector import Connector
from sekisho.card_network.three_d_secure import take_result

LOG = logging.getLogger(__name__)

MAX_BODY_BYTES = 16_384
MAX_RESULTS_AT_ONCE = 64
SHUT_S = 2.0


class ResultDoor:
    """Answers ``POST /3ds/results/<token>``."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._in_hand = 0
        self._runner: web.AppRunner | None = None

    async def open(self, listener: socket.socket) -> None:
        """Begin to answer on a listening socket."""
        app = web.Application(client_max_size=MAX_BODY_BYTES)
        app.router.add_post("/3ds/results/{token:[A-Za-z0-9_-]{43}}", self._take)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=SHUT_S, handler_cancellation=False
        )
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()

    async def shut(self) -> None:
        """Finish what is in hand and close."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        if self._in_hand >= MAX_RESULTS_AT_ONCE:
            return web.Response(status=503, headers={"Retry-After": "1"})
        self._in_hand += 1
        try:
            return await self._answer(request)
        finally:
            self._in_hand -= 1

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            result = msgspec.json.decode(await request.read(), type=emv.RReq)
        except msgspec.MsgspecError:
            return _json(emv.error("203", "Format of one or more data elements is invalid"), 400)
        token = request.match_info["token"]
        body = await self._connector.scribe.write(
            lambda: take_result(self._connector, token, result)
        )
        return _json(body, 200)


def _json(body: bytes, status: int) -> web.Response:
    return web.Response(
        body=body,
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
