"""Doors of webhooks, for an operator at the terminal."""

from __future__ import annotations

from django.db.models import Count

from sekisho.client_desk.client_bodies import client_bodies
from sekisho.client_desk.errors import WebhookRefused
from sekisho.client_desk.records.scope import enter_body
from sekisho.client_desk.records.webhook_models import Delivery
from sekisho.client_desk.webhooks.endpoints import list_endpoints
from sekisho.client_desk.webhooks.log import replay_since
from sekisho.crossings.client_desk import (
    ListWebhooks,
    ReplayWebhooks,
    WebhookLine,
    WebhooksListed,
    WebhooksReplayed,
)
from sekisho.crossings.message import Refusal
from sekisho.transport import Caller, Doors
from sekisho.vocabulary.clock import now
from sekisho.vocabulary.twins import live_of, twin_of


def open_webhook_doors(doors: Doors) -> None:
    """Register the handlers."""

    @doors.on(ListWebhooks)
    def list_webhooks(_caller: Caller, message: ListWebhooks) -> WebhooksListed:
        every = message.client_body == "*"
        bodies = list(client_bodies()) if every else [_known(message.client_body)]
        found = []
        try:
            for body in bodies:
                for side in (body, twin_of(body)) if body == live_of(body) else (body,):
                    found += _lines(side)
        finally:
            enter_body("")
        return WebhooksListed(webhooks=found)

    @doors.on(ReplayWebhooks)
    def replay_webhooks(caller: Caller, message: ReplayWebhooks) -> WebhooksReplayed:
        body = _known(message.client_body)
        enter_body(body)
        try:
            by = f"{caller.zone} {message.by}"
            events = replay_since(body, message.endpoint_id, message.since, by=by, now=now())
        except WebhookRefused as refused:
            raise Refusal(refused.code, refused.detail, refused.field) from None
        finally:
            enter_body("")
        return WebhooksReplayed(events=events)


def _known(client_body: str) -> str:
    if live_of(client_body) not in client_bodies():
        known = ", ".join(client_bodies())
        raise Refusal("client_body_unknown", f"there are: {known}", "client_body")
    return client_body


def _lines(client_body: str) -> list[WebhookLine]:
    enter_body(client_body)
    kept = Delivery.objects.filter(state__in=("waiting", "in_hand", "given_up", "stopped"))
    counted: dict[tuple[str, bool], int] = {}
    for row in kept.values("endpoint_id", "state").annotate(count=Count("delivery_id")):
        place = (row["endpoint_id"], row["state"] in ("waiting", "in_hand"))
        counted[place] = counted.get(place, 0) + row["count"]
    return [
        WebhookLine(
            client_body=client_body,
            endpoint_id=one.endpoint_id,
            url=one.url,
            state=one.state,
            off_why=one.off_why,
            failing_since=one.failing_since,
            waiting=counted.get((one.endpoint_id, True), 0),
            given_up=counted.get((one.endpoint_id, False), 0),
        )
        for one in list_endpoints(client_body)
    ]
