"""The ledger's further transfers, its chain and sums, what was reconciled."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q
from django.db.models.functions import Now

ACCOUNTS = (
    "payer",
    "acquirer",
    "client_body",
    "fee",
    "tax",
    "refunds",
    "disputes",
    "bank",
)

ENDS_NOTHING = ("pending",)
ENDS = ("posted", "voided", "expired", "settled")
ABOUT_ENDS_NOTHING = ("refund_pending", "dispute_opened", "dispute_settled", "correction")
ABOUT_ENDS = (
    "refund_posted",
    "refund_voided",
    "refund_settled",
    "dispute_won",
    "dispute_lost",
    "win_settled",
)

KINDS = (
    Q(kind__in=ENDS_NOTHING, settles__isnull=True, about="", legs__gte=2)
    | Q(kind__in=ENDS, settles__isnull=False, about="", legs__gte=2)
    | Q(kind__in=ABOUT_ENDS_NOTHING, settles__isnull=True, legs__gte=2) & ~Q(about="")
    | Q(kind__in=ABOUT_ENDS, settles__isnull=False, legs__gte=2) & ~Q(about="")
    # Before this migration a void had no legs.
    | Q(kind="voided", settles__isnull=False, legs=0)
)


TABLES = (
    migrations.CreateModel(
        "LedgerLink",
        [
            ("position", models.BigIntegerField(primary_key=True, serialize=False)),
            ("transfer_id", models.BigIntegerField(unique=True)),
            ("digest", models.BinaryField()),
        ],
        options={"db_table": "ledger_link"},
    ),
    migrations.CreateModel(
        "LedgerBlock",
        [
            ("last_position", models.BigIntegerField(primary_key=True, serialize=False)),
            ("first_position", models.BigIntegerField()),
            ("earliest", models.DateTimeField()),
            ("latest", models.DateTimeField()),
        ],
        options={"db_table": "ledger_block"},
    ),
    migrations.CreateModel(
        "LedgerBlockSum",
        [
            (
                "pk",
                models.CompositePrimaryKey(
                    "last_position",
                    "client_body",
                    "account",
                    blank=True,
                    editable=False,
                    primary_key=True,
                    serialize=False,
                ),
            ),
            ("last_position", models.BigIntegerField()),
            ("client_body", models.TextField()),
            ("account", models.TextField()),
            ("debit_yen", models.BigIntegerField()),
            ("credit_yen", models.BigIntegerField()),
        ],
        options={"db_table": "ledger_block_sum"},
    ),
    migrations.CreateModel(
        "LedgerClosed",
        [
            ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
            ("upto", models.DateTimeField(null=True)),
            ("next_at", models.DateTimeField(null=True)),
        ],
        options={
            "db_table": "ledger_closed",
            "constraints": [models.CheckConstraint(condition=Q(id=1), name="closed_one_row")],
        },
    ),
    migrations.CreateModel(
        "Reconciliation",
        [
            ("id", models.BigAutoField(primary_key=True, serialize=False)),
            ("day", models.DateField()),
            ("ran_at", models.DateTimeField(db_default=Now())),
            ("by_itself", models.BooleanField()),
            ("payments", models.BigIntegerField()),
            ("transfers", models.BigIntegerField()),
            ("lines", models.BigIntegerField()),
            ("money_yen", models.JSONField()),
            ("differences", models.JSONField()),
            ("more", models.BigIntegerField()),
        ],
        options={
            "db_table": "reconciliation",
            "constraints": [
                models.UniqueConstraint(
                    fields=["day"], condition=Q(by_itself=True), name="reconciled_once_a_day"
                )
            ],
            "indexes": [models.Index(fields=["day", "ran_at"], name="reconciliation_day")],
        },
    ),
)


def build_ledger(apps: Any, schema_editor: Any) -> None:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        # No parameters: psycopg then leaves the percent signs of RAISE alone.
        cursor.execute(text.replace("{schema}", cursor.fetchone()[0]))


class Migration(migrations.Migration):
    dependencies: ClassVar = [("payments", "0002_walls")]

    operations: ClassVar[list[Any]] = [
        migrations.AddField("transfer", "about", models.TextField(db_default="")),
        migrations.AddField("transfer", "why", models.TextField(db_default="")),
        migrations.AlterField(
            "transfer",
            "settles",
            models.ForeignKey(
                "payments.transfer",
                django.db.models.deletion.PROTECT,
                null=True,
                db_column="settles",
                db_index=False,
                db_constraint=False,
            ),
        ),
        migrations.AlterField(
            "entry",
            "transfer",
            models.ForeignKey(
                "payments.transfer",
                django.db.models.deletion.PROTECT,
                db_index=False,
                db_constraint=False,
            ),
        ),
        migrations.RemoveConstraint("transfer", "transfer_kind"),
        migrations.AddConstraint(
            "transfer", models.CheckConstraint(condition=KINDS, name="transfer_kind")
        ),
        migrations.AddConstraint(
            "transfer",
            models.UniqueConstraint(
                fields=["kind", "about"], condition=~Q(about=""), name="about_once"
            ),
        ),
        migrations.RemoveConstraint("entry", "entry_account"),
        migrations.AddConstraint(
            "entry",
            models.CheckConstraint(condition=Q(account__in=ACCOUNTS), name="entry_account"),
        ),
        *TABLES,
        migrations.RunPython(build_ledger),
    ]
