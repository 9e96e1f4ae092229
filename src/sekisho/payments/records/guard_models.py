"""What the card-testing guard keeps: counts in quarters of an hour, puzzles, whether a site takes
cards. Sources and sessions are keyed hashes of the site, cards keyed fingerprints of the vault:
they count, and find nobody."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class GuardCount(models.Model):
    """Tries under one key in one quarter of an hour. ``shard`` spreads the keys that every try
    touches (BIN range, site) over several rows, so that payments don't wait for one another."""

    pk = models.CompositePrimaryKey("site", "scope", "key", "bucket", "shard")
    site = models.TextField()
    scope = models.TextField()
    key = models.TextField()
    bucket = models.DateTimeField()
    shard = models.SmallIntegerField()
    attempts = models.IntegerField(db_default=0)
    declines = models.IntegerField(db_default=0)
    cleared = models.IntegerField(db_default=0)

    class Meta:
        db_table = "guard_count"
        indexes: ClassVar = [models.Index(fields=["bucket"], name="guard_count_bucket")]


class GuardPuzzle(models.Model):
    """Work asked for one card of one payment, once."""

    pk = models.CompositePrimaryKey("payment_id", "number")
    payment_id = models.TextField()
    number = models.IntegerField()
    client_body = models.TextField()
    site = models.TextField()
    source = models.TextField()
    session = models.TextField()
    salt = models.TextField()
    bits = models.SmallIntegerField()
    parts = models.SmallIntegerField()
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    waits_until = models.DateTimeField()
    """From then on the payer may go on without a proof."""
    passed_at = models.DateTimeField(null=True)
    passed_by = models.TextField(db_default="")

    class Meta:
        db_table = "guard_puzzle"
        indexes: ClassVar = [
            models.Index(fields=["issued_at"], name="guard_puzzle_issued"),
            models.Index(
                fields=["site", "source", "passed_at"],
                condition=models.Q(passed_by="wait"),
                name="guard_puzzle_waited",
            ),
        ]


class CardEntry(models.Model):
    """Whether a site takes cards; no row: it does and nobody ever said otherwise."""

    site = models.TextField(primary_key=True)
    open = models.BooleanField()
    since = models.DateTimeField()
    by = models.TextField()
    why = models.TextField()

    class Meta:
        db_table = "card_entry"
