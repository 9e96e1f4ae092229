"""Errands that began with a link."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("payer_site", "0001_first")]

    operations: ClassVar[list[Any]] = [
        migrations.AlterField("errand", "shown_number", models.CharField(max_length=40)),
        migrations.AddField(
            "errand", "link_id", models.CharField(max_length=64, blank=True, default="")
        ),
        migrations.AddField("errand", "printed", models.BooleanField(default=True)),
        migrations.AddField("errand", "test", models.BooleanField(default=False)),
        migrations.AddField(
            "errand", "return_url", models.CharField(max_length=1000, blank=True, default="")
        ),
    ]
