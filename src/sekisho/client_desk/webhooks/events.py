"""A client body's events, newest first. The body must be entered (``enter_body``)."""

from __future__ import annotations

from sekisho.client_desk.errors import WebhookRefused
from sekisho.client_desk.records.webhook_models import Event
from sekisho.client_desk.webhooks.limits import MAX_PAGE_ROWS
from sekisho.client_desk.webhooks.payload import KINDS, TEST_KIND
from sekisho.client_desk.webhooks.payload import show_event as _show
from sekisho.client_desk.webhooks.shown import EventShown, Page


def list_events(
    client_body: str, *, kind: str | None = None, after: str | None = None, limit: int = 50
) -> Page[EventShown]:
    """Return events of ``client_body``, newest first, those before the event ``after``.

    Raises ``WebhookRefused``: ``kind_unknown``, ``after_wrong``, ``limit_wrong``."""
    check_limit(limit)
    if kind is not None and kind not in KINDS:
        raise WebhookRefused("kind_unknown", f"one of {', '.join(KINDS)}", "kind")
    rows = Event.objects.filter(client_body=client_body).exclude(kind=TEST_KIND)
    if kind is not None:
        rows = rows.filter(kind=kind)
    if after is not None:
        last = Event.objects.filter(client_body=client_body, event_id=after).first()
        if last is None:
            raise WebhookRefused("after_wrong", "say the last event_id of the page before", "after")
        rows = rows.filter(number__lt=last.number)
    found = list(rows.order_by("-number")[: limit + 1])
    more = found[limit - 1].event_id if len(found) > limit else None
    return Page(rows=[_show(event) for event in found[:limit]], after=more)


def show_event(client_body: str, event_id: str) -> EventShown:
    """Return an event. Raises ``WebhookRefused``: ``event_unknown``."""
    found = Event.objects.filter(client_body=client_body, event_id=event_id).first()
    if found is None:
        raise WebhookRefused(
            "event_unknown", "there is no such event, or it is too old", "event_id"
        )
    return _show(found)


def check_limit(limit: int) -> None:
    """Raise ``WebhookRefused`` unless ``limit`` rows may be asked for at once."""
    if not 1 <= limit <= MAX_PAGE_ROWS:
        raise WebhookRefused("limit_wrong", f"1 to {MAX_PAGE_ROWS}", "limit")
