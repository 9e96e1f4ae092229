"""The connector and the simulated network, joined by real sockets, in one event loop.

The vault is played by ``FakeVault`` (permits spent once, releases sealed to the connector's key);
what payments is told is read from the outbox's table."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.db import connection

from sekisho import transport
from sekisho.card_network.connection import LinkLimits, NetworkLink
from sekisho.card_network.connector import Connector, Patience
from sekisho.card_network.directory_server import HttpDirectoryServer
from sekisho.card_network.doors import open_doors
from sekisho.card_network.records.models import Order
from sekisho.card_network.result_door import ResultDoor
from sekisho.card_network.run_orders import OrderRunner
from sekisho.card_network.scribe import Scribe
from sekisho.crossings import card_network as asked
from sekisho.crossings import payments as told
from sekisho.crossings.message import Crossing, Refusal
from sekisho.crossings.sealing import release_purpose, seal
from sekisho.crossings.vault import Release, Released, ReleasedCard, ReleasePermit, SignedPermit
from sekisho.simulators.card_network.book import Entry
from sekisho.simulators.card_network.host import CardNetworkHost
from sekisho.simulators.three_d_secure.servers import ThreeDSecureServers
from sekisho.transport import Caller
from sekisho.transport.answers import Answered, Refused
from tests.rooms.open_room import opened

PAYMENTS = Caller("payments", "payments", None)
MERCHANT = "MIHONTO0000001"
SMALL_LIMITS = LinkLimits(
    connect_s=10, sign_on_s=10, echo_every_s=5, echo_answer_s=5, first_wait_s=0.02,
    longest_wait_s=0.1, sign_off_s=0.2,
)  # fmt: skip
CALM = Patience(
    answer_s=20, ready_s=20, put_off_s=0.1, fresh_s=120, honour_s=120, ask_again_s=(0.1,) * 50,
    directory_answer_s=20, challenge_s=120, result_s=0.3, poll_s=0.05,
)  # fmt: skip
"""For stories without a time-out: a busy machine must not make one."""
HASTY = replace(CALM, answer_s=1.0, ready_s=2.0, directory_answer_s=1.5)
"""For stories in which an answer does not come."""
WAIT_S = 90.0
"""A test that waits this long has failed."""

Value = TypeVar("Value")
_serial = itertools.count(1)


@dataclass
class FakeVault:
    """Releases each permit once, sealed."""

    public_key: bytes
    cards: dict[str, ReleasedCard] = field(default_factory=dict)
    spent: set[str] = field(default_factory=set)
    refuse_with: str | None = None
    unreachable_times: int = 0

    def cross(self, message: Crossing[Any], *, seconds: float) -> Any:
        assert isinstance(message, Release)
        if self.unreachable_times:
            self.unreachable_times -= 1
            raise transport.CrossingUnavailable("vault can't be reached")
        permit = message.signed_permit.permit
        if self.refuse_with:
            raise Refusal(self.refuse_with)
        if permit.permit_id in self.spent:
            raise Refusal("permit_spent")
        self.spent.add(permit.permit_id)
        card = self.cards[permit.card_token]
        purpose = release_purpose(permit.permit_id)
        return Released(box=seal(self.public_key, card, purpose=purpose))


class Both:
    """What a test holds of both sides."""

    def __init__(self, folder: Path, patience: Patience = CALM) -> None:
        self.folder = folder
        self.patience = patience
        self.key = X25519PrivateKey.generate()
        self.vault = FakeVault(self.key.public_key().public_bytes_raw())
        self.host = CardNetworkHost(folder / "network")
        self.port = 0
        self.servers: ThreeDSecureServers | None = None
        self.connector: Connector
        self.runner: OrderRunner
        self.door: ResultDoor
        self._tasks: list[asyncio.Task[None]] = []

    # --- lives of the connector -----------------------------------------------------------------

    async def open(self) -> None:
        self.port = await self.host.start(port=self.port)
        transport.use(self.vault)
        acs = _listener()
        acs_url = f"http://localhost:{acs.getsockname()[1]}"
        self.servers = ThreeDSecureServers(acs_url)
        await self.servers.start(listener=acs)
        self.acs_url = acs_url
        await self.start_connector()

    async def start_connector(self) -> None:
        results = _listener()
        link = NetworkLink("127.0.0.1", self.port, limits=SMALL_LIMITS)
        self.connector = Connector(
            link=link,
            scribe=Scribe(),
            private_key=self.key,
            directory_server=HttpDirectoryServer(
                f"{self.acs_url}/ds/areq", answer_s=self.patience.directory_answer_s
            ),
            result_url=f"http://localhost:{results.getsockname()[1]}",
            patience=self.patience,
        )
        self.runner = OrderRunner(self.connector)
        self.doors = open_doors(self.runner)
        self.connector.scribe.start()
        self.door = ResultDoor(self.connector)
        await self.door.open(results)
        self._tasks = [asyncio.create_task(link.run()), asyncio.create_task(self.runner.run())]
        await link.wait_until_ready(WAIT_S)

    async def kill_connector(self) -> None:
        """End it in the middle of everything, as kill -9 does: what was not committed is lost."""
        waiting = self.connector.scribe._queue
        everything = [*self._tasks, *self.runner._in_work.values()]
        while not waiting.empty():
            waiting.get_nowait()
        for task in everything:
            task.cancel()
        await asyncio.gather(*everything, return_exceptions=True)
        await self.door.shut()
        await self.connector.directory_server.close()
        await asyncio.to_thread(self.connector.scribe.stop)

    async def restart_network(self) -> None:
        """End the network and begin it again on the same port with the same book."""
        await self.host.stop()
        self.host = CardNetworkHost(self.folder / "network")
        await self.host.start(port=self.port)

    async def close(self) -> None:
        await self.kill_connector()
        await self.host.stop()
        if self.servers is not None:
            await self.servers.stop()
        transport.use(None)

    # --- orders ---------------------------------------------------------------------------------

    async def send(self, message: Crossing[Any]) -> Answered | Refused | Any:
        return await asyncio.to_thread(self._answer, message)

    def _answer(self, message: Crossing[Any]) -> Any:
        try:
            return self.doors.answer(PAYMENTS, message)
        finally:
            connection.close()

    def permit(self, number: str, payment_id: str, *, code: str | None = "123") -> SignedPermit:
        token = f"card-{number[-6:]}"
        self.vault.cards[token] = ReleasedCard(
            number=number, expiry_yymm="3512", cardholder_name=None, security_code=code
        )
        now = datetime.now(UTC)
        permit = ReleasePermit(
            permit_id=f"permit-{next(_serial)}",
            payment_id=payment_id,
            client_body="mihon_to",
            card_token=token,
            purpose="authorise",
            with_security_code=True,
            receiver_key=self.vault.public_key,
            issued_at=now,
            expires_at=now + timedelta(minutes=5),
        )
        return SignedPermit(permit=permit, signature=b"x" * 64)

    def authorisation(self, number: str, *, attempt: int = 1, amount_yen: int = 12_345,
                      payment_id: str | None = None, **more: Any) -> asked.Authorise:  # fmt: skip
        payment_id = payment_id or f"pay_{next(_serial)}"
        return asked.Authorise(
            payment_id=payment_id,
            attempt=attempt,
            signed_permit=self.permit(number, payment_id),
            merchant_id=MERCHANT,
            amount_yen=amount_yen,
            entry_mode=more.pop("entry_mode", "ecommerce"),
            reference=payment_id.upper(),
        )

    async def authorise(self, number: str, **more: Any) -> told.AuthorisationOutcome:
        """Send an authorisation and return the outcome that ends it (not ``unknown``)."""
        order = self.authorisation(number, **more)
        assert isinstance(await self.send(order), Answered)
        return await self.outcome(order.payment_id, told.AuthorisationOutcome)

    async def outcomes(self, payment_id: str, kind: type[Value]) -> list[Value]:
        """Return what payments was told of a payment, oldest first."""
        return await in_thread(lambda: [
            outcome for outcome in _posted(kind) if outcome.payment_id == payment_id
        ])  # fmt: skip

    async def outcome(
        self, payment_id: str, kind: type[Value], *, but: tuple[str, ...] = ("unknown",)
    ) -> Value:
        """Return the first outcome of ``kind`` whose result is not one of ``but``."""

        async def look() -> Any:
            found = [one for one in await self.outcomes(payment_id, kind) if one.result not in but]
            return found[0] if found else None

        return await until(look)

    async def order(self, payment_id: str, kind: str) -> Order:
        return await in_thread(lambda: Order.objects.get(payment_id=payment_id, kind=kind))

    def entries(self, payment_id: str) -> list[Entry]:
        """Return the network's entries of a payment."""
        return [e for e in self.host.book.entries() if e.reference == payment_id.upper()]


