"""Cursors: where a list goes on, as one opaque word that fits an address.

What payments says is wrapped and not signed: a cursor only says a place in a list whose rows the
database shows to their own client body alone (row-level security)."""

from __future__ import annotations

import base64
import binascii

from sekisho.client_desk.api.problems import Problem

MAX_NUMBER_DIGITS = 18


def show_cursor(place: str | None) -> str | None:
    """Return a place in a list as a cursor; ``None`` at the list's end."""
    if not place:
        return None
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def read_cursor(cursor: str | None) -> str | None:
    """Return the place that a cursor says. Raises ``Problem``: ``cursor_wrong``."""
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place = raw.decode("ascii")
    except (binascii.Error, ValueError):
        raise Problem("cursor_wrong", field="cursor") from None
    if show_cursor(place) != cursor or not place.isprintable():
        raise Problem("cursor_wrong", field="cursor")
    return place


def read_number(cursor: str | None) -> int:
    """Return the number that a cursor of a numbered list says, 0 for its first page.

    Raises ``Problem``: ``cursor_wrong``."""
    place = read_cursor(cursor)
    if place is None:
        return 0
    if not place.isdecimal() or len(place) > MAX_NUMBER_DIGITS:
        raise Problem("cursor_wrong", field="cursor")
    return int(place)
