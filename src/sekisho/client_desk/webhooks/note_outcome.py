"""Writes down how a try ended, and what follows from it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sekisho import evidence
from sekisho.client_desk.records.webhook_models import Delivery, Endpoint, Try
from sekisho.client_desk.webhooks.decide import Standing, decide, is_received
from sekisho.client_desk.webhooks.endpoints import stop_endpoint
from sekisho.crossings.hook_sender import Outcome


def note_outcome(outcome: Outcome, *, now: datetime, chance: float) -> None:
    """Note the outcome of a delivery that is in hand; any other was noted before. The delivery's
    body must be entered."""
    with transaction.atomic():
        held = Delivery.objects.filter(try_id=outcome.try_id, state="in_hand").first()
        if held is None:
            return
        # The endpoint first, as everybody locks: its switch and its deliveries move together.
        endpoint = Endpoint.objects.select_for_update().get(endpoint_id=held.endpoint_id)
        delivery = Delivery.objects.select_for_update().get(delivery_id=held.delivery_id)
        if delivery.state != "in_hand" or delivery.try_id != outcome.try_id:
            return
        if outcome.why == "not_tried":
            delivery.state = "waiting" if _is_on(endpoint) else "stopped"
            delivery.save(update_fields=["state"])
            return
        Try.objects.create(
            try_id=outcome.try_id,
            client_body=delivery.client_body,
            delivery_id=delivery.delivery_id,
            at=now,
            status=outcome.status,
            why=outcome.why,
            said=outcome.said,
            milliseconds=outcome.milliseconds,
        )
        _move(endpoint, delivery, outcome, now, chance)


def _is_on(endpoint: Endpoint) -> bool:
    return endpoint.switched_off_at is None and endpoint.removed_at is None


def _move(
    endpoint: Endpoint, delivery: Delivery, outcome: Outcome, now: datetime, chance: float
) -> None:
    delivery.tries += 1
    before = Standing(endpoint.failing_since, endpoint.failures, endpoint.rests_until)
    decided = decide(outcome.status, delivery.tries, before, now=now, chance=chance)
    delivery.state, delivery.due_at = decided.state, decided.due_at
    if not _is_on(endpoint) and not is_received(outcome.status):
        delivery.state = "stopped"
    delivery.status, delivery.why, delivery.moved_at = outcome.status, outcome.why, now
    delivery.save(update_fields=["state", "tries", "due_at", "moved_at", "status", "why"])
    if decided.standing != before:
        endpoint.failing_since, endpoint.failures, endpoint.rests_until = decided.standing
        endpoint.save(update_fields=["failing_since", "failures", "rests_until"])
    if decided.switched_off and _is_on(endpoint):
        stop_endpoint(endpoint, decided.switched_off, now)
        facts = {
            "client_body": endpoint.client_body,
            "by": "sekisho",
            "why": decided.switched_off,
            "status": outcome.status,
        }
        evidence.append(
            kind="client_desk.webhook_switched_off", subject=endpoint.endpoint_id, facts=facts
        )
