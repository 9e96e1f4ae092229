"""Charge runs: the yearly charge of a client body's enrolments, month by month.

A policy stands in one living item for a month (``charge_once``), and a payment of kind ``charge``
holds policy and month (``payment.held_for``): two locks, so that nobody is charged twice whatever
dies. Edges, amounts and the second person are held by triggers and constraints of the migration."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class ChargeRun(models.Model):
    """One run of one body and month; ``resumes_to``: the state it was stopped in."""

    id = models.TextField(primary_key=True)
    client_body = models.TextField()
    key = models.TextField()
    month = models.TextField()
    charge_on = models.DateField()
    notice_on = models.DateField()
    state = models.TextField()
    why = models.TextField(db_default="")
    resumes_to = models.TextField(db_default="")
    items = models.IntegerField(db_default=0)
    total_yen = models.BigIntegerField(db_default=0)
    planned_by = models.TextField()
    planned_at = models.DateTimeField()
    approved_by = models.TextField(db_default="")
    approved_at = models.DateTimeField(null=True)
    resumed_by = models.TextField(db_default="")
    begun_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    waits_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "charge_run"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client_body", "key"], name="charge_run_key"),
            models.UniqueConstraint(
                fields=["client_body", "month"],
                condition=Q(state__in=["drafting", "draft", "approved"]),
                name="charge_run_open",
            ),
            models.CheckConstraint(
                condition=Q(approved_by="") | ~Q(approved_by=F("planned_by")),
                name="charge_run_two_persons",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "running", "finished"])
                | (~Q(approved_by="") & Q(approved_at__isnull=False)),
                name="charge_run_approved",
            ),
            models.CheckConstraint(
                condition=Q(charge_on__gte=F("notice_on")), name="charge_run_days"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                condition=Q(state__in=["drafting", "approved", "running"]),
                name="charge_run_at_work",
            ),
        ]


class ChargeItem(models.Model):
    """One enrolment in a run. ``unsent``: tries in a row that never reached the issuer."""

    pk = models.CompositePrimaryKey("run_id", "number")
    run = models.ForeignKey(ChargeRun, models.PROTECT, db_index=False)
    number = models.IntegerField()
    client_body = models.TextField()
    month = models.TextField()
    policy_id = models.TextField()
    enrolment_id = models.TextField()
    amount_yen = models.BigIntegerField()
    state = models.TextField()
    reason = models.TextField(db_default="")
    note = models.TextField(db_default="")
    notice = models.TextField(db_default="")
    tries = models.SmallIntegerField(db_default=0)
    unsent = models.SmallIntegerField(db_default=0)
    response_code = models.TextField(db_default="")
    next_try_at = models.DateTimeField(null=True)
    payment_id = models.TextField(db_default="")
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "charge_item"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["policy_id", "month"],
                condition=~Q(state__in=["left_out", "skipped", "withdrawn"]),
                name="charge_once",
            ),
            models.CheckConstraint(
                condition=Q(amount_yen__gt=0) | Q(state="left_out"), name="charge_item_amount"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["run", "state", "next_try_at"], name="charge_item_due"),
            models.Index(
                fields=["run", "number"],
                condition=Q(notice="", state="waiting"),
                name="charge_item_untold",
            ),
        ]
