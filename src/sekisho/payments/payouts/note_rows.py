"""Lines of the clearing that fit nothing, on the work list."""

from __future__ import annotations

from datetime import date, datetime

from sekisho.crossings.payments import ClearingRow
from sekisho.payments.payouts.differences import note_difference
from sekisho.payments.records.session import EVERY_BODY, acting_for

SIGNS = {"capture": 1, "refund": -1, "chargeback": -1, "representment": 1}


def row_key(day: date, row: ClearingRow) -> str:
    """Return how a line is known on the list: another file of the same day may have another line
    in its place."""
    return (
        f"row:{day.isoformat()}:{row.line}:{row.kind}:{row.amount_yen}"
        f":{row.reference}:{row.network_reference}"
    )


def rows_noted(day: date) -> set[str]:
    """Return the keys of the day's lines that are on the list and not closed."""
    with acting_for(EVERY_BODY) as rows:
        found = rows.all(
            "SELECT key FROM difference WHERE state <> 'closed' AND starts_with(key, %s)",
            [f"row:{day.isoformat()}:"],
        )
    return {key for (key,) in found}


def note_row(day: date, row: ClearingRow, why: str, *, known: bool, now: datetime) -> None:
    """Put a line that did not fit on the list. ``known``: it is about a payment, refund or case of
    ours, but otherwise than we have it."""
    with acting_for(EVERY_BODY) as rows:
        whose = rows.one("SELECT client_body FROM payment WHERE reference = %s", [row.reference])
        note_difference(
            rows,
            key=row_key(day, row),
            kind="row_differs" if known else "not_with_us",
            client_body=whose[0] if whose else "",
            day=day,
            subject=row.reference,
            said=f"line {row.line}: {row.kind} of {row.amount_yen} yen: {why}",
            amount_yen=row.amount_yen,
            now=now,
        )


def noted_sum(day: date) -> tuple[int, int]:
    """Return how many lines of the day were noted and not settled since, and their signed sum in
    yen."""
    with acting_for(EVERY_BODY) as rows:
        found = rows.all(
            "SELECT key FROM difference WHERE starts_with(key, %s)"
            " AND (state <> 'closed' OR closed_by NOT LIKE 'payments:%%')",
            [f"row:{day.isoformat()}:"],
        )
    parts = [key.split(":", 5) for (key,) in found]
    return len(parts), sum(SIGNS[kind] * int(yen) for _, _, _, kind, yen, _ in parts)
