import django.db.models.deletion
from django.db import migrations, models

from sekisho.transport.outbox import CREATE_SQL, DROP_SQL

TRACE_NUMBERS = """
CREATE SEQUENCE trace_numbers MINVALUE 1 MAXVALUE 999999 CYCLE;
"""

# What is done stays as it is, whoever writes: a second outcome of one order can't exist.
DONE_STAYS_DONE = """
CREATE FUNCTION orders_stay_done() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'order % is done (%) and can''t change', OLD.id, OLD.result
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER orders_stay_done BEFORE UPDATE ON orders FOR EACH ROW
    WHEN (OLD.state = 'done' AND (NEW.state, NEW.result, NEW.response_code, NEW.approval_code)
          IS DISTINCT FROM (OLD.state, OLD.result, OLD.response_code, OLD.approval_code))
    EXECUTE FUNCTION orders_stay_done();
"""

# An authorisation that is being undone can't be approved any more, even if an answer comes late,
# and one whose outcome is known can't be undone: payments was told.
UNDONE_IS_NEVER_APPROVED = """
CREATE FUNCTION orders_undone_never_approved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM orders WHERE original_id = NEW.id AND kind = 'undo') THEN
        RAISE EXCEPTION 'order % is being undone and can''t be approved', NEW.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER orders_undone_never_approved BEFORE UPDATE ON orders FOR EACH ROW
    WHEN (NEW.result = 'approved' AND OLD.result <> 'approved')
    EXECUTE FUNCTION orders_undone_never_approved();
CREATE FUNCTION orders_undo_open_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM orders WHERE id = NEW.original_id AND result <> '') THEN
        RAISE EXCEPTION 'order % has an outcome and can''t be undone', NEW.original_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER orders_undo_open_only BEFORE INSERT ON orders FOR EACH ROW
    WHEN (NEW.kind = 'undo') EXECUTE FUNCTION orders_undo_open_only();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("authenticate", "Authenticate"),
                            ("authorise", "Authorise"),
                            ("capture", "Capture"),
                            ("reverse", "Reverse"),
                            ("undo", "Undo"),
                        ]
                    ),
                ),
                ("payment_id", models.TextField()),
                ("attempt", models.IntegerField()),
                ("digest", models.BinaryField()),
                ("body", models.BinaryField()),
                ("taken_at", models.DateTimeField()),
                ("merchant_id", models.TextField()),
                ("amount_yen", models.BigIntegerField()),
                ("trace_number", models.TextField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("retrieval_reference", models.TextField(null=True)),
                ("card", models.TextField(default="")),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("taken", "Taken"),
                            ("challenge", "Challenge"),
                            ("unknown", "Unknown"),
                            ("stuck", "Stuck"),
                            ("done", "Done"),
                        ],
                        default="taken",
                    ),
                ),
                ("tries", models.IntegerField(default=0)),
                ("due_at", models.DateTimeField(null=True)),
                ("told", models.TextField(default="")),
                ("result", models.TextField(default="")),
                ("response_code", models.TextField(default="")),
                ("approval_code", models.TextField(default="")),
                ("network_reference", models.TextField(default="")),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "original",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="followers",
                        to="card_network.order",
                    ),
                ),
            ],
            options={
                "db_table": "orders",
            },
        ),
        migrations.CreateModel(
            name="Authentication",
            fields=[
                ("server_id", models.TextField(primary_key=True, serialize=False)),
                ("payment_id", models.TextField()),
                ("card_token", models.TextField()),
                ("amount_yen", models.BigIntegerField()),
                ("result_token", models.TextField(unique=True)),
                ("asked_at", models.DateTimeField()),
                ("ds_id", models.TextField(default="")),
                ("acs_id", models.TextField(default="")),
                ("status", models.TextField(default="")),
                ("status_reason", models.TextField(default="")),
                ("eci", models.TextField(default="")),
                ("value", models.TextField(default="")),
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="authentication",
                        to="card_network.order",
                    ),
                ),
                (
                    "used_by",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="authentication_used",
                        to="card_network.order",
                    ),
                ),
            ],
            options={
                "db_table": "authentications",
            },
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="order_due"
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["payment_id"], name="order_payment"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("original", None), _negated=True),
                fields=["original"],
                name="order_original",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                fields=("kind", "payment_id", "attempt"), name="order_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                fields=("trace_number", "sent_at"), name="trace_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["taken", "challenge", "unknown", "stuck", "done"])
                ),
                name="order_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "done"), ("result", ""), _connector="XOR"),
                name="done_has_result",
            ),
        ),
        migrations.AddIndex(
            model_name="authentication",
            index=models.Index(fields=["payment_id"], name="authentication_payment"),
        ),
        migrations.RunSQL(TRACE_NUMBERS, "DROP SEQUENCE trace_numbers;"),
        migrations.RunSQL(
            DONE_STAYS_DONE,
            "DROP TRIGGER orders_stay_done ON orders; DROP FUNCTION orders_stay_done();",
        ),
        migrations.RunSQL(
            UNDONE_IS_NEVER_APPROVED,
            "DROP TRIGGER orders_undone_never_approved ON orders;"
            " DROP FUNCTION orders_undone_never_approved();"
            " DROP TRIGGER orders_undo_open_only ON orders; DROP FUNCTION orders_undo_open_only();",
        ),
        migrations.RunSQL(CREATE_SQL, DROP_SQL),
    ]
