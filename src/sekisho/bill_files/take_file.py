"""Takes a file in: read once to check, read again to send, then one commit at payments.

Nothing counts before the commit, which payments makes in one transaction; a file that breaks
anywhere leaves nothing behind."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Literal

from sekisho.bill_files.check_file import (
    MAX_PROBLEMS_KEPT,
    FileChecked,
    Reading,
    check_file,
    read_row,
    rows_of_file,
)
from sekisho.bill_files.errors import FileRefused, Problem
from sekisho.bill_files.read_lines import CountingReader
from sekisho.bill_files.sentences import SAID_BY_PAYMENTS
from sekisho.crossings.message import Crossing
from sekisho.crossings.payments import (
    MAX_ROWS_PER_MESSAGE,
    BillRow,
    CommitImport,
    ImportBills,
    ImportPolicies,
    ImportResult,
    OpenImport,
    PolicyRow,
    RowRefused,
)

COMMIT_SECONDS = 300.0
"""How long the commit of a whole file may take."""
SEND_SECONDS = 30.0
"""How long payments may take to lay one message of rows aside."""

Cross = Callable[..., Any]
"""``cross(message, seconds=…)`` as in ``sekisho.transport``."""

Step = Literal["check", "send", "commit"]
Watch = Callable[[Step, int], None]
"""Told the step and how many bytes of the file it is through."""


@dataclass(frozen=True)
class Options:
    """What to do with the file."""

    dry_run: bool = False
    """Say what would happen; change nothing."""
    skip_bad: bool = False
    """Take the good rows of a file that has bad ones."""


@dataclass(frozen=True)
class FileTaken:
    """The end of it. ``taken``: the rows count now. ``earlier``: the same file was taken before
    and this is that result."""

    checked: FileChecked
    taken: bool
    earlier: bool = False
    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    unchanged: int = 0
    bad_rows: int = 0
    problem_count: int = 0
    problems: tuple[Problem, ...] = ()


def take_file(
    source: BinaryIO,
    file_name: str,
    reading: Reading,
    options: Options,
    *,
    cross: Cross,
    watch: Watch = lambda step, through: None,
) -> FileTaken:
    """Check ``source``, send its rows to payments and commit them.

    A file with bad rows is not sent at all unless ``skip_bad``, but for a dry run its good rows
    are tried, so that one run shows every fault. Raises ``FileRefused``, ``Refusal`` (payments
    said no, such as an unknown client body) and ``TransportError``; nothing was taken then."""
    checked = check_file(source, reading, lambda through: watch("check", through))
    found = FileTaken(
        checked=checked,
        taken=False,
        bad_rows=checked.bad_rows,
        problem_count=checked.problem_count,
        problems=tuple(checked.problems),
    )
    if checked.bad_rows and not (options.skip_bad or options.dry_run):
        return found
    opened = cross(
        OpenImport(
            kind=reading.kind,
            client_body=reading.client_body,
            file_digest=_digest(checked, options),
            file_name=file_name[:MAX_FILE_NAME_CHARACTERS],
        )
    )
    if opened.done is not None:
        return _joined(found, opened.done, earlier=True)
    _send(_messages(source, reading, checked, opened.import_id, watch), cross)
    watch("commit", checked.bytes_read)
    result = cross(
        CommitImport(
            import_id=opened.import_id,
            # Bad rows never left this process, so for payments a dry run has only good ones.
            skip_bad=options.skip_bad,
            dry_run=options.dry_run,
        ),
        seconds=COMMIT_SECONDS,
    )
    return _joined(found, result)


MAX_FILE_NAME_CHARACTERS = 200


def _digest(checked: FileChecked, options: Options) -> str:
    """A dry run gets a digest of its own each time: its answer is only good for its moment."""
    digest = hashlib.sha256(bytes.fromhex(checked.digest))
    digest.update(f" {checked.encoding} skip_bad={options.skip_bad}".encode())
    if options.dry_run:
        digest.update(b" dry run " + secrets.token_bytes(16))
    return digest.hexdigest()


def _send(messages: Iterator[Crossing[Any]], cross: Cross) -> None:
    """Payments lays one message aside while the next is read: one in flight, never a queue."""
    with ThreadPoolExecutor(1, thread_name_prefix="send-rows") as sender:
        in_flight: Future[Any] | None = None
        for message in messages:
            if in_flight is not None:
                in_flight.result()
            in_flight = sender.submit(cross, message, seconds=SEND_SECONDS)
        if in_flight is not None:
            in_flight.result()


def _messages(
    source: BinaryIO, reading: Reading, checked: FileChecked, import_id: str, watch: Watch
) -> Iterator[Crossing[Any]]:
    source.seek(0)
    reader = CountingReader(source, lambda through: watch("send", through))
    rows: list[Any] = []
    for fields, bad_line in rows_of_file(reader, reading, checked.encoding):
        if bad_line is not None or fields.line in checked.left_out:
            continue
        row = read_row(fields, reading)
        if row is None:
            continue
        rows.append(row)
        if len(rows) == MAX_ROWS_PER_MESSAGE:
            yield _message(import_id, rows)
            rows = []
    if rows:
        yield _message(import_id, rows)
    if reader.digest() != checked.digest:
        raise FileRefused("file_changed")


def _message(import_id: str, rows: list[BillRow] | list[PolicyRow]) -> Crossing[Any]:
    if isinstance(rows[0], BillRow):
        return ImportBills(import_id=import_id, rows=rows)
    return ImportPolicies(import_id=import_id, rows=rows)


def _refused_row(row: RowRefused) -> Problem:
    if row.code in SAID_BY_PAYMENTS:
        return Problem(row.line, row.field, row.code)
    detail = row.detail or row.code
    return Problem(row.line, row.field, "refused_by_payments", {"detail": detail})


def _joined(found: FileTaken, result: ImportResult, *, earlier: bool = False) -> FileTaken:
    refused = tuple(_refused_row(row) for row in result.refused)
    problems = sorted((*found.problems, *refused), key=lambda problem: problem.line)
    return replace(
        found,
        taken=result.taken,
        earlier=earlier,
        added=result.added,
        changed=result.changed,
        withdrawn=result.withdrawn,
        unchanged=result.unchanged,
        bad_rows=found.bad_rows + result.refused_count,
        problem_count=found.problem_count + result.refused_count,
        problems=tuple(problems[:MAX_PROBLEMS_KEPT]),
    )
