import django.db.models.deletion
from django.db import migrations, models

from sekisho.transport import outbox
from sekisho.vault.records import walls


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="CardForm",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token_digest", models.BinaryField(unique=True)),
                ("payment_id", models.CharField(db_index=True, max_length=64)),
                ("client_body", models.CharField(max_length=64)),
                ("site", models.CharField(max_length=64)),
                ("kept", models.BooleanField()),
                ("language", models.CharField(max_length=2)),
                ("parent_origin", models.CharField(max_length=200)),
                ("return_url", models.CharField(max_length=500)),
                ("accepted_brands", models.JSONField()),
                ("card_token", models.CharField(max_length=64, unique=True)),
                ("state", models.CharField(default="open", max_length=10)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("opened_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
            ],
            options={
                "db_table": "card_form",
            },
        ),
        migrations.CreateModel(
            name="SpentPermit",
            fields=[
                ("permit_id", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("client_body", models.CharField(max_length=64)),
                ("payment_id", models.CharField(max_length=64)),
                ("card_token", models.CharField(max_length=64)),
                ("purpose", models.CharField(max_length=16)),
                ("spent_at", models.DateTimeField()),
            ],
            options={
                "db_table": "spent_permit",
            },
        ),
        migrations.CreateModel(
            name="DataKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("client_body", models.CharField(max_length=64)),
                ("use", models.CharField(max_length=16)),
                ("version", models.PositiveIntegerField()),
                ("wrapped_by", models.CharField(max_length=63)),
                ("wrapped", models.BinaryField()),
                ("made_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "data_key",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("client_body", "use", "version"), name="data_key_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MailOutgoing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=200)),
                ("client_body", models.CharField(max_length=64)),
                ("token", models.CharField(max_length=64)),
                ("template", models.CharField(max_length=40)),
                ("language", models.CharField(max_length=2)),
                ("facts", models.JSONField()),
                ("state", models.CharField(default="waiting", max_length=10)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("ordered_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "mail_outgoing",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("client_body", "key"), name="mail_outgoing_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MatchBudget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("client_body", models.CharField(max_length=64)),
                ("token", models.CharField(max_length=64)),
                ("hour", models.DateTimeField()),
                ("tried", models.PositiveIntegerField()),
            ],
            options={
                "db_table": "match_budget",
                "constraints": [
                    models.UniqueConstraint(fields=("token", "hour"), name="match_budget_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ReleaseBudget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("client_body", models.CharField(max_length=64)),
                ("hour", models.DateTimeField()),
                ("released", models.PositiveIntegerField()),
            ],
            options={
                "db_table": "release_budget",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("client_body", "hour"), name="release_budget_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StoredKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("client_body", models.CharField(max_length=64)),
                ("caller", models.CharField(max_length=80)),
                ("key", models.CharField(max_length=200)),
                ("asked", models.BinaryField()),
                ("answered", models.BinaryField()),
                ("stored_at", models.DateTimeField()),
            ],
            options={
                "db_table": "stored_key",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("client_body", "caller", "key"), name="stored_key_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Subject",
            fields=[
                ("token", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("client_body", models.CharField(max_length=64)),
                ("use", models.CharField(max_length=16)),
                ("data_key_version", models.PositiveIntegerField()),
                ("subject_key_version", models.PositiveIntegerField(default=1)),
                ("wrapped_key", models.BinaryField(null=True)),
                ("made_at", models.DateTimeField()),
                ("forgotten_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "subject",
                "indexes": [
                    models.Index(
                        condition=models.Q(("wrapped_key__isnull", False)),
                        fields=["client_body", "use", "data_key_version"],
                        name="subject_living",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Item",
            fields=[
                ("token", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("client_body", models.CharField(max_length=64)),
                ("kind", models.CharField(max_length=20)),
                ("sealed", models.BinaryField()),
                ("fingerprint", models.BinaryField()),
                ("fingerprint_key_version", models.PositiveIntegerField(default=1)),
                ("made_at", models.DateTimeField()),
                (
                    "subject",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="vault.subject",
                    ),
                ),
            ],
            options={
                "db_table": "item",
            },
        ),
        migrations.CreateModel(
            name="Card",
            fields=[
                ("token", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("client_body", models.CharField(max_length=64)),
                ("payment_id", models.CharField(db_index=True, max_length=64)),
                ("site", models.CharField(max_length=64)),
                ("kept", models.BooleanField()),
                ("entered_at", models.DateTimeField()),
                ("forgotten_at", models.DateTimeField(null=True)),
                (
                    "subject",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, to="vault.subject"
                    ),
                ),
            ],
            options={
                "db_table": "card",
            },
        ),
        migrations.RunSQL(walls.ITEM_KINDS_SQL, migrations.RunSQL.noop),
        migrations.RunSQL(walls.TRIGGERS_SQL, migrations.RunSQL.noop),
        migrations.RunSQL(walls.LOOKUPS_SQL, walls.UNDO_SQL),
        migrations.RunSQL(walls.row_level_security(), migrations.RunSQL.noop),
        migrations.RunSQL(outbox.CREATE_SQL, outbox.DROP_SQL),
    ]
