"""Printed files go after some days; postcards that nobody prints are looked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sekisho import evidence
from sekisho.vault.opened import Vault
from sekisho.vault.postcards.limits import FILE_KEPT_DAYS, STALE_SECONDS
from sekisho.vault.postcards.order_postcard import post_printing
from sekisho.vault.records.postcard_models import PostcardOutgoing
from sekisho.vault.records.visibility import visible_to


def keep_post(vault: Vault, client_body: str, now: datetime) -> None:
    """Delete printed files older than ``FILE_KEPT_DAYS``, and have printed what was ordered long
    ago."""
    if vault.post_folder is None:
        return
    for file in _old_files(vault.post_folder / client_body, now):
        with visible_to(client_body):
            evidence.append(
                kind="vault.post_deleted",
                subject=client_body,
                facts={"client_body": client_body, "file": f"{client_body}/{file.name}"},
            )
        file.unlink(missing_ok=True)
    long_ago = now - timedelta(seconds=STALE_SECONDS)
    with visible_to(client_body):
        waiting = PostcardOutgoing.objects.filter(
            client_body=client_body, state__in=["waiting", "printing"], ordered_at__lt=long_ago
        )
        if waiting.exists():
            post_printing(client_body, now)


def _old_files(folder: Path, now: datetime) -> list[Path]:
    oldest = (now - timedelta(days=FILE_KEPT_DAYS)).timestamp()
    found = [*folder.glob("*.pdf"), *folder.glob(".*.new")] if folder.is_dir() else []
    return sorted(file for file in found if file.stat().st_mtime < oldest)
