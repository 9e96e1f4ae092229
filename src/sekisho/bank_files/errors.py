"""What can't be written or read, with the record and field."""

from __future__ import annotations


class BankFileWrong(ValueError):
    """``record`` counts from 1 (the header); ``field`` is the format's own name of it."""

    def __init__(self, record: int, field: str, what: str) -> None:
        super().__init__(f"record {record}, {field}: {what}")
        self.record, self.field, self.what = record, field, what
