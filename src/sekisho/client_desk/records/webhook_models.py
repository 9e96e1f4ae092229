"""The desk's tables of events and webhooks; each row a client body's (or its test twin's)."""

from __future__ import annotations

from typing import Any

from django.db import models

from sekisho.vocabulary.identifiers import new_id


def _endpoint_id() -> str:
    return new_id("hook")


def _delivery_id() -> str:
    return new_id("delivery")


class Event(models.Model):
    """What happened, as payments told it; ``number`` is the order in which it came here."""

    number = models.BigAutoField(primary_key=True)
    event_id = models.CharField(max_length=60, unique=True)
    client_body = models.CharField(max_length=80)
    kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=60)
    at = models.DateTimeField()
    facts: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField()

    class Meta:
        db_table = "event"
        indexes = [
            models.Index(fields=["client_body", "-number"], name="event_newest"),
            models.Index(fields=["at"], name="event_oldest"),
        ]


class Endpoint(models.Model):
    """Where a body wants to be told. ``kinds`` empty: of everything. ``switched_off_why``:
    ``gone`` (it answered 410), ``failing``, ``by_hand``."""

    endpoint_id = models.CharField(primary_key=True, max_length=40, default=_endpoint_id)
    client_body = models.CharField(max_length=80)
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=100, blank=True, default="")
    kinds: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    secret_sealed = models.BinaryField(max_length=160)
    former_sealed = models.BinaryField(max_length=160, null=True)
    former_until = models.DateTimeField(null=True)
    made_by = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    failing_since = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    rests_until = models.DateTimeField(null=True)
    switched_off_at = models.DateTimeField(null=True)
    switched_off_why = models.CharField(max_length=10, blank=True, default="")
    removed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "webhook_endpoint"
        indexes = [models.Index(fields=["client_body", "made_at"], name="webhook_endpoint_body")]


class Delivery(models.Model):
    """An event on its way to an endpoint. ``state``: ``waiting``, ``in_hand`` (with the sender),
    ``delivered``, ``given_up``, ``stopped`` (its endpoint was switched off or removed). ``tries``
    counts from the last order to send it; ``try_id`` is the last one handed over."""

    delivery_id = models.CharField(primary_key=True, max_length=40, default=_delivery_id)
    client_body = models.CharField(max_length=80)
    endpoint_id = models.CharField(max_length=40)
    event_id = models.CharField(max_length=60)
    state = models.CharField(max_length=10, default="waiting")
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    made_at = models.DateTimeField()
    moved_at = models.DateTimeField()
    try_id = models.CharField(max_length=60, blank=True, default="")
    status = models.PositiveSmallIntegerField(default=0)
    why = models.CharField(max_length=20, blank=True, default="")

    class Meta:
        db_table = "webhook_delivery"
        constraints = [
            models.UniqueConstraint(fields=["endpoint_id", "event_id"], name="webhook_once")
        ]
        indexes = [
            models.Index(
                fields=["endpoint_id", "due_at", "delivery_id"],
                name="webhook_delivery_due",
                condition=models.Q(state="waiting"),
            ),
            models.Index(
                fields=["endpoint_id"],
                name="webhook_delivery_in_hand",
                condition=models.Q(state="in_hand"),
            ),
            models.Index(fields=["event_id"], name="webhook_delivery_event"),
            models.Index(fields=["endpoint_id", "-delivery_id"], name="webhook_delivery_log"),
            models.Index(fields=["moved_at"], name="webhook_delivery_oldest"),
        ]


class Try(models.Model):
    """How one try ended; never changed. ``status`` 0: no answer, ``why`` says why."""

    try_id = models.CharField(primary_key=True, max_length=60)
    client_body = models.CharField(max_length=80)
    delivery_id = models.CharField(max_length=40)
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField()
    why = models.CharField(max_length=20, blank=True, default="")
    said = models.CharField(max_length=500, blank=True, default="")
    milliseconds = models.PositiveIntegerField()

    class Meta:
        db_table = "webhook_try"
        indexes = [
            models.Index(fields=["delivery_id", "at"], name="webhook_try_of_delivery"),
            models.Index(fields=["at"], name="webhook_try_oldest"),
        ]


class EventCursor(models.Model):
    """How far events were fetched from payments: one row for all bodies."""

    one_row = models.BooleanField(primary_key=True, default=True)
    after = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        db_table = "event_cursor"
