"""Paper applications and the life of an enrolment."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

EDGES = (
    ("", "applied", "applied"),
    ("applied", "applied", "paper_checked"),
    ("applied", "active", "card_good"),
    ("applied", "refused", "card_refused"),
    ("refused", "applied", "another_card"),
    ("active", "active", "card_change_asked"),
    ("active", "active", "paper_checked"),
    ("active", "active", "card_changed"),
    ("active", "active", "card_expires"),
    ("active", "ended", "ended_by_holder"),
    ("active", "ended", "ended_by_body"),
    ("active", "ended", "policy_ended"),
    ("ended", "active", "reinstated"),
    ("ended", "ended", "card_forgotten"),
)

PAYMENT_EDGES = (("card_entered", "authorising", "paper_checked"),)


def _key(*names: str) -> models.CompositePrimaryKey:
    return models.CompositePrimaryKey(
        *names, blank=True, editable=False, primary_key=True, serialize=False
    )


_WORDS: dict[str, str] = {
    "channel": "site",
    "language": "ja",
    "brand": "",
    "last_four": "",
    "card_payment": "",
    "event": "applied",
    "moved_by": "payments",
    "why": "",
    "ended_by": "",
    "expires_month": "",
    "warned_card": "",
}

NEW_COLUMNS: list[Any] = [
    *(
        migrations.AddField("enrolment", name, models.TextField(db_default=default))
        for name, default in _WORDS.items()
    ),
    migrations.AddField("enrolment", "email_token", models.TextField(null=True)),
    migrations.AddField("enrolment", "step", models.IntegerField(db_default=1)),
    *(
        migrations.AddField("enrolment", name, models.DateTimeField(null=True))
        for name in ("ended_at", "forget_card_at", "change_asked_at")
    ),
    migrations.AddField("payment", "card_change", models.BooleanField(db_default=False)),
]

RULES: list[Any] = [
    migrations.RemoveConstraint("enrolment", "enrolment_status"),
    migrations.AddConstraint(
        "enrolment",
        models.CheckConstraint(
            condition=models.Q(("status__in", ["applied", "active", "refused", "ended"])),
            name="enrolment_status",
        ),
    ),
    migrations.AddConstraint(
        "enrolment",
        models.CheckConstraint(
            condition=models.Q(("channel__in", ["site", "paper"])), name="enrolment_channel"
        ),
    ),
    migrations.AddConstraint(
        "enrolment",
        models.CheckConstraint(
            condition=models.Q(
                models.Q(("ended_by__in", ["holder", "body", "policy_ended"]), ("status", "ended")),
                models.Q(models.Q(("status", "ended"), _negated=True), ("ended_by", "")),
                _connector="OR",
            ),
            name="enrolment_ended_by",
        ),
    ),
    migrations.AddConstraint(
        "enrolment",
        models.CheckConstraint(
            condition=models.Q(("moved_by", ""), _negated=True), name="enrolment_moved_by"
        ),
    ),
    migrations.AddIndex(
        "enrolment", models.Index(fields=["client_body", "id"], name="enrolment_pages")
    ),
    migrations.AddIndex(
        "enrolment",
        models.Index(
            condition=models.Q(("card_token", ""), _negated=True),
            fields=["card_token"],
            name="enrolment_card",
        ),
    ),
    migrations.AddIndex(
        "enrolment",
        models.Index(
            condition=models.Q(("forget_card_at__isnull", False)),
            fields=["forget_card_at"],
            name="enrolment_forget",
        ),
    ),
]

EVENT = migrations.CreateModel(
    name="EnrolmentEvent",
    fields=[
        ("pk", _key("enrolment_id", "step")),
        ("enrolment_id", models.TextField()),
        ("step", models.IntegerField()),
        ("client_body", models.TextField()),
        ("at", models.DateTimeField(db_default=Now())),
        ("from_status", models.TextField()),
        ("to_status", models.TextField()),
        ("event", models.TextField()),
        ("moved_by", models.TextField()),
        ("why", models.TextField()),
    ],
    options={"db_table": "enrolment_event"},
)

EDGE = migrations.CreateModel(
    name="EnrolmentEdge",
    fields=[
        ("pk", _key("source", "target", "event")),
        ("source", models.TextField()),
        ("target", models.TextField()),
        ("event", models.TextField()),
    ],
    options={"db_table": "enrolment_edge"},
)


def _of_enrolment() -> Any:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="payments.enrolment")


LINK = migrations.CreateModel(
    name="CardLink",
    fields=[
        ("id", models.TextField(primary_key=True, serialize=False)),
        ("client_body", models.TextField()),
        ("enrolment", _of_enrolment()),
        ("key", models.TextField()),
        ("digest", models.BinaryField(unique=True)),
        ("asked_by", models.TextField()),
        ("asked_at", models.DateTimeField()),
        ("expires_at", models.DateTimeField()),
        ("wrong", models.SmallIntegerField(db_default=0)),
        ("payment_id", models.TextField(db_default="")),
        ("closed_at", models.DateTimeField(null=True)),
    ],
    options={
        "db_table": "card_link",
        "constraints": [
            models.UniqueConstraint(fields=("client_body", "key"), name="card_link_key")
        ],
    },
)

PAPER = migrations.CreateModel(
    name="PaperApplication",
    fields=[
        ("id", models.TextField(primary_key=True, serialize=False)),
        ("client_body", models.TextField()),
        ("enrolment", _of_enrolment()),
        (
            "payment",
            models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, to="payments.payment"
            ),
        ),
        ("start_key", models.TextField()),
        ("purpose", models.TextField()),
        ("check_kind", models.TextField()),
        ("applied_on", models.DateField()),
        ("entered_by", models.TextField()),
        ("entered_at", models.DateTimeField()),
        ("second_by", models.TextField(db_default="")),
        ("differs", models.TextField(db_default="")),
        ("checked_by", models.TextField(db_default="")),
        ("checked_at", models.DateTimeField(null=True)),
    ],
    options={
        "db_table": "paper_application",
        "constraints": [
            models.UniqueConstraint(fields=("client_body", "start_key"), name="paper_start_key"),
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("entered_by", ""), _negated=True),
                    models.Q(("checked_by", models.F("entered_by")), _negated=True),
                    models.Q(("second_by", models.F("entered_by")), _negated=True),
                ),
                name="paper_second_person",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    ("check_kind__in", ["double_entry", "second_person"]),
                    ("purpose__in", ["application", "card_change"]),
                ),
                name="paper_words",
            ),
        ],
        "indexes": [models.Index(fields=["client_body", "-id"], name="paper_newest")],
    },
)


def fill_edges(apps: Any, schema_editor: Any) -> None:
    edge = apps.get_model("payments", "EnrolmentEdge")
    edge.objects.bulk_create(edge(source=s, target=t, event=e) for s, t, e in EDGES)
    edge = apps.get_model("payments", "LifecycleEdge")
    edge.objects.bulk_create(edge(source=s, target=t, event=e) for s, t, e in PAYMENT_EDGES)


def build_walls(apps: Any, schema_editor: Any) -> None:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        cursor.execute(text.replace("{schema}", cursor.fetchone()[0]))


class Migration(migrations.Migration):
    dependencies: ClassVar = [("payments", "0007_body_events")]

    operations: ClassVar[list[Any]] = [
        *NEW_COLUMNS,
        *RULES,
        EVENT,
        EDGE,
        LINK,
        PAPER,
        migrations.RunPython(fill_edges, migrations.RunPython.noop),
        migrations.RunPython(build_walls),
    ]
