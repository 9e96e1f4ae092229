"""What client bodies do by themselves: links, keys of what they said, events for them to fetch."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class PaymentLink(models.Model):
    """A page's address where one bill can be paid. Of its token only the hash is here: whoever
    reads the table can open no page."""

    id = models.TextField(primary_key=True)
    client_body = models.TextField()
    site = models.TextField()
    bill = models.ForeignKey("payments.Bill", models.PROTECT, db_index=False)
    token_hash = models.BinaryField(unique=True)
    """SHA-256 of the token."""
    return_url = models.TextField()
    created_at = models.DateTimeField()
    created_by = models.TextField()
    expires_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.TextField(db_default="")

    class Meta:
        db_table = "payment_link"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True, cancelled_by="")
                | Q(cancelled_at__isnull=False) & ~Q(cancelled_by=""),
                name="link_cancelled_by",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["client_body", "id"], name="link_of_body"),
            models.Index(fields=["bill"], name="link_of_bill"),
        ]


class BodyKey(models.Model):
    """A key that a client body said something with, and what it made: said again it is the same.
    Kept for good: they are few, and a key used again after years is still an error."""

    pk = models.CompositePrimaryKey("client_body", "key")
    client_body = models.TextField()
    key = models.TextField()
    said = models.TextField()
    """The message's name."""
    digest = models.BinaryField()
    """SHA-256 of what was said."""
    object_id = models.TextField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "body_key"


class BodyEvent(models.Model):
    """Something that a client body wants to know, written in the transaction in which it happened,
    most by trigger. Columns made by SQL: ``xid`` (the transaction) orders them as they were
    committed, ``event_id`` is what the world knows one by. Never changed."""

    id = models.BigAutoField(primary_key=True)
    client_body = models.TextField()
    at = models.DateTimeField(db_default=Now())
    kind = models.TextField()
    object_id = models.TextField()
    facts = models.JSONField()

    class Meta:
        db_table = "body_event"
