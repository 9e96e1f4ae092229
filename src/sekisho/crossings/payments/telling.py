"""What happened to a client body's objects, for the desk to fetch. The desk asks; payments never
waits for it, so a desk that is down fills nothing here."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from sekisho.crossings.message import Answer, Crossing

BodyEventKind = Literal[
    "payment.authorised",
    "payment.captured",
    "payment.failed",
    "payment.unknown",
    "refund.done",
    "refund.refused",
    "dispute.opened",
    "dispute.closed",
    "enrolment.active",
    "enrolment.card_changed",
    "enrolment.ended",
    "enrolment.reinstated",
    "charge.succeeded",
    "charge.failed",
    "charge_run.finished",
    "settlement.closed",
    "payout.made",
]
"""``payment.authorised`` only where the body captures by itself; ``payment.failed`` has ``status``
(``declined``, ``failed``, ``cancelled``, ``expired``) and ``reason`` in its facts: nothing was
taken. ``payment.unknown`` is followed by ``captured`` or ``failed`` once the network has said."""

MAX_EVENTS_PER_ANSWER = 1_000


class BodyEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``event_id`` is the same however often it is read. ``facts``: plain words and yen for the
    body to see; no personal item."""

    event_id: str
    client_body: str
    at: datetime
    kind: BodyEventKind
    object_id: str
    """Of the payment, refund, dispute (case number), enrolment, charge run, day."""
    facts: dict[str, str | int | bool | None]


class NewEvents(Crossing["EventsShown"], frozen=True, kw_only=True):
    """Events of all client bodies after ``after`` (empty: from the first), in the order in which
    they were committed; one that is not here yet never comes before one that is. At most ``limit``,
    1 to ``MAX_EVENTS_PER_ANSWER``. Refusals: ``after_wrong``, ``limit_wrong``."""

    receiver: ClassVar[str] = "payments"
    after: str
    limit: int


class EventsShown(Answer, frozen=True, kw_only=True):
    events: list[BodyEvent]
    after: str
    """To ask with next time; ``after`` of the question when nothing is new."""


NewEvents.reply = EventsShown
