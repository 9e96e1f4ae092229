"""The notice on the entry page, from a file in the process's own folder.

Operators write it (and later the security zone does); payers read it. A file that can't be read is
reported in the log and shows nothing: a notice must never take the site down."""

from __future__ import annotations

import logging
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from sekisho.payer_site.site_settings import Told
from sekisho.vocabulary.clock import TOKYO

log = logging.getLogger("sekisho.payer_site")

MAX_NOTICE_FILE_BYTES = 16_384
MAX_NOTICES = 5


class Notice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True,
             rename={"since": "from"}):  # fmt: skip
    """One ``[[notice]]``: plain text in both languages, shown from ``from`` until ``until``."""

    level: Literal["info", "warn", "danger"]
    ja: str
    en: str
    title_ja: str = ""
    title_en: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def told(self, language: str) -> str:
        """Return its text."""
        return self.en if language == "en" else self.ja

    @property
    def title(self) -> Told | None:
        return Told(self.title_ja, self.title_en) if self.title_ja and self.title_en else None

    def shows(self, moment: datetime) -> bool:
        """Return whether it is to be seen at ``moment`` (aware); times without zone are Tokyo's."""
        since, until = (_aware(self.since), _aware(self.until))
        return (since is None or since <= moment) and (until is None or moment < until)


class NoticeFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    notice: list[Notice] = []


def _aware(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=TOKYO) if at is not None and at.tzinfo is None else at


_seen: dict[Path, tuple[tuple[int, int], list[Notice]]] = {}


def read_notices(file: Path, moment: datetime) -> list[Notice]:
    """Return the notices to show at ``moment``; none without a file or with a bad one."""
    try:
        state = file.stat()
    except OSError:
        return []
    mark = (state.st_mtime_ns, state.st_size)
    if _seen.get(file, (None, None))[0] != mark:
        _seen[file] = (mark, _read(file, state.st_size))
    return [notice for notice in _seen[file][1] if notice.shows(moment)][:MAX_NOTICES]


def _read(file: Path, size: int) -> list[Notice]:
    if size > MAX_NOTICE_FILE_BYTES:
        log.error(
            "%s is larger than %d bytes; no notice is shown", file.name, MAX_NOTICE_FILE_BYTES
        )
        return []
    try:
        text = file.read_text(encoding="utf-8")
        return msgspec.convert(tomllib.loads(text), NoticeFile).notice
    except (OSError, ValueError, msgspec.ValidationError) as error:
        log.error("%s can't be read (%s); no notice is shown", file.name, error)
        return []
