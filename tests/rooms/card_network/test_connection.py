"""The one connection: answers in any order, garbage, refused sign-on, breaks, limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.card_network.connection import LinkLimits, NetworkLink
from sekisho.card_network.errors import MessageBroken, NoAnswer, NotSent
from sekisho.card_network.message import Message
from sekisho.simulators.card_network.packing import HostMessage, pack, unpack
from tests.rooms.card_network.both_sides import SMALL_LIMITS, until

NOW = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
Answer = Callable[[HostMessage], list[bytes]]


def framed(wire: bytes) -> bytes:
    return len(wire).to_bytes(2, "big") + wire


def answer_to(asked: HostMessage, code: str = "00") -> bytes:
    kind = f"{asked.kind[:2]}{int(asked.kind[2]) + 1}0"
    fields = {n: t for n, t in asked.fields.items() if n in (4, 7, 11, 70)}
    return framed(pack(HostMessage(kind, {**fields, 39: code})))


class Network:
    """A host of a few lines: ``answer`` says which bytes go back for each message."""

    def __init__(self) -> None:
        self.answer: Answer = lambda asked: [answer_to(asked)]
        self.sign_on_code = "00"
        self.heard: list[HostMessage] = []
        self.writers: list[asyncio.StreamWriter] = []

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                asked = unpack(await reader.readexactly(length))
                self.heard.append(asked)
                if asked.kind == "0800":
                    writer.write(answer_to(asked, self.sign_on_code))
                else:
                    for wire in self.answer(asked):
                        writer.write(wire)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def purposes(self) -> list[str]:
        return [asked.fields[70] for asked in self.heard if asked.kind == "0800"]


@asynccontextmanager
async def linked(
    limits: LinkLimits = SMALL_LIMITS, *, ready: bool = True
) -> AsyncIterator[tuple[Network, NetworkLink]]:
    network = Network()
    server = await asyncio.start_server(network.meet, "127.0.0.1", 0)
    link = NetworkLink("127.0.0.1", server.sockets[0].getsockname()[1], limits=limits)
    running = asyncio.create_task(link.run())
    if ready:
        await link.wait_until_ready(5)
    try:
        yield network, link
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        for writer in network.writers:
            writer.close()
        server.close()


def request(trace: int, amount: int = 1) -> Message:
    return Message(
        "0100", {"2": "4111111111111111", "4": f"{amount:012d}", "7": "0401030000",
                 "11": f"{trace:06d}"}
    )  # fmt: skip


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 30))  # type: ignore[arg-type]


def test_many_messages_are_in_flight_and_answered_in_any_order() -> None:
    async def story() -> None:
        async with linked() as (network, link):
            waiting: list[HostMessage] = []

            def hold(asked: HostMessage) -> list[bytes]:
                waiting.append(asked)
                if len(waiting) < 50:
                    return []
                return [answer_to(one) for one in reversed(waiting)]

            network.answer = hold
            answers = await asyncio.gather(
                *(link.exchange(request(trace, trace), timeout_s=5) for trace in range(50))
            )
            assert [answer.get("4") for answer in answers] == [f"{n:012d}" for n in range(50)]
            assert len(network.writers) == 1

    run(story)


def test_no_answer_is_said_and_the_late_one_is_a_stray() -> None:
    async def story() -> None:
        async with linked() as (network, link):
            late: list[HostMessage] = []
            network.answer = lambda asked: late.append(asked) or []  # type: ignore[func-returns-value]
            with pytest.raises(NoAnswer) as caught:
                await link.exchange(request(1), timeout_s=0.1)
            assert caught.value.why == "time_out"
            network.answer = lambda asked: [answer_to(late[0]), answer_to(asked), answer_to(asked)]
            assert (await link.exchange(request(2), timeout_s=5)).get("11") == "000002"
            await until_count(link, 2)

    run(story)


async def until_count(link: NetworkLink, strays: int) -> None:
    async def counted() -> bool:
        return link.counts.strays == strays

    await until(counted)


def test_an_answer_for_another_amount_is_no_answer() -> None:
    async def story() -> None:
        async with linked() as (network, link):

            def wrong(asked: HostMessage) -> list[bytes]:
                asked.fields[4] = "000000000009"
                return [answer_to(asked)]

            network.answer = wrong
            with pytest.raises(NoAnswer) as caught:
                await link.exchange(request(1), timeout_s=5)
            assert caught.value.why == "mismatched"

    run(story)


@given(garbage=st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=5))
@settings(deadline=None, max_examples=30)
def test_garbage_in_frames_is_passed_over(garbage: list[bytes]) -> None:
    async def story() -> None:
        async with linked() as (network, link):
            network.answer = lambda asked: [
                *(framed(wire) for wire in garbage),
                answer_to(asked),
            ]
            answer = await link.exchange(request(1), timeout_s=5)
            assert answer.get("39") == "00"
            assert link.counts.connected == 1

    run(story)


@given(garbage=st.binary(min_size=1, max_size=400))
@settings(deadline=None, max_examples=30)
def test_garbage_without_frames_costs_the_connection_at_most(garbage: bytes) -> None:
    async def story() -> None:
        async with linked() as (network, link):
            network.answer = lambda asked: [garbage]
            with pytest.raises(NoAnswer):
                await link.exchange(request(1), timeout_s=0.05)
            network.answer = lambda asked: [answer_to(asked)]
            for writer in network.writers:
                writer.close()

            async def again() -> bool:
                try:
                    await link.wait_until_ready(1)
                    await link.exchange(request(2), timeout_s=1)
                except (NoAnswer, NotSent):
                    return False
                return True

            await until(again)

    run(story)


def test_a_break_leaves_what_was_in_flight_unknown_and_comes_back() -> None:
    async def story() -> None:
        async with linked() as (network, link):
            network.answer = lambda asked: network.writers[-1].close() or []  # type: ignore[func-returns-value]
            results = await asyncio.gather(
                *(link.exchange(request(trace), timeout_s=5) for trace in range(3)),
                return_exceptions=True,
            )
            assert {str(one) for one in results} == {"connection_lost"}
            network.answer = lambda asked: [answer_to(asked)]
            await link.wait_until_ready(5)
            assert (await link.exchange(request(9), timeout_s=5)).get("39") == "00"
            assert network.purposes()[:2] == ["001", "001"]

    run(story)


def test_nothing_is_written_while_the_network_is_away() -> None:
    async def story() -> None:
        async with linked(ready=False) as (network, link):
            network.sign_on_code = "12"
            with pytest.raises(NotSent):
                await link.exchange(request(1), timeout_s=1)
            with pytest.raises(NotSent):
                await link.wait_until_ready(0.2)
            assert {asked.kind for asked in network.heard} == {"0800"}

    run(story)


def test_a_message_that_cannot_be_packed_is_not_sent() -> None:
    async def story() -> None:
        async with linked() as (network, link):
            with pytest.raises(MessageBroken) as caught:
                await link.exchange(Message("0100", {"4": "x"}), timeout_s=1)
            assert caught.value.field == "4"
            assert not [asked for asked in network.heard if asked.kind == "0100"]

    run(story)


def test_the_same_trace_number_is_not_in_flight_twice() -> None:
    async def story() -> None:
        async with linked() as (network, link):
            network.answer = lambda asked: []
            first = asyncio.create_task(link.exchange(request(1), timeout_s=0.5))
            await asyncio.sleep(0.05)
            with pytest.raises(NotSent):
                await link.exchange(request(1), timeout_s=1)
            with pytest.raises(NoAnswer):
                await first

    run(story)


def test_messages_past_the_limit_wait_for_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sekisho.card_network.connection.MAX_IN_FLIGHT_MESSAGES", 2)

    async def story() -> None:
        async with linked() as (network, link):
            network.answer = lambda asked: []
            sent = [
                asyncio.create_task(link.exchange(request(trace), timeout_s=0.3))
                for trace in range(5)
            ]
            await asyncio.sleep(0.15)
            assert len([asked for asked in network.heard if asked.kind == "0100"]) == 2
            results = await asyncio.gather(*sent, return_exceptions=True)
            assert all(isinstance(one, NoAnswer) for one in results)
            assert len([asked for asked in network.heard if asked.kind == "0100"]) == 5

    run(story)


def test_an_idle_connection_echoes_and_one_without_echo_is_given_up() -> None:
    async def story() -> None:
        async with linked(replace(SMALL_LIMITS, echo_every_s=0.05, echo_answer_s=0.05)) as (
            network,
            link,
        ):

            async def echoed() -> bool:
                return "301" in network.purposes()

            await until(echoed)
            assert link.counts.connected == 1
            network.writers[-1].write = lambda data: None  # type: ignore[method-assign]

            async def again() -> bool:
                return link.counts.connected == 2

            await until(again)

    run(story)


def test_the_end_is_said_and_nothing_goes_after_it() -> None:
    async def story() -> None:
        async with linked() as (network, link):
            await link.sign_off()
            assert network.purposes()[-1] == "002"
            with pytest.raises(NotSent):
                await link.exchange(request(1), timeout_s=1)

    run(story)


def test_the_number_is_not_kept_while_the_answer_is_waited_for() -> None:
    async def story() -> None:
        async with linked() as (network, link):
            network.answer = lambda asked: []
            ticket = await link.send(request(1))
            kept = [asked for asked, _ in link._waiting.values()]
            assert [asked.fields["2"] for asked in kept] == ["411111******1111"]
            with pytest.raises(NoAnswer):
                await ticket.answer(0.05)
            assert link._waiting == {}

    run(story)
