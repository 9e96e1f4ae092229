"""What a zone's migration needs to lay the passkeys down."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

from sekisho.sign_in import people


def passkey_operations() -> list[Any]:
    """Return the operations that make the table ``passkey`` and give a visit its challenge."""
    blank = models.CharField(blank=True, default="", max_length=40)
    return [
        migrations.CreateModel(
            name="Passkey",
            fields=[
                (
                    "passkey_id",
                    models.CharField(
                        default=people._passkey_id,
                        max_length=40,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("client_body", blank),
                ("person_id", models.CharField(max_length=40)),
                ("credential_id", models.BinaryField(max_length=1023, unique=True)),
                ("public_key", models.BinaryField(max_length=1024)),
                ("sign_count", models.BigIntegerField(default=0)),
                ("name", models.CharField(max_length=40)),
                ("added_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "passkey"},
        ),
        migrations.AddField("visit", "challenge", models.BinaryField(max_length=32, null=True)),
        migrations.AddField("visit", "challenge_at", models.DateTimeField(null=True)),
    ]
