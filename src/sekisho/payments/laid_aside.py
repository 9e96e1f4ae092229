"""A file whose rows are laid aside, and whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import MAX_ROWS_PER_MESSAGE
from sekisho.payments.limits import MAX_ROWS_PER_IMPORT
from sekisho.payments.records.session import EVERY_BODY, Rows, act_for, acting_for


class File(NamedTuple):
    """A file that was opened and not committed yet."""

    id: str
    client_body: str
    kind: str
    file_digest: str


@contextmanager
def open_file(import_id: str, kind: str, lines: list[int]) -> Iterator[tuple[Rows, File]]:
    """Open a transaction for the file's client body to lay ``lines`` aside.

    Raises ``Refusal`` ``import_unknown``, ``import_over`` (committed already), ``too_many_rows``,
    ``line_wrong``."""
    if len(lines) > MAX_ROWS_PER_MESSAGE:
        raise Refusal("too_many_rows", f"at most {MAX_ROWS_PER_MESSAGE} in a message", "rows")
    if lines and not (min(lines) >= 1 and max(lines) <= MAX_ROWS_PER_IMPORT + 1):
        raise Refusal("line_wrong", f"a file has at most {MAX_ROWS_PER_IMPORT} rows", "line")
    with acting_for(EVERY_BODY) as rows:
        row = rows.one(
            "SELECT id, client_body, kind, file_digest, committed_at IS NOT NULL FROM import_file"
            " WHERE id = %s AND kind = %s FOR KEY SHARE",
            [import_id, kind],
        )
        if row is None:
            raise Refusal("import_unknown", "open the file first", "import_id")
        if row[4]:
            raise Refusal("import_over", "the file was committed", "import_id")
        file = File(*row[:4])
        act_for(rows, file.client_body)
        yield rows, file
