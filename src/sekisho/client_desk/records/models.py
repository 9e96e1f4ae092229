"""The desk's tables. A row is seen only while the connection has named its client body
(``enter_body``): row-level security in the migration, held by PostgreSQL."""

from __future__ import annotations

from typing import Any

from django.db import models

from sekisho.sign_in import people
from sekisho.vocabulary.identifiers import new_id


class Person(people.Person):
    """``roles_given_by``: the administrator who last gave the roles; empty: an operator. They never
    approve what that administrator asked for."""

    roles_given_by = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        db_table = "person"
        constraints = [people.one_name_per_body(name="person_one_name")]


class Invitation(people.Invitation):
    class Meta:
        db_table = "invitation"


class Passkey(people.Passkey):
    class Meta:
        db_table = "passkey"


class Visit(people.Visit):
    class Meta:
        db_table = "visit"


def _upload_id() -> str:
    return new_id("upload")


class Upload(models.Model):
    """A file on its way in. ``state``: ``receiving``, ``checking`` (a dry run), ``checked``,
    ``taking``, ``taken``, ``refused`` (nothing was taken), ``given_up``."""

    upload_id = models.CharField(primary_key=True, max_length=40, default=_upload_id)
    client_body = models.CharField(max_length=80)
    person_name = models.CharField(max_length=64)
    kind = models.CharField(max_length=10)
    file_name = models.CharField(max_length=200)
    encoding = models.CharField(max_length=20, blank=True, default="")
    size_bytes = models.BigIntegerField()
    received_bytes = models.BigIntegerField(default=0)
    state = models.CharField(max_length=10, default="receiving")
    step = models.CharField(max_length=10, blank=True, default="")
    through_bytes = models.BigIntegerField(default=0)
    skip_bad = models.BooleanField(default=False)
    result: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(
        null=True
    )
    begun_at = models.DateTimeField()
    moved_at = models.DateTimeField()

    class Meta:
        db_table = "upload"
        indexes = [models.Index(fields=["client_body", "-begun_at"], name="upload_newest")]


from sekisho.client_desk.records.api_models import ApiAnswer, ApiKey  # noqa: E402, F401
from sekisho.client_desk.records.portal_models import FactorReset, RefundRequest  # noqa: E402, F401
from sekisho.client_desk.records.webhook_models import (  # noqa: E402, F401
    Delivery,
    Endpoint,
    Event,
    EventCursor,
    Try,
)
