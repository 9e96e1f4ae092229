"""Writes files that the reader takes back word for word: for samples and for tests."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import TextIO

from sekisho.bill_files.columns import COLUMNS
from sekisho.crossings.payments import BillRow
from sekisho.vocabulary.clock import TOKYO


def write_bills(out: TextIO, rows: Iterable[BillRow]) -> int:
    """Write bills under the columns' English names. Returns how many."""
    names = [column.name for column in COLUMNS["bills"]]
    return _write(out, names, (_bill_fields(row) for row in rows))


def _bill_fields(row: BillRow) -> list[str]:
    return [
        row.payee_number,
        row.payment_number,
        row.confirmation_number,
        row.category_number,
        row.item_ja,
        row.item_en,
        str(row.fiscal_year),
        row.term,
        str(row.amount_yen),
        row.first_payable_at.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M:%S"),
        row.due_date.isoformat(),
        row.payable_until.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M:%S"),
        "1" if row.withdrawn else "0",
    ]


PolicyFields = tuple[str, str, str, int, int, bool, str]
"""Number, product (Japanese, English), yearly premium in yen, month of joining, ended, date of
birth (ISO 8601): a clear date, so only a client body itself or a sample has these."""


def write_policies(out: TextIO, rows: Iterable[PolicyFields]) -> int:
    """Write policies under the columns' English names. Returns how many."""
    names = [column.name for column in COLUMNS["policies"]]
    return _write(
        out,
        names,
        (
            [number, ja, en, str(premium), str(month), "1" if ended else "0", birth]
            for number, ja, en, premium, month, ended, birth in rows
        ),
    )


def _write(out: TextIO, names: list[str], rows: Iterable[list[str]]) -> int:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    count = 0
    for row in rows:
        writer.writerow(row)
        count += 1
    return count
