"""Payouts, the days that they pay, and the work list of settlement."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from django.db import migrations, models
from django.db.models.functions import Now

from sekisho.payments.records.migrations._payout_tables import PAYOUT_TABLES

LISTS = (
    migrations.CreateModel(
        name="ClearingFile",
        fields=[
            ("id", models.BigAutoField(primary_key=True, serialize=False)),
            ("day", models.DateField()),
            ("sha256", models.TextField()),
            ("state", models.TextField()),
            ("final", models.BooleanField()),
            ("rows", models.IntegerField()),
            ("net_yen", models.BigIntegerField()),
            ("totals", models.JSONField()),
            ("settled", models.IntegerField()),
            ("differences", models.IntegerField()),
            ("taken_at", models.DateTimeField()),
            ("why", models.TextField(db_default="")),
        ],
        options={
            "db_table": "clearing_file",
        },
    ),
    migrations.CreateModel(
        name="Difference",
        fields=[
            ("id", models.TextField(primary_key=True, serialize=False)),
            ("client_body", models.TextField()),
            ("day", models.DateField()),
            ("kind", models.TextField()),
            ("key", models.TextField(unique=True)),
            ("subject", models.TextField()),
            ("said", models.TextField()),
            ("amount_yen", models.BigIntegerField()),
            ("state", models.TextField(db_default="open")),
            ("found_at", models.DateTimeField()),
            ("taken_by", models.TextField(db_default="")),
            ("proposed_by", models.TextField(db_default="")),
            ("reason", models.TextField(db_default="")),
            ("closed_by", models.TextField(db_default="")),
            ("closed_at", models.DateTimeField(null=True)),
        ],
        options={
            "db_table": "difference",
        },
    ),
    migrations.CreateModel(
        name="DifferenceEvent",
        fields=[
            ("id", models.BigAutoField(primary_key=True, serialize=False)),
            ("difference_id", models.TextField()),
            ("client_body", models.TextField()),
            ("at", models.DateTimeField(db_default=Now())),
            ("state", models.TextField()),
            ("by_name", models.TextField()),
            ("reason", models.TextField()),
        ],
        options={
            "db_table": "difference_event",
        },
    ),
    migrations.RemoveConstraint(
        model_name="entry",
        name="entry_account",
    ),
    migrations.RemoveConstraint(
        model_name="transfer",
        name="transfer_kind",
    ),
    migrations.AddConstraint(
        model_name="entry",
        constraint=models.CheckConstraint(
            condition=models.Q(
                (
                    "account__in",
                    (
                        "payer",
                        "acquirer",
                        "client_body",
                        "fee",
                        "tax",
                        "refunds",
                        "disputes",
                        "bank",
                        "payouts",
                    ),
                )
            ),
            name="entry_account",
        ),
    ),
    migrations.AddConstraint(
        model_name="transfer",
        constraint=models.CheckConstraint(
            condition=models.Q(
                models.Q(
                    ("about", ""),
                    ("kind__in", ("pending",)),
                    ("legs__gte", 2),
                    ("settles__isnull", True),
                ),
                models.Q(
                    ("about", ""),
                    ("kind__in", ("posted", "voided", "expired", "settled")),
                    ("legs__gte", 2),
                    ("settles__isnull", False),
                ),
                models.Q(
                    (
                        "kind__in",
                        (
                            "refund_pending",
                            "dispute_opened",
                            "dispute_settled",
                            "correction",
                            "payout_pending",
                        ),
                    ),
                    ("legs__gte", 2),
                    ("settles__isnull", True),
                    models.Q(("about", ""), _negated=True),
                ),
                models.Q(
                    (
                        "kind__in",
                        (
                            "refund_posted",
                            "refund_voided",
                            "refund_settled",
                            "dispute_won",
                            "dispute_lost",
                            "win_settled",
                            "payout_posted",
                            "payout_voided",
                        ),
                    ),
                    ("legs__gte", 2),
                    ("settles__isnull", False),
                    models.Q(("about", ""), _negated=True),
                ),
                models.Q(("kind", "voided"), ("legs", 0), ("settles__isnull", False)),
                _connector="OR",
            ),
            name="transfer_kind",
        ),
    ),
    migrations.AddConstraint(
        model_name="clearingfile",
        constraint=models.UniqueConstraint(
            fields=("day", "sha256", "state"), name="clearing_file_once"
        ),
    ),
    migrations.AddConstraint(
        model_name="clearingfile",
        constraint=models.CheckConstraint(
            condition=models.Q(("state__in", ["taken", "broken", "missing"])),
            name="clearing_file_state",
        ),
    ),
    migrations.AddIndex(
        model_name="difference",
        index=models.Index(
            condition=models.Q(("state", "closed"), _negated=True),
            fields=["client_body", "day"],
            name="difference_open",
        ),
    ),
    migrations.AddConstraint(
        model_name="difference",
        constraint=models.CheckConstraint(
            condition=models.Q(
                (
                    "kind__in",
                    (
                        "not_with_us",
                        "row_differs",
                        "never_named",
                        "clearing_differs",
                        "ledger_differs",
                        "payout_differs",
                    ),
                )
            ),
            name="difference_kind",
        ),
    ),
    migrations.AddConstraint(
        model_name="difference",
        constraint=models.CheckConstraint(
            condition=models.Q(
                models.Q(("closed_at__isnull", True), ("state__in", ["open", "taken", "proposed"])),
                models.Q(
                    ("closed_at__isnull", False),
                    ("state", "closed"),
                    models.Q(("closed_by", ""), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                ),
                _connector="OR",
            ),
            name="difference_state",
        ),
    ),
    migrations.AddIndex(
        model_name="differenceevent",
        index=models.Index(fields=["difference_id"], name="difference_event_of"),
    ),
)


def build_settlement(apps: Any, schema_editor: Any) -> None:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        # No parameters: psycopg then leaves the percent signs of RAISE alone.
        cursor.execute(text.replace("{schema}", cursor.fetchone()[0]))


class Migration(migrations.Migration):
    dependencies: ClassVar = [("payments", "0009_charge_runs")]

    operations: ClassVar[list[Any]] = [
        *PAYOUT_TABLES,
        *LISTS,
        migrations.RunPython(build_settlement),
    ]
