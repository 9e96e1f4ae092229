"""New data keys for old: a new version becomes current at once, subject keys follow in batches
while everything runs. Items are never touched. Resumable: what is left is what still lies under an
earlier version (PCI DSS 3.7.4, 3.7.5). Fingerprint keys are not rotated here: counts would start
anew (docs/decisions/vault-keys.md)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from sekisho import evidence
from sekisho.vault.keyring import KEPT, ONE_OFF
from sekisho.vault.limits import EPOCH_KEPT_DAYS, REWRAP_BATCH_SUBJECTS
from sekisho.vault.opened import Vault
from sekisho.vault.records.models import Subject
from sekisho.vault.records.visibility import client_bodies, visible_to
from sekisho.vocabulary.clock import business_date


class Progress(NamedTuple):
    """How far a rotation is: living subjects under the current key, and under earlier ones."""

    done: int
    left: int


def begin_rotation(vault: Vault, client_body: str, now: datetime) -> int:
    """Make a new data key for the kept items of ``client_body``; return its version."""
    with visible_to(client_body):
        version = vault.keyring.add_version(client_body, KEPT, now)
        evidence.append(
            kind="vault.rotation_begun", subject=client_body, facts={"use": KEPT, "to": version}
        )
    return version


def rewrap_batch(vault: Vault, client_body: str, use: str, now: datetime) -> Progress:
    """Wrap up to ``REWRAP_BATCH_SUBJECTS`` subject keys anew under the current data key; return
    the progress afterwards. For one-off cards: only those older than ``EPOCH_KEPT_DAYS``."""
    with visible_to(client_body):
        current = vault.keyring.current_version(client_body, use, now)
        rows = list(
            _left(client_body, use, current, now)
            .select_for_update(skip_locked=True)
            .order_by("data_key_version")[:REWRAP_BATCH_SUBJECTS]
        )
        for row in rows:
            vault.keyring.rewrap_subject(row, current)
        Subject.objects.bulk_update(rows, ["data_key_version", "wrapped_key"])
        if rows:
            evidence.append(
                kind="vault.keys_rewrapped",
                subject=client_body,
                facts={"use": use, "to": current, "subjects": len(rows)},
            )
    return progress(vault, client_body, use, now)


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
