"""Events, and webhooks that carry them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from sekisho.client_desk.api.shapes.words import NO_CONTROLS, Asked, Moment, Said, Shown, Stamp
from sekisho.crossings.payments.telling import BodyEventKind

HookAddress = Annotated[
    str, StringConstraints(strict=True, max_length=500, pattern=r"^https?://[!-~]+$")
]
Description = Annotated[str, StringConstraints(strict=True, max_length=100, pattern=NO_CONTROLS)]


class Event(Shown):
    """What happened to one of your objects; `data` has the object's `id` and some facts."""

    model_config = ConfigDict(
        from_attributes=True,
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {
                    "event_id": "event_019ac0a15b0e7c3a9f4e5d6c7b8a9010",
                    "type": "payment.captured",
                    "timestamp": "2026-11-23T03:00:00Z",
                    "data": {
                        "id": "pay_01m83p4agx2jwfs7yen26hd7q2",
                        "live": True,
                        "total_yen": 34267,
                    },
                }
            ]
        },
    )

    event_id: str
    type: str
    timestamp: Stamp
    data: dict[str, str | int | bool | None]


class EventPage(Shown):
    """Events, newest first."""

    data: list[Event]
    next_cursor: str | None


class EventsAsked(Asked):
    """Of one kind, or all."""

    type: BodyEventKind | None = None


class EndpointToAdd(Said):
    """Where events are sent. `kinds` empty: every kind."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "https://hooks.mihon.example/sekisho",
                    "kinds": ["payment.captured", "refund.done"],
                    "description": "accounts",
                }
            ]
        }
    )

    url: HookAddress = Field(description="https address on the public internet.")
    kinds: list[BodyEventKind] = Field(default_factory=list, max_length=40)
    description: Description = ""


class EndpointToChange(Said):
    """What is given is changed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kinds": []}]})

    url: HookAddress | None = None
    kinds: list[BodyEventKind] | None = Field(None, max_length=40)
    description: Description | None = None


class Endpoint(Shown):
    """Where events are sent. `off_why` says why nothing is sent any more."""

    endpoint_id: str
    url: str
    description: str
    kinds: list[str]
    state: str
    made_by: str
    made_at: Stamp
    failing_since: Stamp | None
    off_at: Stamp | None
    off_why: str
    former_secret_until: Stamp | None


class EndpointMade(Shown):
    """The endpoint and its signing secret, which is shown this once (Standard Webhooks:
    `whsec_...`)."""

    endpoint: Endpoint
    secret: str


class EndpointSecret(Shown):
    """The new signing secret, shown this once; the former one signs beside it for a day."""

    secret: str


class EndpointRemoved(Shown):
    """Gone."""

    endpoint_id: str
    removed: Literal[True]


class EndpointList(Shown):
    """All endpoints, the oldest first; one page."""

    data: list[Endpoint]
    next_cursor: str | None


class Attempt(Shown):
    """One try. `said` is the beginning of what the receiver answered."""

    try_id: str
    at: Stamp
    status: int
    why: str
    said: str
    milliseconds: int


class Delivery(Shown):
    """An event on its way to an endpoint; `log` only where one delivery is shown."""

    delivery_id: str
    endpoint_id: str
    event_id: str
    type: str
    state: str
    tries: int
    last_status: int
    last_why: str
    made_at: Stamp
    moved_at: Stamp
    next_try_at: Stamp | None
    log: list[Attempt]


class DeliveryPage(Shown):
    """Deliveries, newest first."""

    data: list[Delivery]
    next_cursor: str | None


class DeliveriesAsked(Asked):
    """Of one state, or all."""

    state: Literal["waiting", "in_hand", "delivered", "given_up", "stopped"] | None = None


class TestSent(Shown):
    """The delivery of the event `webhook.test`."""

    delivery_id: str


class Since(Said):
    """From when on events are sent again."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"since": "2026-11-22T00:00:00+09:00"}]}
    )

    since: Moment


class SentAgain(Shown):
    """How many events are sent again."""

    events: int
