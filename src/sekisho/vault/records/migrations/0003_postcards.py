"""Postcards."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models
from django.db.models import Q

WALL_SQL = """
ALTER TABLE postcard_outgoing ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_client_body ON postcard_outgoing
    USING (client_body = current_setting('sekisho.client_body', true))
    WITH CHECK (client_body = current_setting('sekisho.client_body', true));
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("vault", "0002_release_in_one_statement")]

    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="PostcardOutgoing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=200)),
                ("client_body", models.CharField(max_length=64)),
                ("subject", models.CharField(max_length=64)),
                ("template", models.CharField(max_length=40)),
                ("facts", models.JSONField()),
                ("state", models.CharField(default="waiting", max_length=10)),
                ("why", models.TextField(default="")),
                ("day", models.DateField(null=True)),
                ("batch", models.PositiveIntegerField(null=True)),
                ("page", models.PositiveIntegerField(null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("ordered_at", models.DateTimeField()),
                ("begun_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "postcard_outgoing",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["client_body", "key"], name="postcard_outgoing_once"
                    ),
                    models.CheckConstraint(
                        condition=Q(state__in=["waiting", "printing", "printed", "failed"]),
                        name="postcard_state",
                    ),
                ],
                "indexes": [
                    models.Index(
                        fields=["client_body", "state", "id"],
                        condition=Q(state__in=["waiting", "printing", "failed"]),
                        name="postcard_open",
                    ),
                    models.Index(fields=["client_body", "day", "batch"], name="postcard_batch"),
                ],
            },
        ),
        migrations.AddIndex(
            "mailoutgoing",
            models.Index(fields=["client_body"], name="mail_failed", condition=Q(state="failed")),
        ),
        migrations.RunSQL(WALL_SQL, migrations.RunSQL.noop),
    ]
