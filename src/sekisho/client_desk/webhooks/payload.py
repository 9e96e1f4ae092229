"""What is said of an event, and nothing beside it.

A fact passes only under a name that is listed here: a zone that one day puts a name or an address
among its facts tells it to nobody."""

from __future__ import annotations

import json
import logging
from typing import Any, get_args

from sekisho.client_desk.records.webhook_models import Event
from sekisho.client_desk.webhooks.limits import MAX_PAYLOAD_BYTES
from sekisho.client_desk.webhooks.shown import EventShown
from sekisho.crossings.payments import BodyEventKind
from sekisho.vocabulary.twins import is_twin

KINDS: tuple[str, ...] = get_args(BodyEventKind)
TEST_KIND = "webhook.test"
"""Sent by the button on the desk, to one endpoint; it is no event of payments."""

MAX_FACT_CHARACTERS = 200

FACTS = frozenset(
    {
        "amount_yen",
        "bill_id",
        "brand",
        "captures",
        "card_brand",
        "card_last_four",
        "channel",
        "charged",
        "charged_yen",
        "day",
        "ended_by",
        "fee_yen",
        "first_charge_month",
        "first_day",
        "items",
        "last_day",
        "last_four",
        "link_id",
        "made_on",
        "month",
        "net_yen",
        "next_try_on",
        "number",
        "on_work_list",
        "payment_id",
        "payment_number",
        "policy_number",
        "reason",
        "reason_code",
        "reference",
        "respond_by",
        "response_code",
        "run_id",
        "status",
        "total_yen",
        "tried_again",
    }
)

log = logging.getLogger("sekisho.client_desk")


def pass_facts(kind: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Return those of ``facts`` that a body's systems are told."""
    passed = {}
    for name, value in facts.items():
        known = name in FACTS and (value is None or isinstance(value, bool | int | str))
        last_four = name in ("last_four", "card_last_four")
        if not known or len(str(value)) > (4 if last_four and value else MAX_FACT_CHARACTERS):
            log.warning("event %s: fact %s is not one that is told", kind, name)
            continue
        passed[name] = value
    return passed


def show_event(event: Event) -> EventShown:
    """Return an event as it is told."""
    live = not is_twin(event.client_body)
    return EventShown(
        event_id=event.event_id,
        type=event.kind,
        timestamp=event.at,
        data={"id": event.object_id, "live": live, **event.facts},
    )


def payload_of(event: Event) -> bytes:
    """Return the body of an event's deliveries, the same bytes at every try: ``type``,
    ``timestamp`` and ``data``, as the Standard Webhooks specification names them."""
    shown = show_event(event)
    said = {
        "type": shown.type,
        "timestamp": shown.timestamp.isoformat(),
        "data": shown.data,
    }
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    if len(body) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"event {event.event_id}: {len(body)} bytes")
    return body
