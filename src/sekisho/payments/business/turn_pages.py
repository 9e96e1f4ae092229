"""Lists come in pages: where one stopped is said in its cursor, which is no secret and grants
nothing; row-level security decides what is behind it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import MAX_PAGE_ROWS

MAX_CURSOR_CHARACTERS = 200
_MAX_ID_CHARACTERS = 100

Line = TypeVar("Line")


def check_limit(limit: int, most: int = MAX_PAGE_ROWS) -> int:
    """Return ``limit``. Raises ``Refusal`` ``limit_wrong`` unless it is from 1 to ``most``."""
    if not 1 <= limit <= most:
        raise Refusal("limit_wrong", f"from 1 to {most}", "limit")
    return limit


def write_cursor(*place: str | datetime) -> str:
    """Return the cursor of the last row of a page."""
    text = "|".join(part.isoformat() if isinstance(part, datetime) else part for part in place)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str, parts: int) -> list[str]:
    try:
        if len(cursor) > MAX_CURSOR_CHARACTERS:
            raise ValueError("too long")
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
        found = text.decode("ascii").split("|")
        if len(found) != parts or not found[-1].isprintable():
            raise ValueError("not a cursor")
        if len(found[-1]) > _MAX_ID_CHARACTERS:
            raise ValueError("too long")
    except (ValueError, binascii.Error):
        raise _wrong() from None
    return found


def _wrong() -> Refusal:
    return Refusal("cursor_wrong", "is not the next_cursor of an earlier page", "cursor")


def read_id(cursor: str | None) -> str | None:
    """Return the id at which the page before ended. Raises ``Refusal`` ``cursor_wrong``."""
    return None if cursor is None else _read(cursor, 1)[0]


def read_moment_and_id(cursor: str | None) -> tuple[datetime, str] | None:
    """Return the moment and id at which the page before ended. Raises ``Refusal``
    ``cursor_wrong``."""
    if cursor is None:
        return None
    moment, identifier = _read(cursor, 2)
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        raise _wrong() from None
    if at.tzinfo is None:
        raise _wrong()
    return at, identifier


def one_page(found: Sequence[Line], limit: int) -> tuple[list[Line], Line | None]:
    """Return the page's rows of ``found`` (one more than ``limit`` was asked for) and the row that
    the next page begins after, if there is a next page."""
    page = list(found[:limit])
    return page, page[-1] if len(found) > limit else None
