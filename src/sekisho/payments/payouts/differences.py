"""The work list: what clearing, ledger and payout say differently. Found by its key once; taken,
proposed, closed, each with a name and a reason (``difference_event``, append-only). What is
settled since closes by itself."""

from __future__ import annotations

from datetime import date, datetime

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    SECOND_PERSON_ABOVE_YEN,
    CloseDifference,
    DifferenceKind,
    DifferenceShown,
    DifferencesShown,
    ListDifferences,
    TakeDifference,
)
from sekisho.crossings.payments.settlements import MAX_DIFFERENCES_SHOWN
from sekisho.payments.after_payment.asker import body_of, check_reason, person
from sekisho.payments.records.session import EVERY_BODY, Row, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller
from sekisho.vocabulary.identifiers import new_id

BY_ITSELF = "payments:clearing"

_COLUMNS = (
    "id, client_body, day, kind, subject, said, amount_yen, state, found_at, taken_by,"
    " proposed_by, reason, closed_by, closed_at"
)


def note_difference(
    rows: Rows,
    *,
    key: str,
    kind: DifferenceKind,
    client_body: str,
    day: date,
    subject: str,
    said: str,
    amount_yen: int,
    now: datetime,
) -> bool:
    """Put a difference on the list; return whether it is new. The same ``key`` is on it once,
    whatever became of it."""
    made = rows.one(
        "INSERT INTO difference (id, client_body, day, kind, key, subject, said, amount_yen, state,"
        " found_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'open', %s)"
        " ON CONFLICT (key) DO NOTHING RETURNING id",
        [new_id("diff"), client_body, day, kind, key, subject, said, amount_yen, now],
    )
    if made is None:
        return False
    evidence.append(
        kind="payments.difference_found",
        subject=made[0],
        facts={
            "client_body": client_body,
            "day": day.isoformat(),
            "kind": kind,
            "about": subject,
            "said": said,
            "amount_yen": amount_yen,
        },
    )
    return True


def close_by_itself(rows: Rows, key: str, why: str, now: datetime) -> None:
    """Close the difference ``key``, if there is one open."""
    rows.do(
        "UPDATE difference SET state = 'closed', closed_by = %s, reason = %s, closed_at = %s"
        " WHERE key = %s AND state <> 'closed'",
        [BY_ITSELF, why, now, key],
    )


def list_differences(room: Room, caller: Caller, message: ListDifferences) -> DifferencesShown:
    """Return the work list, oldest first."""
    limit = max(1, min(message.limit, MAX_DIFFERENCES_SHOWN))
    with acting_for(body_of(room, caller, message.client_body), snapshot=True) as rows:
        found = rows.all(
            "SELECT " + _COLUMNS + " FROM difference"  # noqa: S608 - constants
            " WHERE (state <> 'closed' OR NOT %s) AND id > %s ORDER BY id LIMIT %s",
            [message.only_open, message.after, limit + 1],
        )
        counted = rows.one("SELECT count(*) FROM difference WHERE state <> 'closed'")
    shown = [difference_shown(row) for row in found[:limit]]
    return DifferencesShown(
        differences=shown,
        open=counted[0] if counted else 0,
        next_after=shown[-1].difference_id if len(found) > limit else "",
    )


def difference_shown(row: Row) -> DifferenceShown:
    """Return a row of ``_COLUMNS`` as its doors show it."""
    return DifferenceShown(
        difference_id=row[0],
        client_body=row[1],
        day=row[2],
        kind=row[3],
        subject=row[4],
        said=row[5],
        amount_yen=row[6],
        state=row[7],
        found_at=row[8],
        taken_by=row[9],
        proposed_by=row[10],
        reason=row[11],
        closed_by=row[12],
        closed_at=row[13],
        needs_second=row[6] > SECOND_PERSON_ABOVE_YEN,
    )


def take_difference(caller: Caller, message: TakeDifference) -> DifferenceShown:
    """Note who works on it. Raises ``Refusal`` as ``TakeDifference`` describes."""
    by = person(caller, message.by)
    with acting_for(EVERY_BODY) as rows:
        shown = _locked(rows, message.difference_id)
        if shown.state == "closed":
            raise Refusal("difference_closed", f"{shown.closed_by}: {shown.reason}")
        if shown.state != "open" and not same_person(shown.taken_by, by):
            raise Refusal("taken_already", f"{shown.taken_by or shown.proposed_by} works on it")
        if shown.state == "open":
            rows.do(
                "UPDATE difference SET state = 'taken', taken_by = %s WHERE id = %s",
                [by, shown.difference_id],
            )
        return _locked(rows, message.difference_id)


def close_difference(room: Room, caller: Caller, message: CloseDifference) -> DifferenceShown:
    """Close it, or propose that it be closed. Raises ``Refusal`` as ``CloseDifference``
    describes."""
    by, reason = person(caller, message.by), check_reason(message.reason)
    with acting_for(EVERY_BODY) as rows:
        shown = _locked(rows, message.difference_id)
        if shown.state == "closed":
            if same_person(shown.closed_by, by) and shown.reason.endswith(reason):
                return shown
            raise Refusal("difference_closed", f"{shown.closed_by}: {shown.reason}")
        if shown.needs_second and shown.state != "proposed":
            rows.do(
                "UPDATE difference SET state = 'proposed', proposed_by = %s, reason = %s"
                " WHERE id = %s",
                [by, reason, shown.difference_id],
            )
        elif shown.needs_second and same_person(shown.proposed_by, by):
            if shown.reason != reason:
                raise Refusal("same_person", "another person must close it", "by")
        else:
            _close(rows, shown, by, reason, room.now())
        return _locked(rows, message.difference_id)


def _close(rows: Rows, shown: DifferenceShown, by: str, reason: str, now: datetime) -> None:
    why = f"{shown.proposed_by}: {shown.reason}; {by}: {reason}" if shown.proposed_by else reason
    rows.do(
        "UPDATE difference SET state = 'closed', closed_by = %s, reason = %s, closed_at = %s"
        " WHERE id = %s",
        [by, why, now, shown.difference_id],
    )
    evidence.append(
        kind="payments.difference_closed",
        subject=shown.difference_id,
        facts={
            "client_body": shown.client_body,
            "by": by,
            "proposed_by": shown.proposed_by,
            "reason": why,
            "amount_yen": shown.amount_yen,
        },
    )


def same_person(one: str, other: str) -> bool:
    """Whether two names are of one person, whatever door they came in by: ``console:sora`` and
    ``terminal:sora``."""
    return bool(one) and one.partition(":")[2] == other.partition(":")[2]


def _locked(rows: Rows, difference_id: str) -> DifferenceShown:
    row = rows.one(
        "SELECT " + _COLUMNS + " FROM difference WHERE id = %s FOR UPDATE",  # noqa: S608
        [difference_id],
    )
    if row is None:
        raise Refusal("difference_unknown", "", "difference_id")
    return difference_shown(row)
