"""The card-testing guard: counts, puzzles, card entry, and how a refused try ends."""

from typing import Any, ClassVar

from django.db import migrations, models

EDGES = (("authenticating", "declined", "refused_by_guard"),)

GUARD_COUNT = migrations.CreateModel(
    name="GuardCount",
    fields=[
        (
            "pk",
            models.CompositePrimaryKey(
                "site",
                "scope",
                "key",
                "bucket",
                "shard",
                blank=True,
                editable=False,
                primary_key=True,
                serialize=False,
            ),
        ),
        ("site", models.TextField()),
        ("scope", models.TextField()),
        ("key", models.TextField()),
        ("bucket", models.DateTimeField()),
        ("shard", models.SmallIntegerField()),
        ("attempts", models.IntegerField(db_default=0)),
        ("declines", models.IntegerField(db_default=0)),
        ("cleared", models.IntegerField(db_default=0)),
    ],
    options={
        "db_table": "guard_count",
        "indexes": [models.Index(fields=["bucket"], name="guard_count_bucket")],
    },
)

GUARD_PUZZLE = migrations.CreateModel(
    name="GuardPuzzle",
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
        ("payment_id", models.TextField()),
        ("number", models.IntegerField()),
        ("client_body", models.TextField()),
        ("site", models.TextField()),
        ("source", models.TextField()),
        ("session", models.TextField()),
        ("salt", models.TextField()),
        ("bits", models.SmallIntegerField()),
        ("parts", models.SmallIntegerField()),
        ("issued_at", models.DateTimeField()),
        ("expires_at", models.DateTimeField()),
        ("waits_until", models.DateTimeField()),
        ("passed_at", models.DateTimeField(null=True)),
        ("passed_by", models.TextField(db_default="")),
    ],
    options={
        "db_table": "guard_puzzle",
        "indexes": [
            models.Index(fields=["issued_at"], name="guard_puzzle_issued"),
            models.Index(
                condition=models.Q(("passed_by", "wait")),
                fields=["site", "source", "passed_at"],
                name="guard_puzzle_waited",
            ),
        ],
    },
)

CARD_ENTRY = migrations.CreateModel(
    name="CardEntry",
    fields=[
        ("site", models.TextField(primary_key=True, serialize=False)),
        ("open", models.BooleanField()),
        ("since", models.DateTimeField()),
        ("by", models.TextField()),
        ("why", models.TextField()),
    ],
    options={"db_table": "card_entry"},
)

# Room on each page for the next version of a row: a busy count stays where it is (HOT updates).
ROOM_TO_COUNT = (
    "ALTER TABLE guard_count SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)"
)
NEVER_LESS_THAN_NONE = (
    "ALTER TABLE guard_count ADD CONSTRAINT guard_counts"
    " CHECK (attempts >= 0 AND declines >= 0 AND cleared >= 0)"
)
WALL = (
    "ALTER TABLE guard_puzzle ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY wall ON guard_puzzle USING ((SELECT acts_for()) && ARRAY[client_body, '*'])",
)


def fill_edges(apps: Any, schema_editor: Any) -> None:
    edge = apps.get_model("payments", "LifecycleEdge")
    edge.objects.bulk_create(edge(source=s, target=t, event=e) for s, t, e in EDGES)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("payments", "0004_after_payment")]

    operations: ClassVar[list[Any]] = [
        GUARD_COUNT,
        GUARD_PUZZLE,
        CARD_ENTRY,
        *(
            migrations.AddField("attempt", name, models.TextField(db_default=""))
            for name in ("guard", "counted_source", "counted_session")
        ),
        migrations.RunPython(fill_edges, migrations.RunPython.noop),
        *(
            migrations.RunSQL(statement, migrations.RunSQL.noop)
            for statement in (ROOM_TO_COUNT, NEVER_LESS_THAN_NONE, *WALL)
        ),
    ]
