"""Refund requests, second factors, sessions."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models

from sekisho.client_desk.records import portal_models, portal_walls, walls
from sekisho.sign_in.passkey_table import passkey_operations


def _person(name: str, *, blank: bool = False) -> list[tuple[str, Any]]:
    """A person's id and name as they stood then."""
    more: dict[str, Any] = {"blank": True, "default": ""} if blank else {}
    return [
        (name, models.CharField(max_length=40, **more)),
        (f"{name}_name", models.CharField(max_length=64, **more)),
    ]


class Migration(migrations.Migration):
    dependencies: ClassVar = [("client_desk", "0003_webhooks")]

    operations: ClassVar[list[Any]] = [
        *passkey_operations(),
        migrations.AddField(
            "person", "roles_given_by", models.CharField(blank=True, default="", max_length=40)
        ),
        # A test twin's name is longer than its body's; PostgreSQL alters no column of a policy.
        migrations.RunSQL("DROP POLICY one_client_body ON upload", migrations.RunSQL.noop),
        migrations.AlterField("upload", "client_body", models.CharField(max_length=80)),
        migrations.RunSQL(walls.row_level_security("upload"), migrations.RunSQL.noop),
        migrations.CreateModel(
            name="RefundRequest",
            fields=[
                (
                    "request_id",
                    models.CharField(
                        default=portal_models._request_id,
                        max_length=40,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("client_body", models.CharField(max_length=80)),
                ("key", models.CharField(max_length=64)),
                ("payment_id", models.CharField(max_length=40)),
                ("reference", models.CharField(max_length=40)),
                ("amount_yen", models.BigIntegerField()),
                ("fee_yen", models.BigIntegerField()),
                ("left_yen", models.BigIntegerField()),
                ("reason", models.CharField(max_length=200)),
                ("alone", models.BooleanField()),
                ("state", models.CharField(default="asked", max_length=10)),
                *_person("asked_by"),
                ("asked_at", models.DateTimeField()),
                *_person("decided_by", blank=True),
                ("decided_at", models.DateTimeField(null=True)),
                ("note", models.CharField(blank=True, default="", max_length=200)),
                ("refund_id", models.CharField(blank=True, default="", max_length=40)),
                ("problem", models.CharField(blank=True, default="", max_length=40)),
            ],
            options={
                "db_table": "refund_request",
                "indexes": [
                    models.Index(
                        fields=["client_body", "state", "-asked_at"], name="refund_request_newest"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("client_body", "key"), name="refund_request_key"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FactorReset",
            fields=[
                (
                    "reset_id",
                    models.CharField(
                        default=portal_models._reset_id,
                        max_length=40,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("client_body", models.CharField(max_length=40)),
                ("person_id", models.CharField(max_length=40)),
                ("person_name", models.CharField(max_length=64)),
                ("state", models.CharField(default="asked", max_length=10)),
                *_person("asked_by"),
                ("asked_at", models.DateTimeField()),
                *_person("decided_by", blank=True),
                ("decided_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "factor_reset",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "asked")),
                        fields=("person_id",),
                        name="factor_reset_one_open",
                    )
                ],
            },
        ),
        migrations.RunSQL(portal_walls.TWO_PERSONS_SQL, portal_walls.TWO_PERSONS_BACK_SQL),
        migrations.RunSQL(
            walls.row_level_security("passkey", "refund_request", "factor_reset"),
            migrations.RunSQL.noop,
        ),
    ]
