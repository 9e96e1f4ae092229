"""The postcards that the vault prints."""

from django.db import models


class PostcardOutgoing(models.Model):
    """A postcard that was ordered: words and figures without a personal item. Name and address are
    put in while it is printed. ``batch`` counts the files of a client body and ``day``; ``page`` is
    the postcard's first in its file."""

    key = models.CharField(max_length=200)
    client_body = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)
    template = models.CharField(max_length=40)
    facts = models.JSONField()
    state = models.CharField(max_length=10, default="waiting")
    why = models.TextField(default="")
    day = models.DateField(null=True)
    batch = models.PositiveIntegerField(null=True)
    page = models.PositiveIntegerField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    ordered_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "postcard_outgoing"
        constraints = [
            models.UniqueConstraint(fields=["client_body", "key"], name="postcard_outgoing_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "printing", "printed", "failed"]),
                name="postcard_state",
            ),
        ]
        indexes = [
            models.Index(
                fields=["client_body", "state", "id"],
                condition=models.Q(state__in=["waiting", "printing", "failed"]),
                name="postcard_open",
            ),
            models.Index(fields=["client_body", "day", "batch"], name="postcard_batch"),
        ]
