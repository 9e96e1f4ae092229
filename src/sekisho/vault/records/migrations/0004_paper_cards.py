"""Cards from paper, links in mails, and which kept cards are about to expire."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models

EXPIRY_INDEX_SQL = """
CREATE INDEX item_expiry ON item (client_body, fingerprint, subject_id)
    WHERE kind = 'card_expiry';
"""
"""Which cards expire in a month is asked by the keyed fingerprint of that month: nothing is
opened."""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("vault", "0003_postcards")]

    operations: ClassVar[list[Any]] = [
        migrations.AddField(
            "cardform", "paper", models.BooleanField(db_default=False, default=False)
        ),
        migrations.AddField(
            "cardform",
            "compares_with",
            models.CharField(db_default="", default="", max_length=64),
        ),
        migrations.AddField(
            "mailoutgoing",
            "link_token",
            models.CharField(db_default="", default="", max_length=64),
        ),
        migrations.RunSQL(EXPIRY_INDEX_SQL, "DROP INDEX IF EXISTS item_expiry"),
    ]
