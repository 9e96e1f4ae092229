"""What is shown of events and webhooks: on pages and by the API, the same."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, Literal, TypeVar

import msgspec

Row = TypeVar("Row")


class EventShown(msgspec.Struct, frozen=True, kw_only=True):
    """An event as its body's systems are told it. ``data`` has the object's ``id``, ``live`` and
    what is known of it; never a personal item."""

    event_id: str
    type: str
    timestamp: datetime
    data: dict[str, str | int | bool | None]


class EndpointShown(msgspec.Struct, frozen=True, kw_only=True):
    """``state``: ``on``, ``failing`` (since ``failing_since``), ``off``. ``off_why``: ``gone``,
    ``failing``, ``by_hand``. ``kinds`` empty: every kind. The secret is never shown again."""

    endpoint_id: str
    url: str
    description: str
    kinds: list[str]
    state: Literal["on", "failing", "off"]
    made_by: str
    made_at: datetime
    failing_since: datetime | None
    off_at: datetime | None
    off_why: str
    former_secret_until: datetime | None


class TryShown(msgspec.Struct, frozen=True, kw_only=True):
    """``said`` is the beginning of the receiver's answer: foreign text, to be shown as text."""

    try_id: str
    at: datetime
    status: int
    why: str
    said: str
    milliseconds: int


class DeliveryShown(msgspec.Struct, frozen=True, kw_only=True):
    """``state``: ``waiting``, ``in_hand``, ``delivered``, ``given_up``, ``stopped``.
    ``next_try_at`` while it waits."""

    delivery_id: str
    endpoint_id: str
    event_id: str
    type: str
    state: str
    tries: int
    last_status: int
    last_why: str
    made_at: datetime
    moved_at: datetime
    next_try_at: datetime | None
    log: list[TryShown] = []


class Page(msgspec.Struct, Generic[Row], frozen=True, kw_only=True):
    """``after``: to ask for the next page with, None on the last one."""

    rows: list[Row]
    after: str | None
