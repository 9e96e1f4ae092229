"""Keys of the API, and what was answered to its POSTs."""

from __future__ import annotations

from django.db import models

from sekisho.vocabulary.identifiers import new_id

MAX_KEY_NAME_CHARACTERS = 60
MAX_IDEMPOTENCY_KEY_CHARACTERS = 255


def _key_id() -> str:
    return new_id("key")


def _answer_id() -> str:
    return new_id("said")


class ApiKey(models.Model):
    """A key of a client body's machine; only the hash of its secret is kept. ``live``: whether it
    acts on the body itself or on its test twin. ``expires_at`` comes nearer when a newer key takes
    its place (``replaced_by``)."""

    key_id = models.CharField(primary_key=True, max_length=40, default=_key_id)
    client_body = models.CharField(max_length=40)
    live = models.BooleanField()
    name = models.CharField(max_length=MAX_KEY_NAME_CHARACTERS)
    scopes: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    secret_hash = models.BinaryField(max_length=32, unique=True)
    last_four = models.CharField(max_length=4)
    made_by = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=64, blank=True, default="")
    replaced_by = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        db_table = "api_key"
        indexes = [models.Index(fields=["client_body", "-made_at"], name="api_key_newest")]


class ApiAnswer(models.Model):
    """What a POST was answered, kept so that the same POST again is answered the same. ``state``:
    ``working``, ``again`` (it came to no answer: whoever says it again goes on under the same id),
    ``answered``. ``fingerprint`` is the SHA-256 of method, path and body; ``content`` is sealed
    under the desk's key, as an answer may hold a secret that is shown once."""

    answer_id = models.CharField(primary_key=True, max_length=40, default=_answer_id)
    client_body = models.CharField(max_length=40)
    key = models.CharField(max_length=MAX_IDEMPOTENCY_KEY_CHARACTERS)
    fingerprint = models.BinaryField(max_length=32)
    state = models.CharField(max_length=8, default="working")
    status = models.PositiveSmallIntegerField(null=True)
    content_type = models.CharField(max_length=60, blank=True, default="")
    content = models.BinaryField(null=True)
    begun_at = models.DateTimeField()
    moved_at = models.DateTimeField()

    class Meta:
        db_table = "api_answer"
        constraints = [
            models.UniqueConstraint(fields=["client_body", "key"], name="api_answer_once")
        ]
        indexes = [models.Index(fields=["begun_at"], name="api_answer_oldest")]
