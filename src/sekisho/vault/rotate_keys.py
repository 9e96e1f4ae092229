"""New data keys for old: a new version becomes current at once, subject keys follow in batches
while everything runs. Items are never touched. Resumable: what is left is what still lies under an
earlier version (PCI DSS 3.7.4, 3.7.5). Fingerprint keys are not rotated here: counts would start
anew (docs/decisions/vault-keys.md)."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.vault import BeginRotation, BodyRotation, RotationShown
from sekisho.vault.identifiers import identifier
from sekisho.vault.keyring import KEPT, ONE_OFF
from sekisho.vault.limits import (
    EPOCH_KEPT_DAYS,
    REWRAP_BATCH_SUBJECTS,
    REWRAP_PAUSE_SECONDS,
    ROTATION_LOOK_SECONDS,
    STOP_LOOK_SECONDS,
)
from sekisho.vault.opened import Vault
from sekisho.vault.records.models import DataKey, Subject
from sekisho.vault.records.visibility import client_bodies, visible_to
from sekisho.vocabulary import clock
from sekisho.vocabulary.clock import business_date


class Progress(NamedTuple):
    """How far a rotation is: living subjects under the current key, and under earlier ones."""

    done: int
    left: int


def begin_rotation(vault: Vault, client_body: str, now: datetime, by: str = "vault") -> int:
    """Make a new data key for the kept items of ``client_body``; return its version."""
    with visible_to(client_body):
        version = vault.keyring.add_version(client_body, KEPT, now)
        evidence.append(
            kind="vault.rotation_begun",
            subject=client_body,
            facts={"use": KEPT, "to": version, "by": by},
        )
    return version


def order_rotation(vault: Vault, message: BeginRotation, now: datetime) -> RotationShown:
    """Begin a rotation and wake the work that does it; while one is under way begin nothing. Raises
    ``Refusal`` ``client_body_unknown``, ``message_invalid``."""
    body, by = identifier(message.client_body, "client_body"), identifier(message.by, "by")
    with visible_to(body):
        # Two that order at once: the second one finds the first one's rotation.
        list(DataKey.objects.select_for_update().filter(use=KEPT).order_by("version"))
        if _standing_key(body) is None:
            raise Refusal("client_body_unknown", "keeps no item here", "client_body")
        if not progress(vault, body, KEPT, now).left:
            begin_rotation(vault, body, now, by)
    vault.rotation_wanted.set()
    return show_rotation(vault, now)


def show_rotation(vault: Vault, now: datetime) -> RotationShown:
    """Return how far every client body's keys are."""
    shown = []
    for body in client_bodies():
        with visible_to(body):
            key = _standing_key(body)
            if key is None:
                continue
            done, left = progress(vault, body, KEPT, now)
        shown.append(
            BodyRotation(
                client_body=body, version=key.version, begun_at=key.made_at, done=done, left=left
            )
        )
    return RotationShown(bodies=shown)


def _standing_key(client_body: str) -> DataKey | None:
    """The current key of what is kept; none for a body that has single payments alone."""
    keys = DataKey.objects.filter(client_body=client_body, use=KEPT, retired_at=None)
    return keys.order_by("-version").first()


def rotate_on(vault: Vault, stop: threading.Event) -> None:
    """Do what is left of every rotation, wait for the next order, and again, until ``stop``. What a
    kill cuts off is left, and done by the next life."""
    while not stop.is_set():
        vault.rotation_wanted.clear()
        for body in client_bodies():
            with visible_to(body):
                rotates = _standing_key(body) is not None
            while rotates and not stop.is_set():
                if not rewrap_batch(vault, body, KEPT, clock.now()):
                    break
                stop.wait(REWRAP_PAUSE_SECONDS)
        _wait(vault.rotation_wanted, stop)


def _wait(wanted: threading.Event, stop: threading.Event) -> None:
    slices = int(ROTATION_LOOK_SECONDS / STOP_LOOK_SECONDS)
    for _ in range(slices):
        if stop.is_set() or wanted.wait(STOP_LOOK_SECONDS):
            return


def rewrap_batch(vault: Vault, client_body: str, use: str, now: datetime) -> int:
    """Wrap up to ``REWRAP_BATCH_SUBJECTS`` subject keys anew under the current data key; return how
    many. For one-off cards: only those older than ``EPOCH_KEPT_DAYS``."""
    with visible_to(client_body):
        current = vault.keyring.current_version(client_body, use, now)
        rows = list(
            _left(client_body, use, current, now)
            .select_for_update(skip_locked=True)
            .order_by("data_key_version")[:REWRAP_BATCH_SUBJECTS]
        )
        if rows:
            for row in rows:
                vault.keyring.rewrap_subject(row, current)
            _save(rows, current)
            facts = {"use": use, "to": current, "subjects": len(rows)}
            evidence.append(kind="vault.keys_rewrapped", subject=client_body, facts=facts)
            if use == KEPT and not _left(client_body, use, current, now).exists():
                facts = {"use": use, "to": current}
                evidence.append(kind="vault.rotation_finished", subject=client_body, facts=facts)
    return len(rows)


def _save(rows: list[Subject], version: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE subject SET data_key_version = %s, wrapped_key = fresh.wrapped"
            " FROM unnest(%s::text[], %s::bytea[]) AS fresh (token, wrapped)"
            " WHERE subject.token = fresh.token",
            [version, [row.token for row in rows], [row.wrapped_key for row in rows]],
        )


def progress(vault: Vault, client_body: str, use: str, now: datetime) -> Progress:
    """Return how many living subjects lie under the current data key, and how many do not yet."""
    with visible_to(client_body):
        current = vault.keyring.current_version(client_body, use, now)
        living = Subject.objects.filter(client_body=client_body, use=use, forgotten_at=None)
        left = _left(client_body, use, current, now).count()
        return Progress(living.count() - left, left)


def destroy_old_epochs(vault: Vault, now: datetime) -> list[str]:
    """Destroy the wrapping keys of days before ``EPOCH_KEPT_DAYS`` under which no living card lies
    any more; return the days. A copy of the database from then opens no more."""
    first_kept = _first_kept_epoch(now)
    days = {
        key_id.removeprefix("wrap-oneoff-")
        for key_id in vault.keystore.key_ids()
        if key_id.startswith("wrap-oneoff-")
    }
    old = {day for day in days if int(day) < first_kept}
    for body in client_bodies() if old else ():
        with visible_to(body):
            needed = Subject.objects.filter(
                use=ONE_OFF, wrapped_key__isnull=False, data_key_version__in=[int(d) for d in old]
            )
            old -= {str(version) for version in needed.values_list("data_key_version", flat=True)}
    for day in sorted(old):
        with transaction.atomic():
            evidence.append(kind="vault.epoch_key_destroyed", subject=day, facts={})
        vault.keyring.drop_epoch(day)
    return sorted(old)


def _first_kept_epoch(now: datetime) -> int:
    return int(f"{business_date(now - timedelta(days=EPOCH_KEPT_DAYS)):%Y%m%d}")


def _left(client_body: str, use: str, current: int, now: datetime) -> QuerySet[Subject]:
    before = _first_kept_epoch(now) if use == ONE_OFF else current
    return Subject.objects.filter(
        client_body=client_body,
        use=use,
        data_key_version__lt=before,
        wrapped_key__isnull=False,
    )
