"""Files of bills and policies: opened, rows laid aside, then committed in one transaction.

Before the commit nothing counts; after it everything does. The same file again (by digest) is
answered with the earlier result."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec
import psycopg

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    CommitImport,
    ImportOpened,
    ImportResult,
    OpenImport,
)
from sekisho.payments import import_bills, import_policies, limits
from sekisho.payments.laid_aside import File
from sekisho.payments.records.session import EVERY_BODY, Rows, act_for, acting_for
from sekisho.payments.room import Room, who
from sekisho.transport.doors import Caller
from sekisho.vocabulary.identifiers import new_id

MAX_FILE_NAME_CHARACTERS = 200


class _Committed(NamedTuple):
    result: ImportResult


class _Verbs(NamedTuple):
    """What differs between the kinds of file."""

    lock_changed: Callable[[Rows, File], None]
    judge_rows: Callable[[Room, Rows, File], ImportResult]
    take_rows: Callable[..., None]


_BILLS = _Verbs(import_bills.lock_changed, import_bills.judge_rows, import_bills.take_rows)
_POLICIES = _Verbs(
    import_policies.lock_changed, import_policies.judge_rows, import_policies.take_rows
)


def open_import(room: Room, caller: Caller, message: OpenImport) -> ImportOpened:
    """Begin to take a file in. Raises ``Refusal`` ``client_body_unknown``, ``digest_wrong``."""
    sites = [r for r in room.sites.values() if r.client_body == message.client_body]
    if not any(rules.section.kind == message.kind for rules in sites):
        known = ", ".join(
            sorted(r.client_body for r in room.sites.values() if r.section.kind == message.kind)
        )
        raise Refusal(
            "client_body_unknown", f"{message.kind} are taken for: {known}", "client_body"
        )
    if len(message.file_digest) != 64:
        raise Refusal("digest_wrong", "SHA-256 in hex: 64 characters", "file_digest")
    with acting_for(message.client_body) as rows:
        done = _taken_before(rows, message)
        if done is not None:
            return ImportOpened(import_id=done[0], done=done[1])
        import_id = new_id("import")
        rows.do(
            "INSERT INTO import_file (id, client_body, kind, file_digest, file_name, opened_by)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [
                import_id,
                message.client_body,
                message.kind,
                message.file_digest,
                message.file_name[:MAX_FILE_NAME_CHARACTERS],
                who(caller),
            ],
        )
    return ImportOpened(import_id=import_id, done=None)


def _taken_before(rows: Rows, message: OpenImport) -> tuple[str, ImportResult] | None:
    row = rows.one(
        "SELECT id, result FROM import_file WHERE client_body = %s AND kind = %s"
        " AND file_digest = %s AND committed_at IS NOT NULL",
        [message.client_body, message.kind, message.file_digest],
    )
    return (row[0], msgspec.json.decode(row[1], type=ImportResult)) if row else None


def commit_import(room: Room, caller: Caller, message: CommitImport) -> ImportResult:
    """Take every row laid aside in one transaction, or say what would happen.

    With rows refused and no ``skip_bad`` nothing is taken. Said again after it was taken, the same
    result. Raises ``Refusal`` ``import_unknown``."""
    file = _find(message.import_id)
    if isinstance(file, _Committed):
        return file.result
    if file.kind == "policies" and not message.dry_run:
        import_policies.send_boxes(file)
    try:
        with acting_for(EVERY_BODY, long=True) as rows:
            return _commit(room, rows, caller, message)
    except psycopg.errors.UniqueViolation as violation:
        if violation.diag.constraint_name != "file_taken_once":
            raise
    raise Refusal("file_taken_meanwhile", "the same file was taken just now; open it again")


def _commit(room: Room, rows: Rows, caller: Caller, message: CommitImport) -> ImportResult:
    file = _read(rows, message.import_id)
    if isinstance(file, _Committed):
        return file.result
    act_for(rows, file.client_body)
    _plan_by_size(rows, file)
    verbs = _BILLS if file.kind == "bills" else _POLICIES
    if not message.dry_run:
        # One commit at a time for a client body: two files may hold the same new number.
        rows.one("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [file.client_body])
        verbs.lock_changed(rows, file)
    result = verbs.judge_rows(room, rows, file)
    if message.dry_run or (result.refused_count and not message.skip_bad):
        return result
    verbs.take_rows(room, rows, file, result, by=who(caller))
    taken = msgspec.structs.replace(result, taken=True)
    rows.do(
        "UPDATE import_file SET committed_at = %s, result = %s WHERE id = %s",
        [room.now(), msgspec.json.encode(taken).decode(), file.id],
    )
    evidence.append(
        kind="payments.file_taken",
        subject=file.id,
        facts={
            "client_body": file.client_body,
            "kind": file.kind,
            "by": who(caller),
            "digest": file.file_digest,
            "added": taken.added,
            "changed": taken.changed,
            "withdrawn": taken.withdrawn,
            "unchanged": taken.unchanged,
            "refused": taken.refused_count,
        },
    )
    return taken


def _plan_by_size(rows: Rows, file: File) -> None:
    """A small file must not read every bill there is: give the planner its nested loops back."""
    few = rows.one(
        "SELECT count(*) <= %s FROM (SELECT FROM bill_staged WHERE import_id = %s UNION ALL"
        " SELECT FROM policy_staged WHERE import_id = %s LIMIT %s) s",
        [limits.SMALL_FILE_ROWS, file.id, file.id, limits.SMALL_FILE_ROWS + 1],
    )
    if few and few[0]:
        rows.do("SET LOCAL enable_nestloop = on")


def _find(import_id: str) -> File | _Committed:
    with acting_for(EVERY_BODY) as rows:
        return _read(rows, import_id)


def _read(rows: Rows, import_id: str) -> File | _Committed:
    row = rows.one(
        "SELECT id, client_body, kind, file_digest, result FROM import_file WHERE id = %s"
        " FOR NO KEY UPDATE",
        [import_id],
    )
    if row is None:
        raise Refusal("import_unknown", "open the file first", "import_id")
    if row[4]:
        return _Committed(msgspec.json.decode(row[4], type=ImportResult))
    return File(*row[:4])
