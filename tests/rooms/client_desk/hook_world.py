"""Webhooks from end to end in one process: payments that tells events, the real sender, and real
receivers on this machine."""

from __future__ import annotations

import json
import ssl
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from sekisho import transport
from sekisho.client_desk.records.scope import enter_body
from sekisho.client_desk.records.webhook_models import Delivery, Try
from sekisho.client_desk.webhooks import endpoints
from sekisho.client_desk.webhooks.send import Messenger
from sekisho.client_desk.webhooks.shown import EndpointShown
from sekisho.crossings.hook_sender import (
    AddressChecked,
    CheckAddress,
    Deliver,
    DeliveriesTaken,
    TakeOutcomes,
)
from sekisho.crossings.payments import BodyEvent, EventsShown, NewEvents
from sekisho.hook_sender.addresses import find_target
from sekisho.hook_sender.carry import Carrier
from sekisho.hook_sender.errors import AddressRefused
from sekisho.hook_sender.reach import Reach
from sekisho.sign_in.second_factor import SecretKeeper
from sekisho.transport import CrossingUnavailable
from tests.rooms.client_desk.conftest import room
from tests.rooms.hook_sender.receiver import Heard, Receiver

BODY = "mihon_to"
BEGAN = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
WAIT_SECONDS = 30.0
TRUST = ssl.create_default_context()
KEEPER = SecretKeeper(b"k" * 32)


def an_event(number: int, client_body: str = BODY, **facts: Any) -> BodyEvent:
    """An event as payments tells it."""
    return BodyEvent(
        event_id=f"event_{number:032x}",
        client_body=client_body,
        at=BEGAN + timedelta(seconds=number),
        kind=facts.pop("kind", "payment.captured"),
        object_id=f"pay_{number}",
        facts=facts or {"amount_yen": 1_000, "reference": "7K3M-9QXD-2F4H-T"},
    )


class World:
    """Carries the desk's crossings. ``payments_away``, ``sender_away``: nobody answers there."""

    def __init__(self, *receivers: Receiver) -> None:
        self.told: list[BodyEvent] = []
        self.payments_away = self.sender_away = False
        self.answers_lost = False
        self._reach = Reach(True, True, frozenset(receiver.port for receiver in receivers))
        self.carrier = self._new_carrier()
        self.messenger = Messenger(KEEPER, chance=lambda: 0.5)
        self.moment = BEGAN + timedelta(hours=1)
        room.cluster.execute_sql("UPDATE client_desk.event_cursor SET after = ''")
        transport.use(self)

    def _new_carrier(self) -> Carrier:
        return Carrier(self._reach, TRUST, lambda _host, _port: ["127.0.0.1"])

    def cross(self, message: Any, *, seconds: float) -> Any:
        if isinstance(message, NewEvents):
            if self.payments_away:
                raise CrossingUnavailable("payments is away")
            after = int(message.after or "0")
            events = self.told[after : after + message.limit]
            return EventsShown(events=events, after=str(after + len(events)))
        if self.sender_away:
            raise CrossingUnavailable("the sender is away")
        if isinstance(message, Deliver):
            taken = self.carrier.take(message.deliveries)
            if self.answers_lost:
                raise CrossingUnavailable("the answer was lost")
            return DeliveriesTaken(taken=taken)
        if isinstance(message, TakeOutcomes):
            return self.carrier.show_outcomes(message.seen)
        assert isinstance(message, CheckAddress)
        try:
            target = find_target(message.url, self._reach, lambda _host, _port: ["127.0.0.1"])
        except AddressRefused as refused:
            return AddressChecked(url="", wrong=refused.reason, detail=str(refused))
        return AddressChecked(url=target.called.url)

    def kill_the_sender(self) -> None:
        """Another life of the sender, that knows nothing."""
        self.carrier = self._new_carrier()

    def kill_the_desk(self) -> None:
        """Another life of the desk's thread."""
        self.messenger = Messenger(KEEPER, chance=lambda: 0.5)

    def turn(self) -> bool:
        """One turn of the messenger at this moment."""
        self.messenger._pull_at = 0.0
        return self.messenger.turn(self.moment)

    def settle(self) -> None:
        """Turn until nothing is under way nor due at this moment."""
        deadline = time.monotonic() + WAIT_SECONDS
        while self.turn() or self.messenger._seen:
            assert time.monotonic() < deadline, "waited too long"
            time.sleep(0.005)

    def later(self, **span: float) -> None:
        """Let time pass, then settle."""
        self.moment += timedelta(**span)
        self.settle()

    def add(self, receiver: Receiver, *kinds: str, body: str = BODY) -> tuple[EndpointShown, str]:
        """An endpoint of ``body`` at ``receiver`` and its secret."""
        enter_body(body)
        try:
            return endpoints.add_endpoint(
                body,
                url=f"http://hooks.example.jp:{receiver.port}/in",
                kinds=kinds,
                by="hanako",
                keeper=KEEPER,
                now=self.moment,
            )
        finally:
            enter_body("")


def states(body: str = BODY) -> dict[str, str]:
    """The state of each delivery by its event."""
    enter_body(body)
    try:
        return dict(Delivery.objects.values_list("event_id", "state"))
    finally:
        enter_body("")


def tries(body: str = BODY) -> list[tuple[int, str]]:
    """Status and why of every try, in order."""
    enter_body(body)
    try:
        return list(Try.objects.order_by("at").values_list("status", "why"))
    finally:
        enter_body("")


def verify(secret: str, heard: Heard, at: datetime | None = None) -> dict[str, Any]:
    """Read a delivery as a receiver does, by the specification's own library."""
    hook = Webhook(secret)
    if at is None:
        shown: dict[str, Any] = json.loads(heard.body)
        # Its clock is the machine's; the world's is not.
        signed = heard.headers["webhook-signature"].split(" ")
        stamp = datetime.fromtimestamp(int(heard.headers["webhook-timestamp"])).astimezone()
        expected = hook.sign(heard.headers["webhook-id"], stamp, heard.body.decode())
        if expected not in signed:
            raise WebhookVerificationError("no matching signature found")
        return shown
    verified: dict[str, Any] = hook.verify(heard.body, heard.headers)
    return verified
