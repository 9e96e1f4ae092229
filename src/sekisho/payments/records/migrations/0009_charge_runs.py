"""Charge runs, and payments of kind ``charge``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import Now

EDGES = (("created", "authorising", "charge_asked"),)

KIND = models.CheckConstraint(
    condition=Q(kind="bill", bill__isnull=False, policy__isnull=True, amount_yen__gt=0)
    | Q(
        kind="card_check",
        bill__isnull=True,
        policy__isnull=False,
        enrolment__isnull=False,
        total_yen__lte=1,
    )
    | Q(
        kind="charge",
        bill__isnull=True,
        policy__isnull=False,
        enrolment__isnull=False,
        charge_month__isnull=False,
        amount_yen__gt=0,
        fee_yen=0,
    ),
    name="payment_kind",
)

CHARGE_RUN = migrations.CreateModel(
    name="ChargeRun",
    fields=[
        ("id", models.TextField(primary_key=True, serialize=False)),
        ("client_body", models.TextField()),
        ("key", models.TextField()),
        ("month", models.TextField()),
        ("charge_on", models.DateField()),
        ("notice_on", models.DateField()),
        ("state", models.TextField()),
        ("why", models.TextField(db_default="")),
        ("resumes_to", models.TextField(db_default="")),
        ("items", models.IntegerField(db_default=0)),
        ("total_yen", models.BigIntegerField(db_default=0)),
        ("planned_by", models.TextField()),
        ("planned_at", models.DateTimeField()),
        ("approved_by", models.TextField(db_default="")),
        ("approved_at", models.DateTimeField(null=True)),
        ("resumed_by", models.TextField(db_default="")),
        ("begun_at", models.DateTimeField(null=True)),
        ("finished_at", models.DateTimeField(null=True)),
        ("waits_until", models.DateTimeField(null=True)),
    ],
    options={
        "db_table": "charge_run",
        "constraints": [
            models.UniqueConstraint(fields=("client_body", "key"), name="charge_run_key"),
            models.UniqueConstraint(
                fields=("client_body", "month"),
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
        ],
        "indexes": [
            models.Index(
                fields=["id"],
                condition=Q(state__in=["drafting", "approved", "running"]),
                name="charge_run_at_work",
            ),
        ],
    },
)

CHARGE_ITEM = migrations.CreateModel(
    name="ChargeItem",
    fields=[
        (
            "pk",
            models.CompositePrimaryKey(
                "run_id", "number", blank=True, editable=False, primary_key=True, serialize=False
            ),
        ),
        (
            "run",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="payments.chargerun",
            ),
        ),
        ("number", models.IntegerField()),
        ("client_body", models.TextField()),
        ("month", models.TextField()),
        ("policy_id", models.TextField()),
        ("enrolment_id", models.TextField()),
        ("amount_yen", models.BigIntegerField()),
        ("state", models.TextField()),
        ("reason", models.TextField(db_default="")),
        ("note", models.TextField(db_default="")),
        ("notice", models.TextField(db_default="")),
        ("tries", models.SmallIntegerField(db_default=0)),
        ("unsent", models.SmallIntegerField(db_default=0)),
        ("response_code", models.TextField(db_default="")),
        ("next_try_at", models.DateTimeField(null=True)),
        ("payment_id", models.TextField(db_default="")),
        ("changed_at", models.DateTimeField(db_default=Now())),
    ],
    options={
        "db_table": "charge_item",
        "constraints": [
            models.UniqueConstraint(
                fields=("policy_id", "month"),
                condition=~Q(state__in=["left_out", "skipped", "withdrawn"]),
                name="charge_once",
            ),
            models.CheckConstraint(
                condition=Q(amount_yen__gt=0) | Q(state="left_out"), name="charge_item_amount"
            ),
        ],
        "indexes": [
            models.Index(fields=["run", "state", "next_try_at"], name="charge_item_due"),
            models.Index(
                fields=["run", "number"],
                condition=Q(notice="", state="waiting"),
                name="charge_item_untold",
            ),
        ],
    },
)


def fill_edges(apps: Any, schema_editor: Any) -> None:
    edge = apps.get_model("payments", "LifecycleEdge")
    edge.objects.bulk_create(edge(source=s, target=t, event=e) for s, t, e in EDGES)


def build_walls(apps: Any, schema_editor: Any) -> None:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        # No parameters: psycopg then leaves the percent signs of RAISE alone.
        cursor.execute(text.replace("{schema}", cursor.fetchone()[0]))


class Migration(migrations.Migration):
    dependencies: ClassVar = [("payments", "0008_enrolment_life")]

    operations: ClassVar[list[Any]] = [
        migrations.AddField("payment", "charge_month", models.TextField(null=True)),
        migrations.RemoveConstraint("payment", "payment_kind"),
        migrations.AddConstraint("payment", KIND),
        CHARGE_RUN,
        CHARGE_ITEM,
        migrations.RunPython(fill_edges, migrations.RunPython.noop),
        migrations.RunPython(build_walls),
    ]
