"""Reads notices: one TOML file each, in Japanese and English."""

from __future__ import annotations

import re
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from sekisho.security.notices.errors import NoticeWrong

MAX_NOTICE_BYTES = 200_000
MAX_NOTICES = 1_000

NoticeKind = Literal["information", "maintenance", "incident"]

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")


class Correction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was said wrongly at first: old, new, and why."""

    at: datetime
    old_ja: str
    old_en: str
    new_ja: str
    new_en: str
    reason_ja: str
    reason_en: str


class Notice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A public notice. ``text_*`` are paragraphs with an empty line between them."""

    kind: NoticeKind
    published_at: datetime
    title_ja: str
    title_en: str
    text_ja: str
    text_en: str
    corrections: list[Correction] = []


def read_notices(folder: Path) -> dict[str, Notice]:
    """Return every notice by its name (the file's), the newest first. Raises ``NoticeWrong``."""
    files = sorted(folder.glob("*.toml")) if folder.is_dir() else []
    if len(files) > MAX_NOTICES:
        raise NoticeWrong(f"{folder} has more than {MAX_NOTICES} notices; archive old ones")
    notices = {file.stem: _read(file) for file in files}
    newest_first = sorted(notices, key=lambda name: notices[name].published_at, reverse=True)
    return {name: notices[name] for name in newest_first}


def _read(file: Path) -> Notice:
    if not _NAME.fullmatch(file.stem):
        raise NoticeWrong(f"{file.name}: name it with a-z, 0-9 and hyphens, 80 at most")
    if file.stem == "en":
        raise NoticeWrong(f"{file.name}: this name is the English index; choose another")
    if file.stat().st_size > MAX_NOTICE_BYTES:
        raise NoticeWrong(f"{file.name}: larger than {MAX_NOTICE_BYTES} bytes")
    try:
        notice = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Notice)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise NoticeWrong(f"{file.name}: {error}") from None
    _check(file, notice)
    return notice


def _check(file: Path, notice: Notice) -> None:
    moments = [notice.published_at, *(correction.at for correction in notice.corrections)]
    if any(moment.tzinfo is None for moment in moments):
        raise NoticeWrong(f"{file.name}: a time needs its zone, such as +09:00")
    for name in ("title_ja", "title_en", "text_ja", "text_en"):
        if not getattr(notice, name).strip():
            raise NoticeWrong(f"{file.name}: {name} is empty; a notice is in both languages")
