"""Prints what waits: a file of postcards in the vault's own folder, which a person takes to the
post. Evidence of each release is committed first; then the items are opened, drawn and let go.

A batch has its number before it is drawn: whoever is cut off draws the same file again."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from django.db import connection
from django.db.models import Max

from sekisho import evidence
from sekisho.printing import (
    Addressee,
    CannotDraw,
    DoesNotFit,
    Postcard,
    check_postcard,
    postcard,
    postcards,
)
from sekisho.printing.font import font_folder
from sekisho.transport import outbox
from sekisho.vault.errors import VaultError
from sekisho.vault.opened import Vault
from sekisho.vault.postcards.limits import (
    LEAST_FREE_BYTES,
    POSTCARDS_PER_FILE,
    PRINT_TRIES,
    STALE_SECONDS,
)
from sekisho.vault.postcards.order_postcard import ADDRESS_KINDS, PrintPostcards, file_name
from sekisho.vault.postcards.write_postcard import write_postcard
from sekisho.vault.records.models import Item
from sekisho.vault.records.postcard_models import PostcardOutgoing
from sekisho.vault.records.visibility import visible_to
from sekisho.vault.sealed_items import open_item
from sekisho.vocabulary.clock import business_date
from sekisho.vocabulary.twins import is_twin, live_of

PAGES_PER_POSTCARD = 2


class _Drawn(NamedTuple):
    """One postcard ready to be drawn."""

    row: PostcardOutgoing
    card: Postcard


def print_waiting(vault: Vault, job: PrintPostcards, now: datetime) -> None:
    """Print one file of ``job.client_body``'s postcards, and have the next one printed if more
    wait. Raises ``OSError`` when the folder takes nothing, ``FontMissing``: the batch is begun
    again after ``STALE_SECONDS``."""
    if vault.post_folder is None:
        return
    _look_for_room(vault.post_folder)
    rows = _begin(job.client_body, now)
    if not rows:
        return
    try:
        drawn = _put_together(vault, rows)
        pdf, fit = _draw(drawn, rows[0].ordered_at)
        if pdf:
            _write(vault.post_folder / file_name(rows[0]), pdf)
        _end(job.client_body, rows, fit, now)
    except Exception:
        _give_back(job.client_body, rows)
        raise
    if len(rows) == POSTCARDS_PER_FILE:
        with visible_to(job.client_body):
            outbox.post(job)


def _look_for_room(folder: Path) -> None:
    """Raise ``OSError`` or ``FontMissing`` before anything is released in vain."""
    font_folder()
    folder.mkdir(mode=0o700, exist_ok=True)
    if shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
        raise OSError(errno.ENOSPC, "the disk is too full for postcards")


def _begin(client_body: str, now: datetime) -> list[PostcardOutgoing]:
    """Take a batch and put the releases on evidence: one that was cut off, or the next that
    waits."""
    with visible_to(client_body):
        rows = _cut_off(client_body, now) or _next(client_body, now)
        if rows:
            # Whoever is killed while drawing is followed by this one.
            due = timedelta(seconds=STALE_SECONDS + 1)
            again = PrintPostcards(client_body=client_body)
            outbox.post(again, due_in=due, key=f"postcards:{client_body}:again:{rows[0].pk}")
        for row in rows:
            row.tries += 1
            row.begun_at = now
            row.save(update_fields=["state", "day", "batch", "tries", "begun_at"])
            evidence.append(
                kind="vault.address_released",
                subject=row.subject,
                facts={
                    "client_body": client_body,
                    "kinds": list(ADDRESS_KINDS),
                    "purpose": "postcard",
                    "receiver": "post",
                    "template": row.template,
                    "postcard": row.key,
                    "file": file_name(row),
                    "try": row.tries,
                },
            )
        return rows


def _cut_off(client_body: str, now: datetime) -> list[PostcardOutgoing]:
    printing = PostcardOutgoing.objects.filter(client_body=client_body, state="printing")
    stale = printing.filter(begun_at__lt=now - timedelta(seconds=STALE_SECONDS))
    first = stale.order_by("id").first()
    if first is None:
        return []
    rows = stale.filter(day=first.day, batch=first.batch).order_by("id")
    locked = list(rows.select_for_update(skip_locked=True))
    if first.tries >= PRINT_TRIES:
        for row in locked:
            _fail(row, f"not printed in {PRINT_TRIES} tries", now)
        return []
    return locked


def _next(client_body: str, now: datetime) -> list[PostcardOutgoing]:
    waiting = PostcardOutgoing.objects.filter(client_body=client_body, state="waiting")
    locked = waiting.order_by("id").select_for_update(skip_locked=True)
    rows = list(locked[:POSTCARDS_PER_FILE])
    day = business_date(now)
    if rows:
        # Two jobs number their files one after the other.
        with connection.cursor() as cursor:
            name = f"postcards:{client_body}:{day}"
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        of_day = PostcardOutgoing.objects.filter(client_body=client_body, day=day)
        number = (of_day.aggregate(last=Max("batch"))["last"] or 0) + 1
        for row in rows:
            row.state, row.day, row.batch = "printing", day, number
    return rows


def _put_together(vault: Vault, rows: list[PostcardOutgoing]) -> list[_Drawn]:
    drawn = []
    with visible_to(rows[0].client_body):
        for row in rows:
            try:
                to = _open_address(vault, row)
            except VaultError as broken:
                row.why = f"the address can't be opened: {broken}"
                continue
            words = vault.mail.sites.get(live_of(str(row.facts["site"])))
            if words is None:
                row.why = "its site is gone"
                continue
            trial = is_twin(row.client_body)
            card = write_postcard(row.template, row.facts, words, to, row.ordered_at, trial=trial)
            drawn.append(_Drawn(row, card))
    return drawn


def _open_address(vault: Vault, row: PostcardOutgoing) -> Addressee:
    items = Item.objects.select_related("subject").filter(
        subject_id=row.subject, kind__in=ADDRESS_KINDS
    )
    clear = {item.kind: open_item(item, vault.keyring.open_subject(item.subject)) for item in items}
    for kind in ADDRESS_KINDS:
        if kind not in clear:
            raise VaultError(f"the {kind} was forgotten")
    return Addressee(clear["postal_code"], clear["address"], clear["name"])


def _draw(drawn: list[_Drawn], made_at: datetime) -> tuple[bytes, list[PostcardOutgoing]]:
    """Return the PDF and the rows that are in it, in order; the others say why not."""
    fit = [one for one in drawn if _passes(one, check_postcard)]
    try:
        pdf = postcards([one.card for one in fit], made_at) if fit else b""
    except DoesNotFit:
        # Only drawing shows whether a message has room: each by itself.
        fit = [one for one in fit if _passes(one, lambda card: postcard(card, made_at))]
        pdf = postcards([one.card for one in fit], made_at) if fit else b""
    return pdf, [one.row for one in fit]


def _passes(one: _Drawn, try_it: Callable[[Postcard], object]) -> bool:
    try:
        try_it(one.card)
    except (CannotDraw, DoesNotFit) as refused:
        one.row.why = str(refused)
        return False
    return True


def _write(file: Path, pdf: bytes) -> None:
    """Write ``file`` whole or not at all."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(pdf)
        opened.flush()
        os.fsync(opened.fileno())
    fresh.rename(file)


