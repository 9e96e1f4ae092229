"""What was sent where, how it ended, and sending it again. The body must be entered
(``enter_body``)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from sekisho import evidence
from sekisho.client_desk.errors import WebhookRefused
from sekisho.client_desk.records.webhook_models import Delivery, Endpoint, Event, Try
from sekisho.client_desk.webhooks.endpoints import check_on, find_endpoint
from sekisho.client_desk.webhooks.events import check_limit
from sekisho.client_desk.webhooks.keep_events import wants
from sekisho.client_desk.webhooks.limits import MAX_REPLAYED
from sekisho.client_desk.webhooks.payload import TEST_KIND, payload_of
from sekisho.client_desk.webhooks.shown import DeliveryShown, Page, TryShown

STATES = ("waiting", "in_hand", "delivered", "given_up", "stopped")


def list_deliveries(
    client_body: str,
    endpoint_id: str,
    *,
    state: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[DeliveryShown]:
    """Return an endpoint's deliveries, newest first, those before the delivery ``after``; without
    their tries.

    Raises ``WebhookRefused``: ``endpoint_unknown``, ``state_unknown``, ``limit_wrong``."""
    check_limit(limit)
    find_endpoint(client_body, endpoint_id)
    rows = Delivery.objects.filter(client_body=client_body, endpoint_id=endpoint_id)
    if state is not None:
        if state not in STATES:
            raise WebhookRefused("state_unknown", f"one of {', '.join(STATES)}", "state")
        rows = rows.filter(state=state)
    if after is not None:
        rows = rows.filter(delivery_id__lt=after)
    found = list(rows.order_by("-delivery_id")[: limit + 1])
    more = found[limit - 1].delivery_id if len(found) > limit else None
    return Page(rows=_show(found[:limit]), after=more)


def show_delivery(client_body: str, delivery_id: str) -> DeliveryShown:
    """Return a delivery with all its tries. Raises ``WebhookRefused``: ``delivery_unknown``."""
    found = _find(client_body, delivery_id)
    tries = Try.objects.filter(client_body=client_body, delivery_id=delivery_id).order_by("at")
    log = [
        TryShown(
            try_id=one.try_id,
            at=one.at,
            status=one.status,
            why=one.why,
            said=one.said,
            milliseconds=one.milliseconds,
        )
        for one in tries
    ]
    return _show([found], log)[0]


def show_payload(client_body: str, event_id: str) -> str:
    """Return what is sent of an event, ``""`` when the event is too old to be kept."""
    event = Event.objects.filter(client_body=client_body, event_id=event_id).first()
    return payload_of(event).decode() if event is not None else ""


def replay(client_body: str, delivery_id: str, *, by: str, now: datetime) -> DeliveryShown:
    """Send a delivery again at once, with all its tries before it; its id stays the same, so a
    receiver that had it knows. What is in hand just now is left to end.

    Raises ``WebhookRefused``: ``delivery_unknown``, ``endpoint_unknown``, ``endpoint_off``."""
    endpoint_id = _find(client_body, delivery_id).endpoint_id
    with transaction.atomic():
        check_on(find_endpoint(client_body, endpoint_id, lock=True))
        _send_again([delivery_id], now)
        Endpoint.objects.filter(endpoint_id=endpoint_id).update(rests_until=None)
        facts = {"client_body": client_body, "by": by, "endpoint": endpoint_id}
        evidence.append(kind="client_desk.webhook_replayed", subject=delivery_id, facts=facts)
    return show_delivery(client_body, delivery_id)


def replay_since(
    client_body: str, endpoint_id: str, since: datetime, *, by: str, now: datetime
) -> int:
    """Send again every event since a moment that the endpoint wants, also those that it was never
    sent; return how many, at most ``MAX_REPLAYED``, the oldest first.

    Raises ``WebhookRefused``: ``endpoint_unknown``, ``endpoint_off``."""
    with transaction.atomic():
        endpoint = find_endpoint(client_body, endpoint_id, lock=True)
        check_on(endpoint)
        events = Event.objects.filter(client_body=client_body, at__gte=since).exclude(
            kind=TEST_KIND
        )
        if endpoint.kinds:
            events = events.filter(kind__in=endpoint.kinds)
        chosen = list(events.order_by("number").values_list("event_id", "kind")[:MAX_REPLAYED])
        wanted = [event_id for event_id, kind in chosen if wants(endpoint, kind)]
        known = dict(
            Delivery.objects.filter(endpoint_id=endpoint_id, event_id__in=wanted).values_list(
                "event_id", "delivery_id"
            )
        )
        _send_again(known.values(), now)
        Delivery.objects.bulk_create(
            Delivery(
                client_body=client_body,
                endpoint_id=endpoint_id,
                event_id=event_id,
                due_at=now,
                made_at=now,
                moved_at=now,
            )
            for event_id in wanted
            if event_id not in known
        )
        Endpoint.objects.filter(endpoint_id=endpoint_id).update(rests_until=None)
        facts = {"client_body": client_body, "by": by, "since": since.isoformat()}
        evidence.append(
            kind="client_desk.webhook_replayed",
            subject=endpoint_id,
            facts={**facts, "events": len(wanted)},
        )
    return len(wanted)


def _send_again(delivery_ids: Iterable[str], now: datetime) -> None:
    rows = Delivery.objects.filter(delivery_id__in=list(delivery_ids))
    rows.exclude(state="in_hand").update(state="waiting", tries=0, due_at=now, moved_at=now)


def _find(client_body: str, delivery_id: str) -> Delivery:
    found = Delivery.objects.filter(client_body=client_body, delivery_id=delivery_id).first()
    if found is None:
        raise WebhookRefused("delivery_unknown", "there is no such delivery", "delivery_id")
    return found


def _show(rows: list[Delivery], log: list[TryShown] | None = None) -> list[DeliveryShown]:
    ids = [row.event_id for row in rows]
    kinds = dict(Event.objects.filter(event_id__in=ids).values_list("event_id", "kind"))
    return [
        DeliveryShown(
            delivery_id=row.delivery_id,
            endpoint_id=row.endpoint_id,
            event_id=row.event_id,
            type=kinds.get(row.event_id, ""),
            state=row.state,
            tries=row.tries,
            last_status=row.status,
            last_why=row.why,
            made_at=row.made_at,
            moved_at=row.moved_at,
            next_try_at=row.due_at if row.state == "waiting" else None,
            log=log or [],
        )
        for row in rows
    ]