async def until(look: Callable[[], Coroutine[Any, Any, Value]]) -> Value:
    """Return the first true value of ``look``."""
    deadline = asyncio.get_running_loop().time() + WAIT_S
    while True:
        value = await look()
        if value:
            return value
        assert asyncio.get_running_loop().time() < deadline, "it never came"
        await asyncio.sleep(0.02)


async def in_thread(act: Callable[[], Value]) -> Value:
    """Run Django code in a thread of its own, as the doors do."""

    def run() -> Value:
        try:
            return act()
        finally:
            connection.close()

    return await asyncio.to_thread(run)


def _posted(kind: type[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM outbox WHERE message = %s ORDER BY id", [kind.__name__])
        rows = cursor.fetchall()
    return [msgspec.msgpack.decode(bytes(row[0]), type=kind) for row in rows]


def everything_written(both: Both) -> bytes:
    """Return every byte of the zone's tables (as text) and of both folders."""
    parts = [path.read_bytes() for path in sorted(both.folder.rglob("*")) if path.is_file()]
    for table in ("orders", "authentications", "outbox"):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table}")
            parts += [
                bytes(value) if isinstance(value, memoryview | bytes) else str(value).encode()
                for row in cursor.fetchall()
                for value in row
            ]
    lines = opened[0].cluster.execute_sql("SELECT subject, facts::text FROM evidence.line")
    return b"\n".join(parts + [str(line).encode() for line in lines])


def _listener() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    return listener


@asynccontextmanager
async def joined(folder: Path, patience: Patience = CALM):  # type: ignore[no-untyped-def]
    """Both sides, open; closed at the end."""
    both = Both(folder, patience)
    await both.open()
    try:
        yield both
    finally:
        await both.close()
