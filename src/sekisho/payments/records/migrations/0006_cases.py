"""Decisions of operators."""

from pathlib import Path
from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models

from sekisho.transport.outbox_table import INDEX_REFUSED_SQL, UNDO_INDEX_REFUSED_SQL

EDGES = (
    ("unknown", "captured", "operator_honoured"),
    ("reversing", "captured", "operator_honoured"),
    ("reversed", "captured", "operator_honoured"),
    ("unknown", "failed", "operator_ended"),
    ("capture_requested", "reversed", "operator_ended"),
)

CASE_DECISION = migrations.CreateModel(
    name="CaseDecision",
    fields=[
        (
            "pk",
            models.CompositePrimaryKey(
                "payment_id",
                "number",
                blank=True,
                editable=False,
                primary_key=True,
                serialize=False,
            ),
        ),
        (
            "payment",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="payments.payment",
            ),
        ),
        ("number", models.IntegerField()),
        ("client_body", models.TextField()),
        ("case_number", models.IntegerField()),
        ("at", models.DateTimeField()),
        ("by_name", models.TextField()),
        ("decision", models.TextField()),
        ("reason", models.TextField()),
        ("ends", models.BooleanField()),
        ("note", models.TextField()),
        ("state", models.TextField()),
    ],
    options={
        "db_table": "case_decision",
        "constraints": [
            models.UniqueConstraint(
                condition=models.Q(("ends", True)),
                fields=("payment", "case_number"),
                name="case_ends_once",
            ),
            models.CheckConstraint(
                condition=models.Q(("decision__in", ["taken", "not_taken", "ask_again"])),
                name="case_decision_word",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("by_name", ""), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                ),
                name="case_decision_by",
            ),
        ],
    },
)


def fill_edges(apps: Any, schema_editor: Any) -> None:
    edge = apps.get_model("payments", "LifecycleEdge")
    edge.objects.bulk_create(edge(source=s, target=t, event=e) for s, t, e in EDGES)


def build_walls(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


class Migration(migrations.Migration):
    dependencies: ClassVar = [("payments", "0005_guard")]

    operations: ClassVar = [
        CASE_DECISION,
        migrations.RunPython(fill_edges, migrations.RunPython.noop),
        migrations.RunPython(build_walls),
        migrations.RunSQL(INDEX_REFUSED_SQL, UNDO_INDEX_REFUSED_SQL),
    ]
