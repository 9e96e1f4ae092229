"""Whether an enrolment may be charged at this moment. A charge is ordered in the transaction that
asked here: an end that was said before is seen, one that is said now waits for the order."""

from __future__ import annotations

from typing import NamedTuple

from sekisho.payments.records.session import Rows


class Chargeable(NamedTuple):
    """An active enrolment with a card."""

    enrolment_id: str
    client_body: str
    site: str
    policy_id: str
    subject: str
    card_token: str
    card_payment: str
    """Id of the card check that the card was entered for."""
    brand: str
    last_four: str
    email_token: str | None
    language: str


def lock_chargeable(rows: Rows, enrolment_id: str) -> Chargeable | None:
    """Return the enrolment if its premium may be charged, locked to the end of the transaction
    against an end or a change of card; ``None`` otherwise."""
    row = rows.one(
        "SELECT e.id, e.client_body, e.site, e.policy_id, e.subject, e.card_token, e.card_payment,"
        " e.brand, e.last_four, e.email_token, e.language FROM enrolment e"
        " JOIN policy o ON o.id = e.policy_id WHERE e.id = %s AND e.status = 'active'"
        " AND e.card_token <> '' AND NOT o.ended FOR SHARE OF e",
        [enrolment_id],
    )
    return Chargeable(*row) if row else None
