"""Records of people, invitations and visits; a zone makes them its own tables.

``client_body`` says whose staff somebody is; it is empty where there are no tenants (console)."""

from __future__ import annotations

from typing import Any

from django.db import models

from sekisho.sign_in.rules import MAX_NAME_CHARACTERS
from sekisho.vocabulary.identifiers import new_id


def _person_id() -> str:
    return new_id("person")


def _visit_id() -> str:
    return new_id("visit")


def _passkey_id() -> str:
    return new_id("passkey")


def _invitation_id() -> str:
    return new_id("invitation")


class Person(models.Model):
    """Somebody who may sign in. Until ``active_at`` is set only the invitation exists."""

    person_id = models.CharField(primary_key=True, max_length=40, default=_person_id)
    client_body = models.CharField(max_length=40, blank=True, default="")
    name = models.CharField(max_length=MAX_NAME_CHARACTERS)
    roles: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    password_hash = models.CharField(max_length=256, blank=True, default="")
    factor_sealed = models.BinaryField(max_length=128, null=True)
    factor_step = models.BigIntegerField(default=0)
    failed_tries = models.PositiveIntegerField(default=0)
    locked_until = models.DateTimeField(null=True)
    active_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        abstract = True


class Invitation(models.Model):
    """The right to become a person, once; only the hash of its token is kept."""

    invitation_id = models.CharField(primary_key=True, max_length=40, default=_invitation_id)
    client_body = models.CharField(max_length=40, blank=True, default="")
    person_id = models.CharField(max_length=40)
    token_hash = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class Visit(models.Model):
    """A signed-in browser; only the hash of its cookie is kept. ``factor_at`` is empty between
    the password and the second factor. ``challenge``: what a passkey is asked to sign next."""

    visit_id = models.CharField(primary_key=True, max_length=40, default=_visit_id)
    client_body = models.CharField(max_length=40, blank=True, default="")
    person_id = models.CharField(max_length=40)
    token_hash = models.BinaryField(max_length=32, unique=True)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    factor_at = models.DateTimeField(null=True)
    challenge = models.BinaryField(max_length=32, null=True)
    challenge_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class Passkey(models.Model):
    """A public key whose private half is in somebody's device. ``sign_count`` as the device said
    last; ``ended_at`` when it was given up."""

    passkey_id = models.CharField(primary_key=True, max_length=40, default=_passkey_id)
    client_body = models.CharField(max_length=40, blank=True, default="")
    person_id = models.CharField(max_length=40)
    credential_id = models.BinaryField(max_length=1023, unique=True)
    public_key = models.BinaryField(max_length=1024)
    sign_count = models.BigIntegerField(default=0)
    name = models.CharField(max_length=40)
    added_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


def one_name_per_body(**options: Any) -> models.UniqueConstraint:
    """Return the constraint that a zone's ``Person`` needs."""
    return models.UniqueConstraint(fields=["client_body", "name"], **options)
