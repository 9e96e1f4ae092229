"""The open cases, with what was proposed for each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import LiteralString, NamedTuple

from sekisho.crossings.payments import CaseDecision, CaseShown, CasesShown, ListCases
from sekisho.payments.records.session import EVERY_BODY, Row, Rows, acting_for
from sekisho.payments.room import Room

MAX_CASES = 500

PROPOSAL_LIFE = timedelta(hours=24)
"""A proposal that nobody seconded by then lapses: another may be made."""


class LastWord(NamedTuple):
    """The newest decision written for a payment; ``note`` is what its case was opened with."""

    number: int
    case_number: int
    at: datetime
    by: str
    decision: CaseDecision
    reason: str
    ends: bool
    note: str

    def waits(self, now: datetime) -> bool:
        """Whether it is a proposal that a second person may still take up."""
        return not self.ends and now - self.at <= PROPOSAL_LIFE


_CASE: LiteralString = (
    "SELECT p.id, p.reference, p.client_body, p.site, p.state, p.total_yen, p.operator_note,"
    " d.number, d.case_number, d.at, d.by_name, d.decision, d.reason, d.ends, d.note"
    " FROM payment p LEFT JOIN LATERAL (SELECT * FROM case_decision c WHERE c.payment_id = p.id"
    " ORDER BY c.number DESC LIMIT 1) d ON true"
)
_LAST_WORD_AT = 7


def list_cases(room: Room, message: ListCases) -> CasesShown:
    """Return the open cases, oldest first, at most ``MAX_CASES``."""
    limit, now = max(0, min(message.limit, MAX_CASES)), room.now()
    with acting_for(EVERY_BODY, snapshot=True) as rows:
        # A note begins with its moment: in order of the text they are in order of time.
        found = rows.all(
            _CASE + " WHERE p.operator_note <> '' ORDER BY p.operator_note, p.id LIMIT %s", [limit]
        )
        count = rows.one("SELECT count(*) FROM payment WHERE operator_note <> ''")
    return CasesShown(
        cases=[_shown(case, now) for case in found],
        more=(count[0] if count else 0) - len(found),
    )


def show_case(rows: Rows, payment_id: str, now: datetime) -> CaseShown | None:
    """Return a payment as a case, open or ended; ``None`` when it never was one."""
    case = rows.one(
        _CASE + " WHERE p.id = %s AND (p.operator_note <> '' OR d.number IS NOT NULL)", [payment_id]
    )
    return None if case is None else _shown(case, now)


def last_word(rows: Rows, payment_id: str) -> LastWord | None:
    """Return the newest decision of a payment."""
    case = rows.one(_CASE + " WHERE p.id = %s AND d.number IS NOT NULL", [payment_id])
    return None if case is None else LastWord(*case[_LAST_WORD_AT:])


def _shown(case: Row, now: datetime) -> CaseShown:
    payment_id, reference, client_body, site, state, total_yen, note = case[:_LAST_WORD_AT]
    word = LastWord(*case[_LAST_WORD_AT:]) if case[_LAST_WORD_AT] is not None else None
    since, _, facts = (note or (word.note if word else "")).partition(" ")
    waiting = word if word is not None and note and word.waits(now) else None
    return CaseShown(
        payment_id=payment_id,
        reference=reference,
        client_body=client_body,
        site=site,
        state=state,
        total_yen=total_yen,
        note=facts,
        since=datetime.fromisoformat(since),
        asked_for=waiting.decision if waiting else None,
        proposed_by=waiting.by if waiting else "",
        reason=waiting.reason if waiting else "",
        open=bool(note),
    )
