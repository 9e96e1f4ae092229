"""An application on paper as it stands: read, shown, listed. How far it has come is its payment's
state; who typed and who checked are its own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, LiteralString, NamedTuple, cast

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    MAX_PAPERS_PER_PAGE,
    ListPapers,
    PaperShown,
    PapersShown,
    PaperStatus,
    ShowPaper,
)
from sekisho.payments.enrolments.limits import REFUSED_SHOWN
from sekisho.payments.enrolments.show import MAX_CURSOR_CHARACTERS, acted_for
from sekisho.payments.lifecycle import State, public_reason
from sekisho.payments.records.session import EVERY_BODY, Row, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller

_SELECT: LiteralString = (
    "SELECT a.id, a.client_body, a.enrolment_id, a.payment_id, o.policy_number, a.applied_on,"
    " a.purpose, a.check_kind, a.entered_by, a.entered_at, a.second_by, a.differs, a.checked_by,"
    " e.subject, p.site, p.state, p.event, p.expires_at, p.finished_at, coalesce(t.brand, ''),"
    " coalesce(t.last_four, '') FROM paper_application a JOIN payment p ON p.id = a.payment_id"
    " JOIN enrolment e ON e.id = a.enrolment_id JOIN policy o ON o.id = e.policy_id"
    " LEFT JOIN attempt t ON t.payment_id = p.id AND t.number = p.attempt"
)


class Paper(NamedTuple):
    """An application with what its verbs need of enrolment, policy and payment."""

    id: str
    client_body: str
    enrolment_id: str
    payment_id: str
    policy_number: str
    applied_on: date
    purpose: str
    check_kind: str
    entered_by: str
    entered_at: datetime
    second_by: str
    differs: str
    checked_by: str
    subject: str
    site: str
    state: str
    event: str
    expires_at: datetime
    finished_at: datetime | None
    brand: str
    last_four: str

    @property
    def status(self) -> PaperStatus:
        match self.state:
            case State.CREATED:
                return "card_awaited"
            case State.CARD_ENTERED:
                return "differs" if self.differs else "check_awaited"
            case State.CHECKED | State.CHECK_APPROVED:
                return "active"
            case State.CANCELLED_BY_CLIENT_BODY:
                return "withdrawn"
            case State.AUTHORISING | State.UNKNOWN | State.REVERSING:
                return "at_network"
        return "refused"


def read_paper(rows: Rows, application_id: str) -> Paper:
    """Return it as it is now. Raises ``Refusal`` ``paper_unknown``."""
    row = rows.one(_SELECT + " WHERE a.id = %s", [application_id])
    if row is None:
        raise Refusal("paper_unknown", "", "application_id")
    return Paper(*row)


def paper_of_key(rows: Rows, client_body: str, key: str) -> Paper | None:
    """Return the application that ``key`` began."""
    row = rows.one(_SELECT + " WHERE a.client_body = %s AND a.start_key = %s", [client_body, key])
    return Paper(*row) if row else None


def paper_of_payment(rows: Rows, payment_id: str) -> Paper | None:
    """Return the application that a card check is for."""
    row = rows.one(_SELECT + " WHERE a.payment_id = %s", [payment_id])
    return Paper(*row) if row else None


def show_paper(room: Room, caller: Caller, message: ShowPaper) -> PaperShown:
    """Show one. Raises ``Refusal`` ``paper_unknown``."""
    with acting_for(acted_for(room, caller, message.client_body)) as rows:
        return paper_shown(read_paper(rows, message.application_id))


def list_papers(room: Room, caller: Caller, message: ListPapers) -> PapersShown:
    """Return a page of the work list, newest first. Raises ``Refusal`` as ``ListPapers``
    describes."""
    if len(message.after) > MAX_CURSOR_CHARACTERS:
        raise Refusal("cursor_wrong", "not what an earlier page said", "after")
    body = acted_for(room, caller, message.client_body)
    limit = max(1, min(message.limit, MAX_PAPERS_PER_PAGE))
    values: dict[str, Any] = {
        "after": message.after,
        "body": None if body == EVERY_BODY else body,
        "open": message.open_only,
        "since": room.now() - REFUSED_SHOWN,
        "over": [State.CHECKED.value, State.CHECK_APPROVED.value, *_WITHDRAWN],
        "limit": limit + 1,
    }
    with acting_for(body) as rows:
        found = rows.all(
            _SELECT + " WHERE (%(after)s = '' OR a.id < %(after)s)"
            " AND (%(body)s::text IS NULL OR a.client_body = %(body)s)"
            " AND (NOT %(open)s OR p.state <> ALL(%(over)s)"
            " AND (p.finished_at IS NULL OR p.finished_at > %(since)s))"
            " ORDER BY a.id DESC LIMIT %(limit)s",
            values,
        )
    papers = [paper_shown(Paper(*row)) for row in found[:limit]]
    return PapersShown(papers=papers, next=papers[-1].application_id if len(found) > limit else "")


_WITHDRAWN = [State.CANCELLED_BY_CLIENT_BODY.value, State.SUPERSEDED.value]


def paper_shown(paper: Paper | Row) -> PaperShown:
    """Return it as its body's staff may see it."""
    read = Paper(*paper)
    has_card = read.state != State.CREATED
    return PaperShown(
        application_id=read.id,
        enrolment_id=read.enrolment_id,
        policy_number=read.policy_number,
        applied_on=read.applied_on,
        purpose=cast(Any, read.purpose),
        status=read.status,
        reason=public_reason(read.state, read.event) if read.status == "refused" else "",
        check=cast(Any, read.check_kind),
        entered_by=read.entered_by,
        entered_at=read.entered_at,
        second_by=read.second_by,
        checked_by=read.checked_by,
        differs=read.differs.split(",") if read.differs else [],
        card_brand=read.brand if has_card else "",
        card_last_four=read.last_four if has_card else "",
        finished_at=read.finished_at,
    )
