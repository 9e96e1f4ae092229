"""Errands that change the card of an enrolment."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("payer_site", "0002_links")]

    operations: ClassVar[list[Any]] = [
        migrations.AddField("errand", "card_change", models.BooleanField(default=False)),
    ]
