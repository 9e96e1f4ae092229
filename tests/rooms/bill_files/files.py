"""Files for the reader's tests, and payments as the sender sees it."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sekisho.bill_files.check_file import Reading
from sekisho.crossings import payments
from sekisho.crossings.message import Taken

VAULT_KEY = X25519PrivateKey.from_private_bytes(bytes(range(32)))
HEADINGS = (
    "payee_number,payment_number,confirmation_number,category_number,item_ja,item_en,"
    "fiscal_year,term,amount,first_payable,due_date,payable_until,withdrawn"
)
GOOD = (
    "99001,12345678901234567890,123456,8310,固定資産税・都市計画税,Property tax,"
    '令和8年度,第1期,"12,500",2026-04-01 09:00,令和8年6月1日,2026/06/30,0'
)
POLICY_HEADINGS = "証券番号,商品名,年間保険料,加入月,生年月日"


def reading(kind: Any = "bills", **changes: Any) -> Reading:
    """Return how the tests read a file."""
    values: dict[str, Any] = {
        "kind": kind,
        "client_body": "mihon_to",
        "vault_key": VAULT_KEY.public_key().public_bytes_raw(),
        "today": date(2026, 5, 1),
    }
    return Reading(**(values | changes))


def file_of(*lines: str, encoding: str = "utf-8", end: str = "\n") -> io.BytesIO:
    """Return a file of ``lines``."""
    return io.BytesIO(b"".join((line + end).encode(encoding) for line in lines))


def with_fields(**changes: str) -> str:
    """Return the good bill's line with some fields changed."""
    values = {
        "payee_number": "99001",
        "payment_number": "12345678901234567890",
        "confirmation_number": "123456",
        "category_number": "8310",
        "item_ja": "固定資産税",
        "item_en": "Property tax",
        "fiscal_year": "2026",
        "term": "第1期",
        "amount": "12500",
        "first_payable": "2026-04-01",
        "due_date": "2026-06-01",
        "payable_until": "2026-06-30",
        "withdrawn": "0",
    }
    assert changes.keys() <= values.keys()
    return ",".join(
        '"' + text.replace('"', '""') + '"' if set(text) & set(',"') else text
        for text in (values | changes).values()
    )


def bill_row(**changes: Any) -> payments.BillRow:
    """Return a bill as the reader gives it."""
    values: dict[str, Any] = {
        "line": 2,
        "payee_number": "99001",
        "payment_number": "12345678901234567890",
        "confirmation_number": "123456",
        "category_number": "8310",
        "item_ja": "固定資産税",
        "item_en": "Property tax",
        "fiscal_year": 2026,
        "term": "第1期",
        "amount_yen": 12500,
        "first_payable_at": datetime(2026, 3, 31, 15, tzinfo=UTC),
        "due_date": date(2026, 6, 1),
        "payable_until": datetime(2026, 6, 30, 14, 59, 59, tzinfo=UTC),
    }
    return payments.BillRow(**(values | changes))


class RecordingPayments:
    """Stands where payments stands: keeps what it is sent, counts a row when it is committed."""

    def __init__(self) -> None:
        self.laid_aside: dict[str, list[Any]] = {}
        self.results: dict[str, payments.ImportResult] = {}
        self.digests: dict[str, str] = {}
        self.counted: list[Any] = []
        self.refuse: list[payments.RowRefused] = []

    def cross(self, message: Any, *, seconds: float = 10.0) -> Any:
        if isinstance(message, payments.OpenImport):
            import_id = f"imp_{len(self.digests)}"
            self.digests[import_id] = message.file_digest
            done = self.results.get(message.file_digest)
            return payments.ImportOpened(import_id=import_id, done=done)
        if isinstance(message, payments.ImportBills | payments.ImportPolicies):
            assert 0 < len(message.rows) <= payments.MAX_ROWS_PER_MESSAGE
            self.laid_aside.setdefault(message.import_id, []).extend(message.rows)
            return Taken()
        assert isinstance(message, payments.CommitImport)
        return self._commit(message)

    def _commit(self, message: payments.CommitImport) -> payments.ImportResult:
        rows = self.laid_aside.pop(message.import_id, [])
        taken = not message.dry_run and (message.skip_bad or not self.refuse)
        bad = {row.line for row in self.refuse}
        good = [row for row in rows if row.line not in bad]
        result = payments.ImportResult(
            added=len(good),
            changed=0,
            withdrawn=0,
            unchanged=0,
            refused_count=len(self.refuse),
            refused=self.refuse,
            taken=taken,
        )
        if taken:
            self.counted += good
            self.results[self.digests[message.import_id]] = result
        return result
