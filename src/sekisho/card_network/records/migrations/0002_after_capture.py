import django.db.models.deletion
from django.db import migrations, models

from sekisho.transport.outbox_table import INDEX_REFUSED_SQL, UNDO_INDEX_REFUSED_SQL

# Whatever the code does: refunds under way or done never exceed what was captured. After the
# insert, so that an order said again (ON CONFLICT DO NOTHING) is not counted twice.
REFUNDS_WITHIN_CAPTURE = """
CREATE FUNCTION orders_refunds_within_capture() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM orders WHERE id = NEW.original_id FOR UPDATE;
    IF (SELECT coalesce(sum(amount_yen), 0) FROM orders
         WHERE original_id = NEW.original_id AND kind = 'refund' AND result <> 'refused')
     > (SELECT coalesce(sum(amount_yen), 0) FROM orders
         WHERE original_id = NEW.original_id AND kind = 'capture' AND result = 'captured')
    THEN
        RAISE EXCEPTION 'refunds of order % exceed its capture', NEW.original_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER orders_refunds_within_capture AFTER INSERT ON orders FOR EACH ROW
    WHEN (NEW.kind = 'refund') EXECUTE FUNCTION orders_refunds_within_capture();
"""

# A decision of the network stays; another one is refused, and a person looks.
DECIDED_STAYS_DECIDED = """
CREATE FUNCTION chargebacks_stay_decided() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'case % is decided (%) and can''t change', OLD.case_number, OLD.result
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER chargebacks_stay_decided BEFORE UPDATE ON chargebacks FOR EACH ROW
    WHEN (OLD.result <> '' AND NEW.result <> OLD.result)
    EXECUTE FUNCTION chargebacks_stay_decided();
"""


class Migration(migrations.Migration):
    dependencies = [("card_network", "0001_initial")]

    operations = [
        migrations.AddField("order", "part", models.TextField(default="")),
        migrations.AlterField(
            "order",
            "kind",
            models.TextField(
                choices=[
                    ("authenticate", "Authenticate"),
                    ("authorise", "Authorise"),
                    ("capture", "Capture"),
                    ("reverse", "Reverse"),
                    ("undo", "Undo"),
                    ("refund", "Refund"),
                    ("answer", "Answer"),
                ]
            ),
        ),
        migrations.RemoveConstraint("order", "order_once"),
        migrations.AddConstraint(
            "order",
            models.UniqueConstraint(
                fields=("kind", "payment_id", "attempt", "part"), name="order_once"
            ),
        ),
        migrations.CreateModel(
            name="Chargeback",
            fields=[
                ("case_number", models.TextField(primary_key=True, serialize=False)),
                ("payment_id", models.TextField()),
                ("amount_yen", models.BigIntegerField()),
                ("reason_code", models.TextField()),
                ("respond_by", models.DateField()),
                ("received_at", models.DateTimeField()),
                ("result", models.TextField(default="")),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "authorisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="chargebacks",
                        to="card_network.order",
                    ),
                ),
            ],
            options={"db_table": "chargebacks"},
        ),
        migrations.AddConstraint(
            "chargeback",
            models.CheckConstraint(
                condition=models.Q(("result__in", ["", "won", "lost"])),
                name="chargeback_result_known",
            ),
        ),
        migrations.AddConstraint(
            "chargeback",
            models.CheckConstraint(
                condition=models.Q(("amount_yen__gt", 0)), name="chargeback_above_zero"
            ),
        ),
        migrations.RunSQL(
            REFUNDS_WITHIN_CAPTURE,
            "DROP TRIGGER orders_refunds_within_capture ON orders;"
            " DROP FUNCTION orders_refunds_within_capture();",
        ),
        migrations.RunSQL(
            DECIDED_STAYS_DECIDED,
            "DROP TRIGGER chargebacks_stay_decided ON chargebacks;"
            " DROP FUNCTION chargebacks_stay_decided();",
        ),
        migrations.RunSQL(INDEX_REFUSED_SQL, UNDO_INDEX_REFUSED_SQL),
    ]
