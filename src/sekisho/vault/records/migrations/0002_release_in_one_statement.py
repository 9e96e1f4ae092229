from django.db import migrations, models

from sekisho.transport.outbox_table import INDEX_REFUSED_SQL, UNDO_INDEX_REFUSED_SQL
from sekisho.vault.records import card_sql, release_sql


class Migration(migrations.Migration):
    dependencies = [("vault", "0001_first")]

    operations = [
        migrations.AddField(
            model_name="releasebudget",
            name="allowed_more",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="releasebudget",
            name="tripped_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunSQL(release_sql.BUDGET_TRIGGER_SQL, release_sql.UNDO_BUDGET_TRIGGER_SQL),
        migrations.RunSQL(release_sql.TAKE_BUDGET_SQL, migrations.RunSQL.noop),
        migrations.RunSQL(release_sql.BEGIN_RELEASE_SQL, release_sql.UNDO_FUNCTIONS_SQL),
        migrations.RunSQL(card_sql.FUNCTIONS_SQL, card_sql.UNDO_SQL),
        migrations.RunSQL(INDEX_REFUSED_SQL, UNDO_INDEX_REFUSED_SQL),
    ]
