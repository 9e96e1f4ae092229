"""Fetches what happened from payments and keeps it, with a delivery for each endpoint that wants
it, in one transaction with how far it came: nothing is lost and nothing kept twice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

from django.db import transaction

from sekisho import transport
from sekisho.client_desk.records.scope import enter_body
from sekisho.client_desk.records.webhook_models import Delivery, Endpoint, Event, EventCursor
from sekisho.client_desk.webhooks.limits import PULL_EVENTS
from sekisho.client_desk.webhooks.payload import pass_facts
from sekisho.crossings.payments import BodyEvent, NewEvents


def fetch_events(now: datetime) -> int:
    """Keep the events that payments has for us and return how many it told.

    Raises ``TransportError`` or ``Refusal``; then nothing changed."""
    after = EventCursor.objects.get().after
    told = transport.cross(NewEvents(after=after, limit=PULL_EVENTS))
    if told.after == after:
        return 0
    try:
        with transaction.atomic():
            # Its order is the order of the commits, so a body's events stay in theirs.
            for client_body, events in _by_body(told.events):
                enter_body(client_body)
                _keep(client_body, events, now)
            EventCursor.objects.update(after=told.after)
    finally:
        enter_body("")
    return len(told.events)


def _by_body(events: Iterable[BodyEvent]) -> Iterable[tuple[str, list[BodyEvent]]]:
    ordered = sorted(events, key=lambda event: event.client_body)
    for client_body, group in groupby(ordered, key=lambda event: event.client_body):
        yield client_body, list(group)


def _keep(client_body: str, told: list[BodyEvent], now: datetime) -> None:
    known = set(
        Event.objects.filter(event_id__in=[event.event_id for event in told]).values_list(
            "event_id", flat=True
        )
    )
    fresh = [
        Event(
            event_id=event.event_id,
            client_body=client_body,
            kind=event.kind,
            object_id=event.object_id,
            at=event.at,
            facts=pass_facts(event.kind, event.facts),
        )
        for event in told
        if event.event_id not in known
    ]
    Event.objects.bulk_create(fresh)
    Delivery.objects.bulk_create(
        Delivery(
            client_body=client_body,
            endpoint_id=endpoint.endpoint_id,
            event_id=event.event_id,
            due_at=now,
            made_at=now,
            moved_at=now,
        )
        for endpoint in Endpoint.objects.filter(switched_off_at=None, removed_at=None)
        for event in fresh
        if wants(endpoint, event.kind)
    )


def wants(endpoint: Endpoint, kind: str) -> bool:
    """Return whether an endpoint is told of events of ``kind``."""
    return not endpoint.kinds or kind in endpoint.kinds