def _end(
    client_body: str, rows: list[PostcardOutgoing], fit: list[PostcardOutgoing], now: datetime
) -> None:
    pages = {row.pk: 1 + at * PAGES_PER_POSTCARD for at, row in enumerate(fit)}
    with visible_to(client_body):
        for row in rows:
            if row.pk in pages:
                row.state, row.page, row.ended_at = "printed", pages[row.pk], now
                row.save(update_fields=["state", "page", "ended_at"])
            else:
                _fail(row, row.why, now)


def _give_back(client_body: str, rows: list[PostcardOutgoing]) -> None:
    """Let the next try take this batch up at once."""
    with visible_to(client_body):
        for row in rows:
            if row.begun_at is not None:
                row.begun_at -= timedelta(seconds=STALE_SECONDS + 1)
            row.save(update_fields=["begun_at"])


def _fail(row: PostcardOutgoing, why: str, now: datetime) -> None:
    row.state, row.why, row.ended_at = "failed", why, now
    row.save(update_fields=["state", "why", "ended_at"])
    evidence.append(kind="vault.postcard_failed", subject=row.subject, facts={"postcard": row.key})


def failed_postcards(client_body: str) -> int:
    """Return how many postcards of ``client_body`` could not be printed."""
    with visible_to(client_body):
        failed = PostcardOutgoing.objects.filter(client_body=client_body, state="failed")
        return failed.count()
