"""Take an edge: the one place that changes a payment's state. The database checks the edge again
and writes the event."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, LiteralString, NamedTuple

from sekisho.payments.errors import EdgeRefused
from sekisho.payments.lifecycle import State, has_edge
from sekisho.payments.records.session import Rows


class Payment(NamedTuple):
    """A payment as its verbs need it, with the card in use (``attempt``; empty texts: none)."""

    id: str
    reference: str
    client_body: str
    site: str
    kind: str
    bill_id: str | None
    policy_id: str | None
    enrolment_id: str | None
    language: str
    amount_yen: int
    fee_yen: int
    fee_tax_yen: int
    total_yen: int
    email_token: str | None
    state: str
    step: int
    event: str
    attempt: int
    started_at: datetime
    expires_at: datetime
    extensions: int
    confirmed_at: datetime | None
    asked: int
    card_token: str
    brand: str
    last_four: str
    challenged: bool
    authorisation: str
    capture_by: datetime | None
    card_key: str
    """Of the card's keyed fingerprint: what the guard counts it by."""
    issuer_bin: str
    counted_session: str
    counted_source: str

    @property
    def keeps_card(self) -> bool:
        """Whether its card outlives it: an enrolment's, charged by a run."""
        return self.kind == "charge"

    @property
    def purpose(self) -> str:
        """``payment``, or ``enrolment`` for a card check."""
        return "payment" if self.kind == "bill" else "enrolment"


_SELECT: LiteralString = (
    "SELECT p.id, p.reference, p.client_body, p.site, p.kind, p.bill_id, p.policy_id,"
    " p.enrolment_id, p.language, p.amount_yen, p.fee_yen, p.fee_tax_yen, p.total_yen,"
    " p.email_token, p.state, p.step, p.event, p.attempt, p.started_at, p.expires_at,"
    " p.extensions, p.confirmed_at, p.asked, coalesce(a.card_token, ''), coalesce(a.brand, ''),"
    " coalesce(a.last_four, ''), coalesce(a.creq, '') <> '', coalesce(a.authorisation, ''),"
    " p.capture_by, coalesce(left(encode(a.fingerprint, 'hex'), 32), ''),"
    " coalesce(a.issuer_bin, ''), coalesce(a.counted_session, ''),"
    " coalesce(a.counted_source, '') FROM payment p"
    " LEFT JOIN attempt a ON a.payment_id = p.id AND a.number = p.attempt WHERE p.id = %s"
)


def lock_payment(rows: Rows, payment_id: str, *, site: str | None = None) -> Payment | None:
    """Return the payment, locked to the end of the transaction; ``None`` when there is none within
    the walls (or it is not ``site``'s)."""
    if site is None:
        row = rows.one(_SELECT + " FOR NO KEY UPDATE OF p", [payment_id])
    else:
        row = rows.one(_SELECT + " AND p.site = %s FOR NO KEY UPDATE OF p", [payment_id, site])
    return Payment(*row) if row else None


def read_payment(rows: Rows, payment_id: str) -> Payment | None:
    """Return the payment as it is now, not locked: to show it."""
    row = rows.one(_SELECT, [payment_id])
    return Payment(*row) if row else None


def lock_due_payment(rows: Rows, payment_id: str, now: datetime) -> Payment | None:
    """Return the payment locked if it is due and nobody else works on it."""
    row = rows.one(
        _SELECT + " AND p.due_at <= %s FOR NO KEY UPDATE OF p SKIP LOCKED", [payment_id, now]
    )
    return Payment(*row) if row else None


_CHANGEABLE = frozenset(
    {
        "attempt",
        "confirmed_at",
        "finished_at",
        "due_at",
        "asked",
        "expires_at",
        "operator_note",
        "capture_by",
    }
)


@cache
def _statement(columns: tuple[str, ...]) -> Any:
    unknown = set(columns) - _CHANGEABLE
    if unknown:
        raise EdgeRefused(f"a step does not change {', '.join(sorted(unknown))}")
    more = "".join(f", {column} = %s" for column in columns)
    return (
        "UPDATE payment SET state = %s, step = %s, event = %s, moved_by = %s, why = %s"  # noqa: S608 - column names are checked above
        f"{more} WHERE id = %s"
    )


def move(
    rows: Rows,
    payment: Payment,
    target: State,
    event: str,
    *,
    by: str,
    why: str = "",
    **changes: Any,
) -> Payment:
    """Take the edge to ``target`` because of ``event`` and return the payment as it is then.

    ``by`` is who (``payer_site:metropolitan_tax``, ``card_network``), ``why`` the machine's reason
    for the history, ``changes`` further columns. Raises ``EdgeRefused`` when the lifecycle has no
    such edge; where the payment moved meanwhile the transaction ends with
    ``psycopg.errors.SerializationFailure``."""
    if not has_edge(payment.state, target, event):
        raise EdgeRefused(f"{payment.id}: no edge from {payment.state} to {target} by {event}")
    # No wait for the count: the trigger refuses a step that does not follow the one in the row.
    rows.do(
        _statement(tuple(changes)),
        [target.value, payment.step + 1, event, by, why, *changes.values(), payment.id],
    )
    return payment._replace(
        state=target.value,
        step=payment.step + 1,
        event=event,
        **{name: value for name, value in changes.items() if name in Payment._fields},
    )
