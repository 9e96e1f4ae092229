from django.db import migrations, models


class Migration(migrations.Migration):
    """Health asks every few seconds whether an order is stuck; past a million orders that was the
    dearest query of the platform."""

    dependencies = [("card_network", "0002_after_capture")]

    operations = [
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                fields=["id"], name="order_stuck", condition=models.Q(state="stuck")
            ),
        ),
    ]
