"""Works the orders: those that a door has just taken, and those that became due.

Every order is in one task at most. The look-out finds what nobody works on: what an earlier life of
the process left, and what was put off."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from sekisho.card_network import orders
from sekisho.card_network.answer_chargeback import answer_chargeback
from sekisho.card_network.authorise import authorise
from sekisho.card_network.capture import capture
from sekisho.card_network.connector import Connector
from sekisho.card_network.errors import AnotherConnector
from sekisho.card_network.hear_disputes import hear
from sekisho.card_network.records.models import Order
from sekisho.card_network.refund import refund
from sekisho.card_network.reverse import reverse
from sekisho.card_network.three_d_secure import authenticate
from sekisho.card_network.undo import say_undo

LOG = logging.getLogger(__name__)

MAX_ORDERS_IN_WORK = 600
"""Orders worked on at once; more than messages in flight, as some wait for the vault."""

MAX_ORDERS_HANDED_OVER = 2_000
"""Orders that doors have taken and no task has begun. Past it a door says that it is busy."""

LOCK_WAIT_S = 0.5
BROKEN_WAITS_S = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses before an order whose work broke (a database that is away, a fault of ours) goes on; the
last one again and again."""

DRAIN_S = 5.0


class OrderRunner:
    """Runs in the event loop; ``hand_over`` may be called from any thread."""

    def __init__(self, connector: Connector) -> None:
        self.connector = connector
        self._loop: asyncio.AbstractEventLoop | None = None
        self._fresh: asyncio.Queue[Order] = asyncio.Queue()
        self._in_work: dict[int, asyncio.Task[None]] = {}
        self._broken: dict[int, int] = {}
        """How often in a row the work on an order broke."""
        self._room = asyncio.Semaphore(MAX_ORDERS_IN_WORK)
        self._stopping = False

    @property
    def is_full(self) -> bool:
        """Whether doors should say that they are busy."""
        return self._fresh.qsize() >= MAX_ORDERS_HANDED_OVER

    @property
    def in_work(self) -> int:
        """How many orders are worked on now."""
        return len(self._in_work)

    def hand_over(self, order: Order) -> None:
        """Work on an order that a door has just written down. One that comes while the process
        stops is found by the next life's look-out."""
        if self._loop is not None and not self._stopping:
            self._loop.call_soon_threadsafe(self._fresh.put_nowait, order)

    async def run(self) -> None:
        """Work until cancelled. Waits first until no other process works on these orders."""
        self._loop = asyncio.get_running_loop()
        await self._wait_for_lock()
        self.connector.link.listen(lambda advice: hear(self.connector, advice))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._take_fresh())
            group.create_task(self._look_out())

    async def drain(self) -> None:
        """Begin nothing new and give what is in work a few seconds to end; the rest is gone on
        with after the next start."""
        self._stopping = True
        if self._in_work:
            await asyncio.wait(self._in_work.values(), timeout=DRAIN_S)
        for task in list(self._in_work.values()):
            task.cancel()
        await asyncio.gather(*self._in_work.values(), return_exceptions=True)

    async def _wait_for_lock(self) -> None:
        while True:
            try:
                return await self.connector.scribe.write(lambda: None)
            except AnotherConnector:
                LOG.warning("waiting for an earlier process of this zone to end")
            except Exception:
                LOG.exception("the database is not there yet")
            await asyncio.sleep(LOCK_WAIT_S)

    async def _take_fresh(self) -> None:
        while True:
            order = await self._fresh.get()
            # Once it is due the look-out may have worked on it, and "fresh" would be untrue.
            if order.due_at is not None and self.connector.now() < order.due_at:
                await self._begin(order, fresh=True)

    async def _look_out(self) -> None:
        while True:
            for order in await self._find_due():
                await self._begin(order, fresh=False)
            await asyncio.sleep(self.connector.patience.poll_s)

    async def _find_due(self) -> list[Order]:
        now, leave_out = self.connector.now(), list(self._in_work)
        try:
            return await self.connector.scribe.write(
                lambda: orders.due(now=now, leave_out=leave_out)
            )
        except Exception:
            LOG.exception("orders can't be looked through")
            return []

    async def _begin(self, order: Order, *, fresh: bool) -> None:
        await self._room.acquire()
        if self._stopping or order.id in self._in_work:
            self._room.release()
            return
        task = asyncio.create_task(self._work(order, fresh=fresh))
        self._in_work[order.id] = task
        task.add_done_callback(lambda _: self._end(order.id))

    def _end(self, order_id: int) -> None:
        self._in_work.pop(order_id, None)
        self._room.release()

    async def _work(self, order: Order, *, fresh: bool) -> None:
        try:
            current = order
            if not fresh:  # it may have been finished between the look and now
                current = await self.connector.scribe.write(lambda: orders.read_again(order))
            if not current.result:
                await self._tell_story(current, fresh=fresh)
            self._broken.pop(order.id, None)
        except Exception:
            LOG.exception("order %d (%s) could not be worked", order.id, order.kind)
            times = self._broken.get(order.id, 0)
            self._broken[order.id] = times + 1
            await self._rest(order, BROKEN_WAITS_S[min(times, len(BROKEN_WAITS_S) - 1)])

    async def _rest(self, order: Order, wait_s: float) -> None:
        until = self.connector.now() + timedelta(seconds=wait_s)
        try:
            await self.connector.scribe.write(lambda: orders.put_off(order, until=until))
        except Exception:
            LOG.exception("order %d could not be put off", order.id)
            await asyncio.sleep(wait_s)

    async def _tell_story(self, order: Order, *, fresh: bool) -> None:
        connector = self.connector
        match Order.Kind(order.kind):
            case Order.Kind.AUTHENTICATE:
                await authenticate(connector, order)
            case Order.Kind.AUTHORISE:
                await authorise(connector, order, fresh=fresh)
            case Order.Kind.CAPTURE:
                await capture(connector, order)
            case Order.Kind.REVERSE:
                await reverse(connector, order)
            case Order.Kind.UNDO:
                await say_undo(connector, order)
            case Order.Kind.REFUND:
                await refund(connector, order)
            case Order.Kind.ANSWER:
                await answer_chargeback(connector, order)
