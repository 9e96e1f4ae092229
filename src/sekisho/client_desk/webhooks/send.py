"""The messenger: one thread of the desk that fetches events, hands deliveries to the sender and
writes down how they ended.

It holds nothing in memory that the database does not know: whatever dies, the next life asks the
sender what it has in hand and sends the rest again, under the same ids."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import datetime

from django.db import close_old_connections, connection

from sekisho import transport
from sekisho.client_desk.records.scope import enter_body
from sekisho.client_desk.records.webhook_models import Delivery, Endpoint, Event
from sekisho.client_desk.webhooks import limits
from sekisho.client_desk.webhooks.endpoints import open_secrets
from sekisho.client_desk.webhooks.keep_events import fetch_events
from sekisho.client_desk.webhooks.note_outcome import note_outcome
from sekisho.client_desk.webhooks.payload import payload_of
from sekisho.client_desk.webhooks.sign import sign
from sekisho.crossings import hook_sender
from sekisho.crossings.hook_sender import Deliver, Outcome, TakeOutcomes
from sekisho.crossings.message import Refusal
from sekisho.sign_in.second_factor import SecretKeeper
from sekisho.transport import TransportError
from sekisho.vocabulary.clock import now

log = logging.getLogger("sekisho.client_desk")

SILENT_SECONDS = 120.0
"""After which a person is told that nothing comes from payments or the sender."""

IDLE_ASK_SECONDS = 30.0
"""Pause between questions to the sender while nothing is in its hands: is it still there?"""


class Messenger:
    """``chance`` gives 0 to 1, for the jitter of pauses."""

    def __init__(self, keeper: SecretKeeper, chance: Callable[[], float] = random.random) -> None:
        self._keeper = keeper
        self._chance = chance
        self._seen: list[str] = []
        self._pull_at = 0.0
        self._prune_at = time.monotonic() + limits.PULL_SECONDS
        self._heard = {"payments": time.monotonic(), "hook_sender": time.monotonic()}
        self._asked_before = False

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop``; what fails is tried again at the next turn."""
        while not stop.is_set():
            try:
                close_old_connections()
                under_way = self.turn(now())
            except Exception:
                # An error of one body's rows must not end the desk for all.
                log.exception("webhooks: a turn failed")
                connection.close()
                under_way = False
            stop.wait(limits.FETCH_SECONDS if under_way else limits.PULL_SECONDS)

    def fault(self) -> str:
        """Return who has not been heard for too long, ``""`` while all is well."""
        silent = [
            who for who, heard in self._heard.items() if time.monotonic() - heard > SILENT_SECONDS
        ]
        return f"nothing heard from {' and '.join(silent)}: webhooks wait" if silent else ""

    def turn(self, moment: datetime) -> bool:
        """Do everything once; return whether anything is under way."""
        more = self._fetch(moment)
        under_way = self._hear(moment)
        if under_way is not None:
            under_way = self._hand_over(moment) or under_way
        self._prune(moment)
        return bool(under_way) or more

    def _fetch(self, moment: datetime) -> bool:
        if time.monotonic() < self._pull_at:
            return False
        told = 0
        try:
            told = fetch_events(moment)
            self._heard["payments"] = time.monotonic()
        except (TransportError, Refusal) as failure:
            log.debug("events: %s", failure)
        full = told == limits.PULL_EVENTS
        self._pull_at = time.monotonic() + (0.0 if full else limits.PULL_SECONDS)
        return full

    def _hear(self, moment: datetime) -> bool | None:
        """Note the outcomes that wait. Returns whether more are under way, ``None`` when the
        sender does not answer: what it has in hand is not known then."""
        idle = self._asked_before and not self._seen and not _in_hand()
        if idle and time.monotonic() - self._heard["hook_sender"] < IDLE_ASK_SECONDS:
            return False
        try:
            shown = transport.cross(TakeOutcomes(seen=self._seen))
        except (TransportError, Refusal) as failure:
            log.debug("outcomes: %s", failure)
            return None
        self._heard["hook_sender"], self._asked_before = time.monotonic(), True
        self._note(shown.outcomes, moment)
        self._seen = [outcome.try_id for outcome in shown.outcomes]
        lost = _take_back_lost(shown.under_way, moment)
        if lost:
            log.warning("webhooks: %s tries were lost with the sender and go again", lost)
        return bool(shown.under_way)

    def _note(self, outcomes: list[Outcome], moment: datetime) -> None:
        bodies = _bodies_of([outcome.try_id for outcome in outcomes])
        try:
            for outcome in outcomes:
                if outcome.try_id in bodies:
                    enter_body(bodies[outcome.try_id])
                    note_outcome(outcome, now=moment, chance=self._chance())
        finally:
            enter_body("")

    def _hand_over(self, moment: datetime) -> bool:
        claimed = _claim(moment)
        deliveries = []
        try:
            for client_body, delivery_id in claimed:
                enter_body(client_body)
                deliveries += self._write(delivery_id, moment)
        finally:
            enter_body("")
        for start in range(0, len(deliveries), hook_sender.MAX_BATCH):
            try:
                transport.cross(
                    Deliver(deliveries=deliveries[start : start + hook_sender.MAX_BATCH])
                )
            except (TransportError, Refusal) as failure:
                # Whether they arrived the sender says at the next turn.
                log.debug("deliveries: %s", failure)
        return bool(deliveries)

    def _write(self, delivery_id: str, moment: datetime) -> list[hook_sender.Delivery]:
        """The signed delivery; none when it can't be written, which is then a try that failed."""
        delivery = Delivery.objects.get(delivery_id=delivery_id)
        try:
            return [self._sign(delivery, moment)]
        except Exception:
            log.exception("delivery %s can't be written", delivery_id)
            said = "it could not be written; the desk's log says more"
            failed = Outcome(
                try_id=delivery.try_id, status=0, why="answer_broken", said=said, milliseconds=0
            )
            note_outcome(failed, now=moment, chance=self._chance())
            return []

    def _sign(self, delivery: Delivery, moment: datetime) -> hook_sender.Delivery:
        endpoint = Endpoint.objects.get(endpoint_id=delivery.endpoint_id)
        event = Event.objects.get(event_id=delivery.event_id)
        body = payload_of(event)
        stamp = int(moment.timestamp())
        secrets = open_secrets(self._keeper, endpoint, moment)
        return hook_sender.Delivery(
            try_id=delivery.try_id,
            line=endpoint.endpoint_id,
            url=endpoint.url,
            webhook_id=event.event_id,
            webhook_timestamp=stamp,
            webhook_signature=sign(event.event_id, stamp, body, secrets),
            body=body,
        )

    def _prune(self, moment: datetime) -> None:
        if time.monotonic() < self._prune_at:
            return
        removed = _prune(moment)
        # A full sweep may have left something.
        again = removed >= limits.PRUNE_ROWS
        self._prune_at = time.monotonic() + (limits.PULL_SECONDS if again else limits.PRUNE_SECONDS)


def _in_hand() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT any_in_hand()")
        row = cursor.fetchone()
    return bool(row and row[0])


def _take_back_lost(alive: list[str], moment: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT take_back_lost(%s, %s)", [alive, moment])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _bodies_of(try_ids: list[str]) -> dict[str, str]:
    if not try_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tried, body FROM bodies_of_tries(%s)", [try_ids])
        return dict(cursor.fetchall())


def _claim(moment: datetime) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT body, id FROM claim_deliveries(%s, %s, %s, %s)",
            [moment, limits.IN_HAND, limits.FAILING_IN_HAND, limits.TRAIN],
        )
        return list(cursor.fetchall())


def _prune(moment: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT prune_webhooks(%s, %s, %s)",
            [moment - limits.DELIVERIES_KEPT, moment - limits.EVENTS_KEPT, limits.PRUNE_ROWS],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0
