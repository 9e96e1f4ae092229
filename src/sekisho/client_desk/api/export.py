"""Payments as CSV, page by page, however many there are: never held as a whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import msgspec
from django.http import StreamingHttpResponse

from sekisho import transport
from sekisho.client_desk.api import limits
from sekisho.client_desk.api.problems import Problem
from sekisho.crossings.payments import FindPayments, PaymentsFound
from sekisho.edge.limit_rates import Slots

COLUMNS = (
    "payment_id", "reference", "kind", "status", "reason", "payment_number", "policy_number",
    "item_ja", "item_en", "amount_yen", "fee_yen", "fee_tax_yen", "total_yen", "refunded_yen",
    "brand", "last_four", "started_at", "finished_at", "settled", "bill_id", "site", "test",
)  # fmt: skip

END = "end"
"""First field of the last line of a whole export; its second is how many lines there are."""
MORE = "more"
"""In place of ``END`` where there are more than ``MAX_EXPORT_ROWS``."""

BOM = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_slots = Slots(limits.EXPORTS_AT_ONCE)


def export_lines(asked: FindPayments) -> StreamingHttpResponse:
    """Return the answer that streams what ``asked`` finds. The first page is asked for before the
    answer begins, so that a refusal is told as one.

    Raises ``Problem``: ``too_many_exports``; ``Refusal`` as ``FindPayments``."""
    if not _slots.take():
        raise Problem("too_many_exports", retry_seconds=limits.AWAY_RETRY_SECONDS)
    pages = _Pages(asked)
    try:
        pages.begin()
    except BaseException:
        _slots.give_back()
        raise
    response = StreamingHttpResponse(pages, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="payments.csv"'
    return response


class _Pages:
    """The lines on their way out. The slot is given back when the server closes the answer, also
    when the reader has gone."""

    def __init__(self, asked: FindPayments) -> None:
        self._asked = msgspec.structs.replace(asked, limit=limits.EXPORT_PAGE_ROWS)
        self._found: PaymentsFound | None = None
        self._rows = 0
        self._open = True

    def begin(self) -> None:
        """Ask for the first page."""
        self._found = transport.cross(self._asked, seconds=limits.EXPORT_PAGE_SECONDS)

    def __iter__(self) -> Iterator[bytes]:
        yield (BOM + _line(COLUMNS)).encode()
        while self._found is not None:
            self._rows += len(self._found.payments)
            yield "".join(_line(_cells(row)) for row in self._found.payments).encode()
            self._found = self._next(self._found.next_cursor)
        yield _line((self._last, str(self._rows))).encode()

    _last = END

    def _next(self, cursor: str | None) -> PaymentsFound | None:
        if cursor is None:
            return None
        if self._rows + limits.EXPORT_PAGE_ROWS > limits.MAX_EXPORT_ROWS:
            self._last = MORE
            return None
        message = msgspec.structs.replace(self._asked, cursor=cursor)
        return transport.cross(message, seconds=limits.EXPORT_PAGE_SECONDS)

    def close(self) -> None:
        """Give the slot back, once."""
        if self._open:
            self._open = False
            _slots.give_back()


def _cells(row: Any) -> list[str]:
    return [_cell(getattr(row, name)) for name in COLUMNS]


def _cell(value: Any) -> str:
    """A text that a spreadsheet would take for a formula gets an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return "'" + text if isinstance(value, str) and text.startswith(_FORMULA) else text


def _line(cells: Any) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()
