"""Events for client bodies, links, keys of what bodies said, indexes for their searches."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Now

LINK = migrations.CreateModel(
    name="PaymentLink",
    fields=[
        ("id", models.TextField(primary_key=True, serialize=False)),
        ("client_body", models.TextField()),
        ("site", models.TextField()),
        (
            "bill",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="payments.bill",
            ),
        ),
        ("token_hash", models.BinaryField(unique=True)),
        ("return_url", models.TextField()),
        ("created_at", models.DateTimeField()),
        ("created_by", models.TextField()),
        ("expires_at", models.DateTimeField()),
        ("cancelled_at", models.DateTimeField(null=True)),
        ("cancelled_by", models.TextField(db_default="")),
    ],
    options={
        "db_table": "payment_link",
        "indexes": [
            models.Index(fields=["client_body", "id"], name="link_of_body"),
            models.Index(fields=["bill"], name="link_of_bill"),
        ],
        "constraints": [
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True, cancelled_by="")
                | Q(cancelled_at__isnull=False) & ~Q(cancelled_by=""),
                name="link_cancelled_by",
            ),
        ],
    },
)

KEY = migrations.CreateModel(
    name="BodyKey",
    fields=[
        (
            "pk",
            models.CompositePrimaryKey(
                "client_body", "key", blank=True, editable=False, primary_key=True, serialize=False
            ),
        ),
        ("client_body", models.TextField()),
        ("key", models.TextField()),
        ("said", models.TextField()),
        ("digest", models.BinaryField()),
        ("object_id", models.TextField()),
        ("at", models.DateTimeField(db_default=Now())),
    ],
    options={"db_table": "body_key"},
)

EVENT = migrations.CreateModel(
    name="BodyEvent",
    fields=[
        ("id", models.BigAutoField(primary_key=True, serialize=False)),
        ("client_body", models.TextField()),
        ("at", models.DateTimeField(db_default=Now())),
        ("kind", models.TextField()),
        ("object_id", models.TextField()),
        ("facts", models.JSONField()),
    ],
    options={"db_table": "body_event"},
)

INDEXES = {
    "payment": (
        models.Index(
            fields=["client_body", "started_at", "id", "total_yen"], name="payment_of_body"
        ),
        models.Index(
            fields=["client_body", "finished_at"],
            condition=Q(finished_at__isnull=False),
            name="payment_finished",
        ),
    ),
    "attempt": (models.Index(fields=["client_body", "last_four", "brand"], name="attempt_card"),),
    "bill": (
        models.Index(fields=["client_body", "id", "due_date", "amount_yen"], name="bill_of_body"),
    ),
    "refund": (models.Index(fields=["client_body", "asked_at", "id"], name="refund_of_body"),),
}


def build_walls(apps: Any, schema_editor: Any) -> None:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(text)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("payments", "0006_cases")]

    operations: ClassVar[list[Any]] = [
        LINK,
        KEY,
        EVENT,
        migrations.AddField("payment", "link_id", models.TextField(null=True)),
        *(migrations.AddIndex(model, index) for model, made in INDEXES.items() for index in made),
        migrations.RunPython(build_walls),
    ]
