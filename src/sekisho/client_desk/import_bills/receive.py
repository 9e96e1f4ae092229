"""Takes a file in piece by piece, for one client body at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from sekisho.bill_files.read_lines import ENCODINGS
from sekisho.client_desk.client_bodies import client_bodies
from sekisho.client_desk.errors import UploadOver, UploadRefused, UploadUnknown
from sekisho.client_desk.import_bills.keep_pieces import MAX_UPLOAD_BYTES, PIECE_BYTES, Pieces
from sekisho.client_desk.records.models import Upload

UPLOADS_UNDER_WAY_LIMIT = 10
"""Files of one client body that may be on their way at once."""

UNDER_WAY_HOURS = 24
"""A file that nobody went on with for so long no longer counts as under way."""

UNDER_WAY = ("receiving", "checking", "checked", "taking")


_LATER = {
    "checking": ("checking", "checked", "taking", "taken", "refused"),
    "taking": ("taking", "taken", "refused"),
}
"""States from which an order for this one was given already."""


def begin_upload(
    *,
    person: Any,
    client_body: str,
    kind: str,
    file_name: str,
    encoding: str,
    size_bytes: int,
    now: datetime,
) -> Upload:
    """Note a file that is about to come for ``client_body``, the person's own or its test twin.
    Raises ``UploadRefused``."""
    if kind not in client_bodies()[person.client_body].kinds:
        raise UploadRefused("upload_kind_wrong")
    if encoding and encoding not in ENCODINGS:
        raise UploadRefused("upload_encoding_wrong")
    if size_bytes <= 0:
        raise UploadRefused("upload_empty")
    if size_bytes > MAX_UPLOAD_BYTES:
        raise UploadRefused("upload_too_large")
    since = now - timedelta(hours=UNDER_WAY_HOURS)
    under_way = Upload.objects.filter(state__in=UNDER_WAY, moved_at__gt=since).count()
    if under_way >= UPLOADS_UNDER_WAY_LIMIT:
        raise UploadRefused("upload_too_many")
    return Upload.objects.create(
        client_body=client_body,
        person_name=person.name,
        kind=kind,
        file_name=file_name,
        encoding=encoding,
        size_bytes=size_bytes,
        begun_at=now,
        moved_at=now,
    )


def find_upload(upload_id: str) -> Upload:
    """Return an upload of the client body that was entered. Raises ``UploadUnknown``."""
    found = Upload.objects.filter(upload_id=upload_id).first()
    if found is None:
        raise UploadUnknown(upload_id)
    return found


def keep_piece(
    pieces: Pieces, upload_id: str, number: int, content: bytes, now: datetime
) -> Upload:
    """Keep a piece of the file; the same piece again changes nothing.

    Raises ``UploadUnknown``, ``UploadOver`` (the file is complete or given up), ``UploadRefused``
    for a piece out of order or of the wrong size."""
    with transaction.atomic():
        upload = Upload.objects.select_for_update().filter(upload_id=upload_id).first()
        if upload is None:
            raise UploadUnknown(upload_id)
        if upload.state != "receiving":
            raise UploadOver(upload_id)
        before = number * PIECE_BYTES
        if before + len(content) <= upload.received_bytes:
            return upload
        whole = min(PIECE_BYTES, upload.size_bytes - before)
        if before != upload.received_bytes or len(content) != whole:
            raise UploadRefused("upload_piece_wrong")
        pieces.keep(upload_id, number, content)
        upload.received_bytes += len(content)
        upload.moved_at = now
        upload.save(update_fields=["received_bytes", "moved_at"])
    return upload


def order_next(
    upload_id: str, now: datetime, *, take: bool, skip_bad: bool = False
) -> tuple[Upload, bool]:
    """Order the check of a complete file, or (``take``) that a checked file counts.

    Returns the upload and whether the order is new; an order given before is not an error.
    Raises ``UploadUnknown``, ``UploadOver``."""
    needed, following = ("checked", "taking") if take else ("receiving", "checking")
    with transaction.atomic():
        upload = Upload.objects.select_for_update().filter(upload_id=upload_id).first()
        if upload is None:
            raise UploadUnknown(upload_id)
        later = (
            ("taking", "taken", "refused") if take else ("checking", "checked", "taking", "taken")
        )
        if upload.state in later:
            return upload, False
        if upload.state != needed or upload.received_bytes != upload.size_bytes:
            raise UploadOver(upload_id)
        upload.state, upload.step, upload.through_bytes = following, "check", 0
        upload.skip_bad, upload.moved_at = take and skip_bad, now
        upload.save(update_fields=["state", "step", "through_bytes", "skip_bad", "moved_at"])
    return upload, True


def give_up(pieces: Pieces, upload_id: str, now: datetime) -> Upload:
    """Give up a file that was not taken. Raises ``UploadUnknown``, ``UploadOver``."""
    with transaction.atomic():
        upload = Upload.objects.select_for_update().filter(upload_id=upload_id).first()
        if upload is None:
            raise UploadUnknown(upload_id)
        if upload.state not in ("receiving", "checked", "given_up"):
            raise UploadOver(upload_id)
        upload.state, upload.moved_at = "given_up", now
        upload.save(update_fields=["state", "moved_at"])
    pieces.drop(upload_id)
    return upload
