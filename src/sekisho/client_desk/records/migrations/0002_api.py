"""Keys of the API and what was said with them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models

import sekisho.client_desk.records.api_models
from sekisho.client_desk.records import walls

FIND_KEY_SQL = """
CREATE FUNCTION body_of_api_key(wanted bytea) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT client_body FROM api_key WHERE secret_hash = wanted
$$;
"""
"""Before the key is known nobody knows whose rows to show: the hash of a whole key says whose it
is, and nothing else is said to whoever has no key."""

FORGET_ANSWERS_SQL = """
CREATE FUNCTION forget_api_answers(before timestamptz) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE forgotten integer;
BEGIN
    DELETE FROM api_answer WHERE begun_at < least(before, now() - interval '24 hours');
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END $$;
"""
"""Every body's old answers at once; never one that is younger than the promise of 24 hours."""

CHECKS_SQL = """
ALTER TABLE api_answer ADD CONSTRAINT api_answer_state
    CHECK (state IN ('working', 'again', 'answered'));
ALTER TABLE api_answer ADD CONSTRAINT api_answer_whole
    CHECK ((state = 'answered') = (status IS NOT NULL AND content IS NOT NULL));
ALTER TABLE api_key ADD CONSTRAINT api_key_hash CHECK (length(secret_hash) = 32);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("client_desk", "0001_first")]

    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                (
                    "key_id",
                    models.CharField(
                        default=sekisho.client_desk.records.api_models._key_id,
                        max_length=40,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("client_body", models.CharField(max_length=40)),
                ("live", models.BooleanField()),
                ("name", models.CharField(max_length=60)),
                ("scopes", models.JSONField(default=list)),
                ("secret_hash", models.BinaryField(max_length=32, unique=True)),
                ("last_four", models.CharField(max_length=4)),
                ("made_by", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("revoked_by", models.CharField(blank=True, default="", max_length=64)),
                ("replaced_by", models.CharField(blank=True, default="", max_length=40)),
            ],
            options={
                "db_table": "api_key",
                "indexes": [
                    models.Index(fields=["client_body", "-made_at"], name="api_key_newest")
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiAnswer",
            fields=[
                (
                    "answer_id",
                    models.CharField(
                        default=sekisho.client_desk.records.api_models._answer_id,
                        max_length=40,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("client_body", models.CharField(max_length=40)),
                ("key", models.CharField(max_length=255)),
                ("fingerprint", models.BinaryField(max_length=32)),
                ("state", models.CharField(default="working", max_length=8)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("content_type", models.CharField(blank=True, default="", max_length=60)),
                ("content", models.BinaryField(null=True)),
                ("begun_at", models.DateTimeField()),
                ("moved_at", models.DateTimeField()),
            ],
            options={
                "db_table": "api_answer",
                "indexes": [models.Index(fields=["begun_at"], name="api_answer_oldest")],
                "constraints": [
                    models.UniqueConstraint(fields=("client_body", "key"), name="api_answer_once")
                ],
            },
        ),
        migrations.RunSQL(CHECKS_SQL, migrations.RunSQL.noop),
        migrations.RunSQL(FIND_KEY_SQL, "DROP FUNCTION IF EXISTS body_of_api_key(bytea)"),
        migrations.RunSQL(
            FORGET_ANSWERS_SQL, "DROP FUNCTION IF EXISTS forget_api_answers(timestamptz)"
        ),
        migrations.RunSQL(
            walls.row_level_security("api_key", "api_answer"), migrations.RunSQL.noop
        ),
    ]
