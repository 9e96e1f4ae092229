"""Events, and the webhooks that carry them. Kept at the desk; nothing here asks payments."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from sekisho.client_desk.api.admit_key import holder_of
from sekisho.client_desk.api.declare import AT_THE_DESK, COPIED, DONE, declare
from sekisho.client_desk.api.shapes import hooks as shapes
from sekisho.client_desk.api.turn_pages import read_cursor, show_cursor
from sekisho.client_desk.pages.desk import the_desk
from sekisho.client_desk.webhooks import endpoints, events, log
from sekisho.vocabulary.clock import now

router = Router(tags=["Events"])
hooks = Router(tags=["Webhooks"])
deliveries = Router(tags=["Webhooks"])

_ADDRESS_AMISS = ("url_refused", "kinds_wrong", "description_wrong")
_PAGE = ("after_wrong", "limit_wrong", "cursor_wrong")


def _keeper() -> Any:
    return the_desk().sign_in.gate.keeper


@declare(
    router, "GET", "", scope="events:read", consistency=COPIED, reply=shapes.EventPage,
    refusals=_PAGE,
)  # fmt: skip
def list_events(request: HttpRequest, asked: Query[shapes.EventsAsked]) -> Any:
    """What happened to your objects, newest first: what webhooks tell, to be asked for."""
    found = events.list_events(
        holder_of(request).client_body,
        kind=asked.type,
        after=read_cursor(asked.cursor),
        limit=asked.limit,
    )
    return {"data": found.rows, "next_cursor": show_cursor(found.after)}


@declare(
    router, "GET", "/{event_id}", scope="events:read", consistency=COPIED, reply=shapes.Event,
    refusals=("event_unknown",),
)  # fmt: skip
def show_event(request: HttpRequest, event_id: str) -> Any:
    """One event."""
    return events.show_event(holder_of(request).client_body, event_id)


@declare(
    hooks, "GET", "", scope="webhooks:read", consistency=AT_THE_DESK, reply=shapes.EndpointList
)
def list_webhook_endpoints(request: HttpRequest) -> Any:
    """Where events are sent; one page."""
    found = endpoints.list_endpoints(holder_of(request).client_body)
    return {"data": found, "next_cursor": None}


@declare(
    hooks, "POST", "", scope="webhooks:write", consistency=DONE, status=201,
    reply=shapes.EndpointMade, refusals=(*_ADDRESS_AMISS, "too_many_endpoints", "sender_away"),
)  # fmt: skip
def add_webhook_endpoint(request: HttpRequest, endpoint: shapes.EndpointToAdd) -> Any:
    """Has events sent to an address from now on, signed as Standard Webhooks says. Events may come
    twice and in any order: `webhook-id` tells a repeat."""
    holder = holder_of(request)
    shown, secret = endpoints.add_endpoint(
        holder.client_body, by=holder.by, keeper=_keeper(), now=now(), **endpoint.model_dump()
    )
    return {"endpoint": shown, "secret": secret}


@declare(
    hooks, "GET", "/{endpoint_id}", scope="webhooks:read", consistency=AT_THE_DESK,
    reply=shapes.Endpoint, refusals=("endpoint_unknown",),
)  # fmt: skip
def show_webhook_endpoint(request: HttpRequest, endpoint_id: str) -> Any:
    """One endpoint."""
    return endpoints.show_endpoint(holder_of(request).client_body, endpoint_id)


@declare(
    hooks, "POST", "/{endpoint_id}", scope="webhooks:write", consistency=DONE,
    reply=shapes.Endpoint, refusals=("endpoint_unknown", "sender_away", *_ADDRESS_AMISS),
)  # fmt: skip
def change_webhook_endpoint(
    request: HttpRequest, endpoint_id: str, endpoint: shapes.EndpointToChange
) -> Any:
    """Changes what is given; what waits for it goes to its new address."""
    holder = holder_of(request)
    changes = endpoint.model_dump()
    return endpoints.change_endpoint(holder.client_body, endpoint_id, by=holder.by, **changes)


@declare(
    hooks, "POST", "/{endpoint_id}/rotate-secret", scope="webhooks:write", consistency=DONE,
    reply=shapes.EndpointSecret, refusals=("endpoint_unknown",),
)  # fmt: skip
def rotate_webhook_secret(request: HttpRequest, endpoint_id: str) -> Any:
    """Gives an endpoint a new secret; the former one signs beside it for a day."""
    holder = holder_of(request)
    secret = endpoints.rotate_secret(
        holder.client_body, endpoint_id, by=holder.by, keeper=_keeper(), now=now()
    )
    return {"secret": secret}


@declare(
    hooks, "POST", "/{endpoint_id}/switch-on", scope="webhooks:write", consistency=DONE,
    reply=shapes.Endpoint, refusals=("endpoint_unknown",),
)  # fmt: skip
def switch_webhook_on(request: HttpRequest, endpoint_id: str) -> Any:
    """Sends there again from now on; what was missed is sent by a replay."""
    holder = holder_of(request)
    return endpoints.switch_on(holder.client_body, endpoint_id, by=holder.by)


@declare(
    hooks, "POST", "/{endpoint_id}/switch-off", scope="webhooks:write", consistency=DONE,
    reply=shapes.Endpoint, refusals=("endpoint_unknown",),
)  # fmt: skip
def switch_webhook_off(request: HttpRequest, endpoint_id: str) -> Any:
    """Sends nothing there until it is switched on again; what waits stops."""
    holder = holder_of(request)
    return endpoints.switch_off(holder.client_body, endpoint_id, by=holder.by, now=now())


@declare(
    hooks, "POST", "/{endpoint_id}/remove", scope="webhooks:write", consistency=DONE,
    reply=shapes.EndpointRemoved, refusals=("endpoint_unknown",),
)  # fmt: skip
def remove_webhook_endpoint(request: HttpRequest, endpoint_id: str) -> Any:
    """Removes an endpoint; what waits for it stops."""
    holder = holder_of(request)
    endpoints.remove_endpoint(holder.client_body, endpoint_id, by=holder.by, now=now())
    return {"endpoint_id": endpoint_id, "removed": True}


@declare(
    hooks, "POST", "/{endpoint_id}/test", scope="webhooks:write", consistency=DONE,
    reply=shapes.TestSent, refusals=("endpoint_unknown", "endpoint_off"),
)  # fmt: skip
def send_webhook_test(request: HttpRequest, endpoint_id: str) -> Any:
    """Sends an event `webhook.test` to one endpoint."""
    holder = holder_of(request)
    delivery_id = endpoints.send_test_event(
        holder.client_body, endpoint_id, by=holder.by, now=now()
    )
    return {"delivery_id": delivery_id}


@declare(
    hooks, "GET", "/{endpoint_id}/deliveries", scope="webhooks:read", consistency=AT_THE_DESK,
    reply=shapes.DeliveryPage, refusals=("endpoint_unknown", "state_unknown", *_PAGE),
)  # fmt: skip
def list_webhook_deliveries(
    request: HttpRequest, endpoint_id: str, asked: Query[shapes.DeliveriesAsked]
) -> Any:
    """What was sent to an endpoint, newest first."""
    found = log.list_deliveries(
        holder_of(request).client_body,
        endpoint_id,
        state=asked.state,
        after=read_cursor(asked.cursor),
        limit=asked.limit,
    )
    return {"data": found.rows, "next_cursor": show_cursor(found.after)}


@declare(
    hooks, "POST", "/{endpoint_id}/replay", scope="webhooks:write", consistency=DONE,
    reply=shapes.SentAgain, refusals=("endpoint_unknown", "endpoint_off"),
)  # fmt: skip
def replay_webhooks(request: HttpRequest, endpoint_id: str, since: shapes.Since) -> Any:
    """Sends again every event since a moment that the endpoint wants, at most 10,000, the oldest
    first."""
    holder = holder_of(request)
    sent = log.replay_since(holder.client_body, endpoint_id, since.since, by=holder.by, now=now())
    return {"events": sent}


@declare(
    deliveries, "GET", "/{delivery_id}", scope="webhooks:read", consistency=AT_THE_DESK,
    reply=shapes.Delivery, refusals=("delivery_unknown",),
)  # fmt: skip
def show_webhook_delivery(request: HttpRequest, delivery_id: str) -> Any:
    """One delivery with all its tries."""
    return log.show_delivery(holder_of(request).client_body, delivery_id)


@declare(
    deliveries, "POST", "/{delivery_id}/replay", scope="webhooks:write", consistency=DONE,
    reply=shapes.Delivery, refusals=("delivery_unknown", "endpoint_unknown", "endpoint_off"),
)  # fmt: skip
def replay_webhook_delivery(request: HttpRequest, delivery_id: str) -> Any:
    """Sends one delivery again at once, under the same `webhook-id`."""
    holder = holder_of(request)
    return log.replay(holder.client_body, delivery_id, by=holder.by, now=now())
