"""Bills and policies come in from files of client bodies (desk, terminal)."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

import msgspec

from sekisho.crossings.message import Answer, Crossing, Taken

MAX_ROWS_PER_MESSAGE = 1_000


class BillRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bill as its client body gave it; ``line`` is its place in the file."""

    line: int
    payee_number: str
    payment_number: str
    confirmation_number: str
    category_number: str
    item_ja: str
    item_en: str
    fiscal_year: int
    term: str
    amount_yen: int
    first_payable_at: datetime
    due_date: date
    payable_until: datetime
    withdrawn: bool = False


class PolicyRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    line: int
    policy_number: str
    product_ja: str
    product_en: str
    yearly_premium_yen: int
    joined_month: int
    ended: bool
    box: bytes
    """``{"date_of_birth": "YYYY-MM-DD"}`` sealed to the vault."""


class OpenImport(Crossing["ImportOpened"], frozen=True, kw_only=True):
    """Begin to take a file in. The same ``file_digest`` again for the same body and kind is
    answered with the earlier result (``done``)."""

    receiver: ClassVar[str] = "payments"
    kind: Literal["bills", "policies"]
    client_body: str
    file_digest: str
    """SHA-256 of the file's bytes and of the options, hex."""
    file_name: str


class ImportOpened(Answer, frozen=True, kw_only=True):
    import_id: str
    done: ImportResult | None


class ImportBills(Crossing[Taken], frozen=True, kw_only=True):
    """Lay rows aside; nothing counts before ``CommitImport``."""

    receiver: ClassVar[str] = "payments"
    import_id: str
    rows: list[BillRow]


class ImportPolicies(Crossing[Taken], frozen=True, kw_only=True):
    """Lay rows aside as ``ImportBills`` does."""

    receiver: ClassVar[str] = "payments"
    import_id: str
    rows: list[PolicyRow]


class RowRefused(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    line: int
    field: str
    code: str
    detail: str


class ImportResult(Answer, frozen=True, kw_only=True):
    """``refused`` holds at most ``MAX_ROWS_REFUSED_SHOWN``; ``refused_count`` all."""

    added: int
    changed: int
    withdrawn: int
    unchanged: int
    refused_count: int
    refused: list[RowRefused]
    taken: bool
    """False: a dry run, or rows were refused and bad rows were not to be skipped."""


MAX_ROWS_REFUSED_SHOWN = 1_000


class CommitImport(Crossing[ImportResult], frozen=True, kw_only=True):
    """Take all rows laid aside in one transaction, or say what would happen (``dry_run``)."""

    receiver: ClassVar[str] = "payments"
    import_id: str
    skip_bad: bool
    dry_run: bool


def rows_in(result: ImportResult) -> int:
    """Return how many rows an import looked at."""
    return (
        result.added + result.changed + result.withdrawn + result.unchanged + result.refused_count
    )


OpenImport.reply = ImportOpened
ImportBills.reply = Taken
ImportPolicies.reply = Taken
CommitImport.reply = ImportResult
