"""The invariants in the database, the table of edges, the outbox."""

from pathlib import Path
from typing import Any

from django.db import migrations

from sekisho.transport.outbox import CREATE_SQL, DROP_SQL

HOLDING = (
    "authenticating",
    "challenge",
    "authorising",
    "unknown",
    "authorised",
    "capture_requested",
    "captured",
    "settled",
    "reversing",
    "check_approved",
)

EDGES = (
    ("", "created", "started"),
    ("created", "card_entered", "card_taken"),
    ("card_entered", "card_entered", "card_replaced"),
    ("card_entered", "created", "another_card"),
    ("created", "cancelled_by_payer", "payer_cancelled"),
    ("created", "cancelled_by_client_body", "bill_changed"),
    ("created", "expired", "session_over"),
    ("created", "superseded", "started_anew"),
    ("created", "superseded", "overtaken"),
    ("card_entered", "cancelled_by_payer", "payer_cancelled"),
    ("card_entered", "cancelled_by_client_body", "bill_changed"),
    ("card_entered", "expired", "session_over"),
    ("card_entered", "superseded", "started_anew"),
    ("card_entered", "superseded", "overtaken"),
    ("card_entered", "authenticating", "confirmed"),
    ("authenticating", "challenge", "challenge_asked"),
    ("challenge", "authenticating", "challenge_returned"),
    ("authenticating", "authorising", "authenticated"),
    ("authenticating", "failed", "authentication_failed"),
    ("authenticating", "failed", "authentication_unavailable"),
    ("authenticating", "cancelled_by_payer", "payer_cancelled"),
    ("authenticating", "cancelled_by_expiry", "authentication_too_late"),
    ("challenge", "authorising", "authenticated"),
    ("challenge", "failed", "authentication_failed"),
    ("challenge", "failed", "authentication_unavailable"),
    ("challenge", "cancelled_by_payer", "payer_cancelled"),
    ("challenge", "cancelled_by_expiry", "authentication_too_late"),
    ("authorising", "unknown", "no_answer"),
    ("authorising", "authorised", "approved"),
    ("authorising", "check_approved", "card_good"),
    ("authorising", "checked", "card_good"),
    ("authorising", "declined", "refused_by_issuer"),
    ("authorising", "failed", "never_sent"),
    ("authorising", "failed", "code_gone"),
    ("authorising", "reversed", "taken_back"),
    ("unknown", "authorised", "approved"),
    ("unknown", "check_approved", "card_good"),
    ("unknown", "checked", "card_good"),
    ("unknown", "declined", "refused_by_issuer"),
    ("unknown", "failed", "never_sent"),
    ("unknown", "failed", "code_gone"),
    ("unknown", "reversed", "taken_back"),
    ("unknown", "reversing", "yes_too_late"),
    ("authorised", "capture_requested", "capture_asked"),
    ("capture_requested", "captured", "captured"),
    ("capture_requested", "reversing", "capture_refused"),
    ("reversing", "reversed", "given_back"),
    ("check_approved", "checked", "given_back"),
    ("captured", "settled", "settled"),
    ("declined", "created", "another_card"),
    ("failed", "created", "another_card"),
)


def build_walls(apps: Any, schema_editor: Any) -> None:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        schema = cursor.fetchone()[0]
        holding = ", ".join(f"'{state}'" for state in HOLDING)
        # No parameters: psycopg then leaves the percent signs of RAISE alone.
        cursor.execute(text.replace("{schema}", schema).replace("{holding}", holding))


def fill_edges(apps: Any, schema_editor: Any) -> None:
    edge = apps.get_model("payments", "LifecycleEdge")
    edge.objects.bulk_create(edge(source=s, target=t, event=e) for s, t, e in EDGES)


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]

    operations = [
        migrations.RunPython(fill_edges, migrations.RunPython.noop),
        migrations.RunPython(build_walls),
        migrations.RunSQL(CREATE_SQL, DROP_SQL),
    ]
