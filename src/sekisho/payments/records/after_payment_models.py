"""Money after the issuer's yes: refunds, disputes, lines of the network's clearing.

The database keeps that no more is given back than was captured (``0004_after_payment.sql``)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Refund(models.Model):
    """Captured money on its way back: ``amount_yen`` of the bill and ``fee_yen`` of the fee. Known
    to its asker by ``key``, once for each client body."""

    id = models.TextField(primary_key=True)
    client_body = models.TextField()
    key = models.TextField()
    payment = models.ForeignKey("payments.Payment", models.PROTECT, db_index=False)
    attempt = models.IntegerField()
    amount_yen = models.BigIntegerField()
    fee_yen = models.BigIntegerField()
    reason = models.TextField()
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    state = models.TextField()
    finished_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    """When the sweep must ask the network again."""
    asked = models.SmallIntegerField(db_default=0)
    """How often the network was asked again."""
    response_code = models.TextField(db_default="")
    network_reference = models.TextField(db_default="")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "refund"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client_body", "key"], name="refund_key"),
            models.CheckConstraint(
                condition=Q(amount_yen__gte=0, fee_yen__gte=0)
                & (Q(amount_yen__gt=0) | Q(fee_yen__gt=0)),
                name="refund_amounts",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "unknown", "done", "refused"]),
                name="refund_state",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["payment"], name="refund_payment"),
            models.Index(fields=["client_body", "asked_at", "id"], name="refund_of_body"),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="refund_due"),
        ]


class Dispute(models.Model):
    """A chargeback, known by the network's case number."""

    case_number = models.TextField(primary_key=True)
    client_body = models.TextField()
    payment = models.ForeignKey("payments.Payment", models.PROTECT, db_index=False)
    attempt = models.IntegerField()
    amount_yen = models.BigIntegerField()
    reason_code = models.TextField()
    respond_by = models.DateField()
    status = models.TextField()
    received_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.TextField(db_default="")
    grounds = models.TextField(db_default="")
    ended_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    """When the sweep must look at it: no answer in time, no decision in time."""

    class Meta:
        db_table = "dispute"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_yen__gt=0), name="dispute_amount"),
            models.CheckConstraint(
                condition=Q(status__in=["open", "accepted", "contested", "won", "lost"]),
                name="dispute_status",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["payment"], name="dispute_payment"),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="dispute_due"),
            models.Index(
                fields=["respond_by"], condition=Q(ended_at__isnull=True), name="dispute_open"
            ),
        ]


class ClearingLine(models.Model):
    """A line of the network's clearing that was matched; never changed. The same money can't be
    matched by two lines."""

    pk = models.CompositePrimaryKey("payment_id", "kind", "network_reference")
    payment = models.ForeignKey("payments.Payment", models.PROTECT, db_index=False)
    kind = models.TextField()
    network_reference = models.TextField()
    client_body = models.TextField()
    day = models.DateField()
    line = models.IntegerField()
    amount_yen = models.BigIntegerField()
    matched_at = models.DateTimeField()

    class Meta:
        db_table = "clearing_line"
        indexes: ClassVar = [models.Index(fields=["day"], name="clearing_day")]
