"""Refunds, disputes, delayed capture, clearing."""

from pathlib import Path
from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models

EDGES = (
    ("authorised", "reversing", "capture_never_asked"),
    ("authorised", "reversing", "void_asked"),
    ("reversing", "cancelled_by_expiry", "never_captured"),
    ("reversing", "cancelled_by_client_body", "voided"),
)

PAYMENT = models.ForeignKey(
    db_index=False, on_delete=django.db.models.deletion.PROTECT, to="payments.payment"
)

REFUND = migrations.CreateModel(
    name="Refund",
    fields=[
        ("id", models.TextField(primary_key=True, serialize=False)),
        ("client_body", models.TextField()),
        ("key", models.TextField()),
        ("payment", PAYMENT.clone()),
        ("attempt", models.IntegerField()),
        ("amount_yen", models.BigIntegerField()),
        ("fee_yen", models.BigIntegerField()),
        ("reason", models.TextField()),
        ("asked_by", models.TextField()),
        ("asked_at", models.DateTimeField()),
        ("state", models.TextField()),
        ("finished_at", models.DateTimeField(null=True)),
        ("due_at", models.DateTimeField(null=True)),
        ("asked", models.SmallIntegerField(db_default=0)),
        ("response_code", models.TextField(db_default="")),
        ("network_reference", models.TextField(db_default="")),
        ("settled_at", models.DateTimeField(null=True)),
    ],
    options={
        "db_table": "refund",
        "indexes": [
            models.Index(fields=["payment"], name="refund_payment"),
            models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="refund_due"
            ),
        ],
        "constraints": [
            models.UniqueConstraint(fields=("client_body", "key"), name="refund_key"),
            models.CheckConstraint(
                condition=models.Q(
                    ("amount_yen__gte", 0),
                    ("fee_yen__gte", 0),
                    models.Q(("amount_yen__gt", 0), ("fee_yen__gt", 0), _connector="OR"),
                ),
                name="refund_amounts",
            ),
            models.CheckConstraint(
                condition=models.Q(("state__in", ["asked", "unknown", "done", "refused"])),
                name="refund_state",
            ),
        ],
    },
)

DISPUTE = migrations.CreateModel(
    name="Dispute",
    fields=[
        ("case_number", models.TextField(primary_key=True, serialize=False)),
        ("client_body", models.TextField()),
        ("payment", PAYMENT.clone()),
        ("attempt", models.IntegerField()),
        ("amount_yen", models.BigIntegerField()),
        ("reason_code", models.TextField()),
        ("respond_by", models.DateField()),
        ("status", models.TextField()),
        ("received_at", models.DateTimeField()),
        ("answered_at", models.DateTimeField(null=True)),
        ("answered_by", models.TextField(db_default="")),
        ("grounds", models.TextField(db_default="")),
        ("ended_at", models.DateTimeField(null=True)),
        ("due_at", models.DateTimeField(null=True)),
    ],
    options={
        "db_table": "dispute",
        "indexes": [
            models.Index(fields=["payment"], name="dispute_payment"),
            models.Index(
                condition=models.Q(("due_at__isnull", False)),
                fields=["due_at"],
                name="dispute_due",
            ),
            models.Index(
                condition=models.Q(("ended_at__isnull", True)),
                fields=["respond_by"],
                name="dispute_open",
            ),
        ],
        "constraints": [
            models.CheckConstraint(
                condition=models.Q(("amount_yen__gt", 0)), name="dispute_amount"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["open", "accepted", "contested", "won", "lost"])
                ),
                name="dispute_status",
            ),
        ],
    },
)

CLEARING_LINE = migrations.CreateModel(
    name="ClearingLine",
    fields=[
        (
            "pk",
            models.CompositePrimaryKey(
                "payment_id",
                "kind",
                "network_reference",
                blank=True,
                editable=False,
                primary_key=True,
                serialize=False,
            ),
        ),
        ("payment", PAYMENT.clone()),
        ("kind", models.TextField()),
        ("network_reference", models.TextField()),
        ("client_body", models.TextField()),
        ("day", models.DateField()),
        ("line", models.IntegerField()),
        ("amount_yen", models.BigIntegerField()),
        ("matched_at", models.DateTimeField()),
    ],
    options={
        "db_table": "clearing_line",
        "indexes": [models.Index(fields=["day"], name="clearing_day")],
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
    dependencies: ClassVar = [("payments", "0003_ledger")]

    operations: ClassVar[list[Any]] = [
        migrations.AddField("payment", "capture_by", models.DateTimeField(null=True)),
        migrations.AddField("attempt", "exemption", models.TextField(db_default="")),
        REFUND,
        DISPUTE,
        CLEARING_LINE,
        migrations.RunPython(fill_edges, migrations.RunPython.noop),
        migrations.RunPython(build_walls),
    ]
