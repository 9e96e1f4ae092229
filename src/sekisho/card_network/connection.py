"""The one TCP connection to the card network, with many messages in flight on it.

Answers are matched by type, trace number and moment, in whatever order they come. The connection
signs on, echoes when idle, and comes back after a break with a bounded, growing wait. What was in
flight at a break is *unknown*, never failed: the caller asks the network what became of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sekisho.card_network import message as iso
from sekisho.card_network.errors import MessageBroken, NoAnswer, NotSent
from sekisho.card_network.message import Message

LOG = logging.getLogger(__name__)

MAX_IN_FLIGHT_MESSAGES = 512
MAX_MISSED_ECHOES = 2
MAX_ADVICES_IN_HAND = 32
"""Messages of the network itself that are being written down; past it they wait for its repeat."""

ADVICE_KINDS = ("0422", "0423", "0622", "0623")
"""What the network says of its own accord, beside 0800."""

Hearer = Callable[[Message], Awaitable[Message | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLimits:
    """Times of the connection, in seconds; tests make them small."""

    connect_s: float = 5.0
    sign_on_s: float = 10.0
    echo_every_s: float = 30.0
    echo_answer_s: float = 10.0
    first_wait_s: float = 0.2
    longest_wait_s: float = 10.0
    sign_off_s: float = 2.0


@dataclass(slots=True)
class LinkCounts:
    """What happened on the connection since the process started."""

    connected: int = 0
    sent: int = 0
    answered: int = 0
    broken: int = 0
    """Frames that were no message."""
    strays: int = 0
    """Valid answers that nobody waited for: late ones and duplicates."""
    mismatched: int = 0
    advices: int = 0
    """Chargebacks and decisions that the network said, repeats included."""


class Ticket:
    """The place of one sent message among those in flight."""

    def __init__(self, answer: asyncio.Future[Message], end: Callable[[], None]) -> None:
        self._answer = answer
        self._end = end

    async def answer(self, timeout_s: float) -> Message:
        """Return the answer, once. Raises ``NoAnswer`` when none came within ``timeout_s``, the
        connection was lost, or it does not fit: the message may have been acted on."""
        try:
            return await asyncio.wait_for(self._answer, timeout_s)
        except TimeoutError:
            raise NoAnswer("time_out") from None
        finally:
            self._end()


class NetworkLink:
    """Keeps the connection to ``host``:``port`` for as long as ``run`` runs."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        limits: LinkLimits | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_stray: Callable[[Message], None] = lambda answer: None,
    ) -> None:
        self._host, self._port = host, port
        self._limits = limits or LinkLimits()
        self._now = now
        self._on_stray = on_stray
        self._waiting: dict[tuple[str, str, str], tuple[Message, asyncio.Future[Message]]] = {}
        self._room = asyncio.Semaphore(MAX_IN_FLIGHT_MESSAGES)
        self._writer: asyncio.StreamWriter | None = None
        self._ready = asyncio.Event()
        self._management_serial = 0
        self._last_heard = 0.0
        self._hearer: Hearer | None = None
        self._advices: set[asyncio.Task[None]] = set()
        self.counts = LinkCounts()

    @property
    def is_ready(self) -> bool:
        """Whether the network is connected and signed on."""
        return self._ready.is_set()

    async def wait_until_ready(self, timeout_s: float) -> None:
        """Return when signed on. Raises ``NotSent`` after ``timeout_s`` seconds."""
        try:
            await asyncio.wait_for(self._ready.wait(), timeout_s)
        except TimeoutError:
            raise NotSent("the card network is not connected") from None

    async def run(self) -> None:
        """Connect, sign on, read; after a break wait and begin again. Ends when cancelled."""
        wait_s = self._limits.first_wait_s
        while True:
            signed_on_before = self.counts.connected
            try:
                await self._connect_and_read()
            except (OSError, EOFError, TimeoutError, NoAnswer, MessageBroken) as problem:
                LOG.warning("card network connection: %s", problem or type(problem).__name__)
            finally:
                self._let_go()
            if self.counts.connected > signed_on_before:
                wait_s = self._limits.first_wait_s
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - spread, no secret
            wait_s = min(wait_s * 2, self._limits.longest_wait_s)

    def listen(self, hear: Hearer) -> None:
        """Give what the network says of its own accord to ``hear`` and send back what it returns;
        ``None`` is no answer: the network says it again."""
        self._hearer = hear

    async def exchange(self, asked: Message, *, timeout_s: float) -> Message:
        """Send ``asked`` and return its answer. Raises as ``send`` and ``Ticket.answer``."""
        ticket = await self.send(asked)
        return await ticket.answer(timeout_s)

    async def send(self, asked: Message) -> Ticket:
        """Write ``asked`` and return the ticket on which its answer is waited for. Nothing secret
        in ``asked`` is kept after this returns.

        Raises ``NotSent`` when no byte was written and ``MessageBroken`` when it can't be packed.
        A ticket must be waited for: it holds one of ``MAX_IN_FLIGHT_MESSAGES`` places."""
        await self._room.acquire()
        try:
            if not self._ready.is_set():
                raise NotSent("the card network is not connected")
            return self._send(asked, self._room.release)
        except BaseException:
            self._room.release()
            raise

    async def sign_off(self) -> None:
        """Say goodbye, if connected, and take no further message."""
        if self._ready.is_set():
            self._ready.clear()
            with contextlib.suppress(NoAnswer, NotSent, OSError):
                await self._manage(iso.SIGN_OFF, self._limits.sign_off_s)
        if self._writer is not None:
            self._writer.close()

    # --- inside ----------------------------------------------------------------------------------

    def _send(self, asked: Message, at_end: Callable[[], None]) -> Ticket:
        writer = self._writer
        if writer is None or writer.is_closing():
            raise NotSent("the card network is not connected")
        if asked.answer_trace in self._waiting:
            raise NotSent(f"trace number {asked.get('11')} is in flight already")
        frame = iso.encode(asked)
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        kept = Message(asked.kind, iso.storable(asked))
        self._waiting[asked.answer_trace] = (kept, answer)
        self.counts.sent += 1
        writer.write(frame)
        if not writer.transport.get_write_buffer_size():
            _wipe(frame)  # all of it is with the kernel; else the transport may still read it

        def end() -> None:
            self._waiting.pop(kept.answer_trace, None)
            at_end()

        return Ticket(answer, end)

    async def _connect_and_read(self) -> None:
        async with asyncio.timeout(self._limits.connect_s):
            reader, self._writer = await asyncio.open_connection(self._host, self._port)
        reading = asyncio.create_task(self._read(reader))
        keeping = asyncio.create_task(self._keep_alive())
        try:
            done, _ = await asyncio.wait({reading, keeping}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (reading, keeping):
                task.cancel()
            await asyncio.gather(reading, keeping, return_exceptions=True)

    async def _keep_alive(self) -> None:
        answer = await self._manage(iso.SIGN_ON, self._limits.sign_on_s)
        if answer.get("39") != iso.APPROVED:
            raise NoAnswer(f"sign-on refused ({answer.get('39')})")
        self.counts.connected += 1
        self._ready.set()
        missed = 0
        while missed < MAX_MISSED_ECHOES:
            await asyncio.sleep(self._limits.echo_every_s)
            idle_s = asyncio.get_running_loop().time() - self._last_heard
            if idle_s < self._limits.echo_every_s:
                continue
            try:
                await self._manage(iso.ECHO, self._limits.echo_answer_s)
                missed = 0
            except NoAnswer:
                missed += 1
        raise NoAnswer("echoes are not answered")

    async def _manage(self, code: str, timeout_s: float) -> Message:
        self._management_serial = self._management_serial % 999_999 + 1
        asked = iso.network_management(code, f"{self._management_serial:06d}", self._now())
        return await self._send(asked, lambda: None).answer(timeout_s)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while True:
            header = await reader.readexactly(iso.HEADER_BYTES)
            length = int.from_bytes(header, "big")
            if not 0 < length <= iso.MAX_MESSAGE_BYTES:
                raise MessageBroken("h", f"frame of {length} bytes, the stream is lost")
            wire = await reader.readexactly(length)
            self._last_heard = asyncio.get_running_loop().time()
            try:
                answer = iso.decode(wire)
            except MessageBroken as problem:
                self.counts.broken += 1
                LOG.warning("card network sent what is no message: %s", problem)
                continue
            self._hear(answer)

    def _hear(self, answer: Message) -> None:
        if answer.kind == "0800":
            self._answer_management(answer)
            return
        if answer.kind in ADVICE_KINDS:
            self._take_advice(answer)
            return
        asked, waiting = self._waiting.get(answer.trace, (None, None))
        if asked is None or waiting is None or waiting.done():
            self.counts.strays += 1
            self._on_stray(answer)
            return
        field = iso.find_mismatch(asked, answer)
        if field is not None:
            self.counts.mismatched += 1
            LOG.warning("answer %s differs from its request in field %s", answer.kind, field)
            waiting.set_exception(NoAnswer("mismatched"))
            return
        self.counts.answered += 1
        waiting.set_result(answer)

    def _answer_management(self, asked: Message) -> None:
        if self._writer is not None and not self._writer.is_closing():
            fields = {**asked.fields, "39": iso.APPROVED}
            self._writer.write(iso.encode(Message("0810", fields)))

    def _take_advice(self, advice: Message) -> None:
        self.counts.advices += 1
        if self._hearer is None or len(self._advices) >= MAX_ADVICES_IN_HAND:
            return
        task = asyncio.create_task(self._answer_advice(self._hearer, advice, self._writer))
        self._advices.add(task)
        task.add_done_callback(self._advices.discard)

    async def _answer_advice(
        self, hear: Hearer, advice: Message, writer: asyncio.StreamWriter | None
    ) -> None:
        try:
            answer = await hear(advice)
        except Exception:
            LOG.exception("%s of the network could not be taken; it will say it again", advice.kind)
            return
        if answer is not None and writer is not None and not writer.is_closing():
            writer.write(iso.encode(answer))

    def _let_go(self) -> None:
        """Tell everyone who waits that the connection is gone."""
        self._ready.clear()
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None
        for _, waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(NoAnswer("connection_lost"))


def _wipe(frame: bytearray) -> None:
    for at in range(len(frame)):
        frame[at] = 0
