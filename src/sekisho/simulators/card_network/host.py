"""The host's sockets: one length-headed frame per message, answers in any order, faults on top."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sekisho.simulators.card_network.book import Book
from sekisho.simulators.card_network.conversation import Conversation, Reply
from sekisho.simulators.card_network.faults import FaultFile
from sekisho.simulators.card_network.look_after import LOOK_EVERY_S, Caretaker
from sekisho.simulators.card_network.packing import (
    MAX_MESSAGE_BYTES,
    HostMessage,
    PackingError,
    pack,
    unpack,
)

LOG = logging.getLogger(__name__)

HEADER_BYTES = 2
MAX_CONNECTIONS = 32
MAX_UNSENT_BYTES = 262_144
"""Answers waiting in one connection, in bytes, before the host stops reading from it."""
REORDER_WAIT_S = 1.0
"""A held answer goes after the next one, or after this long."""
MAX_ANSWERS_WAITING = 10_000
"""Answers of one connection that wait for their time; past it, answers are lost."""


class CardNetworkHost:
    """The simulated network. ``folder`` keeps its book, its key and its faults; the file of each
    day that is over is delivered to the acquirer's folder ``deliver_to``."""

    def __init__(
        self,
        folder: Path,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        deliver_to: Path | None = None,
    ) -> None:
        self.book = Book(folder)
        self.faults = FaultFile(folder)
        self.now = now
        self._caretaker = Caretaker(folder, self.book, now, deliver_to)
        self._care: asyncio.Task[None] | None = None
        self._server: asyncio.Server | None = None
        self._talks: set[_Talk] = set()

    async def start(
        self, *, listener: socket.socket | None = None, host: str = "127.0.0.1", port: int = 0
    ) -> int:
        """Listen on ``listener``, or on ``host`` and ``port`` (0: any free). Return the port."""
        if listener is not None:
            self._server = await asyncio.start_server(self._meet, sock=listener)
        else:
            self._server = await asyncio.start_server(self._meet, host, port)
        self._care = asyncio.create_task(self._look_after())
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening, cut every connection and close the book."""
        if self._care is not None:
            self._care.cancel()
            await asyncio.gather(self._care, return_exceptions=True)
        if self._server is not None:
            self._server.close()
        self.cut_connections()
        if self._server is not None:
            await self._server.wait_closed()
        self.book.close()

    def cut_connections(self) -> None:
        """Abort every connection, as a broken line does."""
        for talk in list(self._talks):
            talk.abort()

    async def _look_after(self) -> None:
        while True:
            talk = next((one for one in self._talks if one.signed_on), None)
            try:
                messages = self._caretaker.look()
            except Exception:
                LOG.exception("the host could not look after its cases")
                messages = []
            if talk is not None:
                for message in messages:
                    talk.say(message)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._talks) >= MAX_CONNECTIONS:
            writer.close()
            return
        talk = _Talk(self, writer)
        self._talks.add(talk)
        try:
            await talk.read_all(reader)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._talks.discard(talk)
            talk.abort()


class _Talk:
    """One connection."""

    def __init__(self, host: CardNetworkHost, writer: asyncio.StreamWriter) -> None:
        self._host = host
        self._writer = writer
        self._conversation = Conversation(host.book, host.now)
        self._held: list[bytes] = []
        self._timers: set[asyncio.TimerHandle] = set()
        transport = writer.transport
        transport.set_write_buffer_limits(high=MAX_UNSENT_BYTES)

    @property
    def signed_on(self) -> bool:
        return self._conversation.signed_on

    def say(self, message: HostMessage) -> None:
        """Say a message of the host's own; it meets the same faults as an answer."""
        self._host.faults.refresh()
        self._send_with_faults(Reply(message))

    def abort(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._writer.transport.abort()

    async def read_all(self, reader: asyncio.StreamReader) -> None:
        while True:
            header = await reader.readexactly(HEADER_BYTES)
            length = int.from_bytes(header, "big")
            if not 0 < length <= MAX_MESSAGE_BYTES:
                LOG.warning("frame of %d bytes: the connection is closed", length)
                return
            self._hear(await reader.readexactly(length))
            await self._writer.drain()

    def _hear(self, wire: bytes) -> None:
        try:
            asked = unpack(wire)
        except PackingError as problem:
            LOG.warning("message not understood: %s", problem)
            return
        faults = self._host.faults
        settings = faults.refresh()
        spared = asked.kind == "0800"
        if not spared and faults.happens(settings.drop_request):
            return
        for reply in self._conversation.answer(asked, settings):
            if spared:
                self._send(reply)
            else:
                self._send_with_faults(reply)

    def _send_with_faults(self, reply: Reply) -> None:
        faults, settings = self._host.faults, self._host.faults.faults
        if faults.happens(settings.drop_answer):
            return
        after_s = reply.after_s + settings.latency_s
        if faults.happens(settings.delay):
            after_s += settings.delay_s
        shape = "cut" if faults.happens(settings.cut) else reply.shape
        changed = Reply(reply.message, after_s, shape)
        if faults.happens(settings.garbage):
            self._write(_framed(faults.chance.randbytes(faults.chance.randint(1, 60))))
        if shape == "whole" and not after_s and faults.happens(settings.reorder):
            self._held.append(_framed(pack(reply.message)))
            self._later(REORDER_WAIT_S, self._let_go)
            return
        self._send(changed)
        if faults.happens(settings.duplicate):
            self._send(changed)

    def _send(self, reply: Reply) -> None:
        if reply.after_s > 0:
            self._later(reply.after_s, lambda: self._send(Reply(reply.message, 0.0, reply.shape)))
            return
        wire = _framed(pack(reply.message))
        if reply.shape == "malformed":
            wire = _framed(b"\xff" * 24 + wire[26:])
        elif reply.shape == "cut":
            self._write(wire[: len(wire) // 2])
            self._writer.close()
            return
        self._write(wire)
        self._let_go()

    def _let_go(self) -> None:
        held, self._held = self._held, []
        for wire in held:
            self._write(wire)

    def _write(self, wire: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(wire)

    def _later(self, after_s: float, act: Callable[[], None]) -> None:
        if len(self._timers) >= MAX_ANSWERS_WAITING:
            LOG.warning("more than %d answers wait: one is lost", MAX_ANSWERS_WAITING)
            return

        def run() -> None:
            self._timers.discard(timer)
            act()

        timer = asyncio.get_running_loop().call_later(after_s, run)
        self._timers.add(timer)


def _framed(wire: bytes) -> bytes:
    return len(wire).to_bytes(HEADER_BYTES, "big") + wire
