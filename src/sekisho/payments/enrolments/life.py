"""An enrolment's life on one page: from *applied* to *active*, *ended*, and back while the card is
kept. The database holds the same table (``enrolment_edge``) and refuses a step that is not in it;
each step is an event row that says who and why."""

from __future__ import annotations

from typing import LiteralString, NamedTuple

from sekisho.payments.errors import EdgeRefused
from sekisho.payments.records.session import Rows, Values


class Step(NamedTuple):
    """From status to status, named by what happened. ``source`` is empty for birth."""

    source: str
    target: str
    event: str


EDGES: tuple[Step, ...] = (
    Step("", "applied", "applied"),
    # Two people entered or looked at the paper; the issuer is asked now.
    Step("applied", "applied", "paper_checked"),
    Step("applied", "active", "card_good"),
    Step("applied", "refused", "card_refused"),
    Step("refused", "applied", "another_card"),
    # The same enrolment, another card.
    Step("active", "active", "card_change_asked"),
    Step("active", "active", "paper_checked"),
    Step("active", "active", "card_changed"),
    Step("active", "active", "card_expires"),
    # Who ended it stays distinct.
    Step("active", "ended", "ended_by_holder"),
    Step("active", "ended", "ended_by_body"),
    Step("active", "ended", "policy_ended"),
    Step("ended", "active", "reinstated"),
    Step("ended", "ended", "card_forgotten"),
)

ENDED_BY = {
    "ended_by_holder": "holder",
    "ended_by_body": "body",
    "policy_ended": "policy_ended",
}
"""What ``enrolment.ended_by`` says after an ending event."""

_KNOWN = frozenset(EDGES)


def has_step(source: str, target: str, event: str) -> bool:
    """Return whether an enrolment may go from ``source`` to ``target`` because of ``event``."""
    return (source, target, event) in _KNOWN


def take_step(
    rows: Rows,
    enrolment_id: str,
    step: Step,
    *,
    by: str,
    why: str = "",
    changes: LiteralString = "",
    values: Values = (),
) -> bool:
    """Take ``step`` if the enrolment is in its source; return whether it was.

    ``changes`` are further columns (``, card_token = %s``) with their ``values``. Raises
    ``EdgeRefused`` for a step that the life does not have."""
    if not has_step(*step):
        raise EdgeRefused(f"{enrolment_id}: no step {step}")
    return bool(
        rows.do(
            "UPDATE enrolment SET status = %s, step = step + 1, event = %s, moved_by = %s,"  # noqa: S608 - changes are literals of the code
            " why = %s" + changes + " WHERE id = %s AND status = %s",
            [step.target, step.event, by, why, *list(values), enrolment_id, step.source],
        )
    )
