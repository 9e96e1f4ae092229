"""Events, endpoints, deliveries."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models

import sekisho.client_desk.records.webhook_models
from sekisho.client_desk.records import walls, webhook_sql


class Migration(migrations.Migration):
    dependencies: ClassVar = [("client_desk", "0002_api")]

    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("number", models.BigAutoField(primary_key=True, serialize=False)),
                ("event_id", models.CharField(max_length=60, unique=True)),
                ("client_body", models.CharField(max_length=80)),
                ("kind", models.CharField(max_length=40)),
                ("object_id", models.CharField(max_length=60)),
                ("at", models.DateTimeField()),
                ("facts", models.JSONField()),
            ],
            options={
                "db_table": "event",
                "indexes": [
                    models.Index(fields=["client_body", "-number"], name="event_newest"),
                    models.Index(fields=["at"], name="event_oldest"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                (
                    "endpoint_id",
                    models.CharField(
                        default=sekisho.client_desk.records.webhook_models._endpoint_id,
                        max_length=40,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("client_body", models.CharField(max_length=80)),
                ("url", models.CharField(max_length=500)),
                ("description", models.CharField(blank=True, default="", max_length=100)),
                ("kinds", models.JSONField(default=list)),
                ("secret_sealed", models.BinaryField(max_length=160)),
                ("former_sealed", models.BinaryField(max_length=160, null=True)),
                ("former_until", models.DateTimeField(null=True)),
                ("made_by", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField()),
                ("failing_since", models.DateTimeField(null=True)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("rests_until", models.DateTimeField(null=True)),
                ("switched_off_at", models.DateTimeField(null=True)),
                ("switched_off_why", models.CharField(blank=True, default="", max_length=10)),
                ("removed_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "webhook_endpoint",
                "indexes": [
                    models.Index(fields=["client_body", "made_at"], name="webhook_endpoint_body")
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "delivery_id",
                    models.CharField(
                        default=sekisho.client_desk.records.webhook_models._delivery_id,
                        max_length=40,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("client_body", models.CharField(max_length=80)),
                ("endpoint_id", models.CharField(max_length=40)),
                ("event_id", models.CharField(max_length=60)),
                ("state", models.CharField(default="waiting", max_length=10)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField()),
                ("made_at", models.DateTimeField()),
                ("moved_at", models.DateTimeField()),
                ("try_id", models.CharField(blank=True, default="", max_length=60)),
                ("status", models.PositiveSmallIntegerField(default=0)),
                ("why", models.CharField(blank=True, default="", max_length=20)),
            ],
            options={
                "db_table": "webhook_delivery",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["endpoint_id", "due_at", "delivery_id"],
                        name="webhook_delivery_due",
                    ),
                    models.Index(
                        condition=models.Q(("state", "in_hand")),
                        fields=["endpoint_id"],
                        name="webhook_delivery_in_hand",
                    ),
                    models.Index(fields=["event_id"], name="webhook_delivery_event"),
                    models.Index(
                        fields=["endpoint_id", "-delivery_id"], name="webhook_delivery_log"
                    ),
                    models.Index(fields=["moved_at"], name="webhook_delivery_oldest"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("endpoint_id", "event_id"), name="webhook_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Try",
            fields=[
                ("try_id", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("client_body", models.CharField(max_length=80)),
                ("delivery_id", models.CharField(max_length=40)),
                ("at", models.DateTimeField()),
                ("status", models.PositiveSmallIntegerField()),
                ("why", models.CharField(blank=True, default="", max_length=20)),
                ("said", models.CharField(blank=True, default="", max_length=500)),
                ("milliseconds", models.PositiveIntegerField()),
            ],
            options={
                "db_table": "webhook_try",
                "indexes": [
                    models.Index(fields=["delivery_id", "at"], name="webhook_try_of_delivery"),
                    models.Index(fields=["at"], name="webhook_try_oldest"),
                ],
            },
        ),
        migrations.CreateModel(
            name="EventCursor",
            fields=[
                ("one_row", models.BooleanField(default=True, primary_key=True, serialize=False)),
                ("after", models.CharField(blank=True, default="", max_length=200)),
            ],
            options={
                "db_table": "event_cursor",
            },
        ),
        migrations.RunSQL(webhook_sql.CHECKS_SQL, migrations.RunSQL.noop),
        *(
            migrations.RunSQL([sql], f"DROP FUNCTION IF EXISTS {name}")
            for sql, name in webhook_sql.FUNCTIONS
        ),
        migrations.RunSQL(
            walls.row_level_security(
                "event", "webhook_endpoint", "webhook_delivery", "webhook_try"
            ),
            migrations.RunSQL.noop,
        ),
    ]
