"""Write a new payment down, once per start key, and let older open ones of the same bill go."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import Language
from sekisho.payments import post_orders
from sekisho.payments.lifecycle import OPEN, State
from sekisho.payments.open_card_form import Started
from sekisho.payments.records.session import Rows
from sekisho.payments.site_rules import SiteRules
from sekisho.vocabulary.identifiers import new_reference

START_KEY = "payment_start_key"
"""The unique constraint by which a start key begins one payment."""


class NewPayment(NamedTuple):
    """What is to be paid, as the payer agreed to it."""

    key: str
    kind: Literal["bill", "card_check"]
    language: Language
    amount_yen: int
    fee_yen: int = 0
    fee_tax_yen: int = 0
    bill_id: str | None = None
    policy_id: str | None = None
    enrolment_id: str | None = None
    payment_id: str = ""
    email_token: str | None = None
    link_id: str | None = None
    card_change: bool = False
    lasts: timedelta | None = None
    """How long it may stay open where the site's payment time is not meant (paper)."""

    @property
    def total_yen(self) -> int:
        return self.amount_yen + self.fee_yen

    @property
    def purpose(self) -> Literal["payment", "enrolment"]:
        return "payment" if self.kind == "bill" else "enrolment"


class Earlier(NamedTuple):
    """The payment that a start key already began."""

    started: Started
    payable_id: str
    state: str

    def same_as(self, payable_id: str, total_yen: int) -> Started:
        """Return it as started. Raises ``Refusal`` ``key_reused`` when the key began another."""
        if (payable_id, total_yen) != (self.payable_id, self.started.total_yen):
            raise Refusal("key_reused", "this key began another payment", "key")
        return self.started

    @property
    def open(self) -> bool:
        """Whether a card may still be entered without reopening."""
        return self.state in OPEN


def find_started(rows: Rows, site: str, key: str) -> Earlier | None:
    """Return the payment that ``key`` began on ``site``."""
    row = rows.one(
        "SELECT id, reference, kind, language, total_yen, started_at, expires_at,"
        " coalesce(bill_id, policy_id), state FROM payment WHERE site = %s AND start_key = %s",
        [site, key],
    )
    if row is None:
        return None
    payment_id, reference, kind, language, total_yen, started_at, expires_at, payable, state = row
    purpose: Literal["payment", "enrolment"] = "payment" if kind == "bill" else "enrolment"
    return Earlier(
        Started(payment_id, reference, purpose, language, total_yen, started_at, expires_at),
        payable,
        state,
    )


def write_payment(
    rows: Rows, rules: SiteRules, new: NewPayment, *, by: str, now: datetime
) -> Started:
    """Write the payment down in state *created*. Raises ``psycopg.errors.UniqueViolation``
    (``START_KEY``) when another transaction began it meanwhile."""
    reference = new_reference()
    expires_at = now + (new.lasts or rules.payment_time)
    rows.do(
        "INSERT INTO payment (id, reference, client_body, site, kind, bill_id, policy_id,"
        " enrolment_id, start_key, language, amount_yen, fee_yen, fee_tax_yen, total_yen,"
        " email_token, link_id, card_change, state, event, moved_by, started_at, expires_at,"
        " due_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::bigint, %s::bigint, %s::bigint,"
        " %s::bigint, %s, %s, %s, 'created', 'started', %s, %s, %s, %s)",
        [
            new.payment_id,
            reference,
            rules.client_body,
            rules.site,
            new.kind,
            new.bill_id,
            new.policy_id,
            new.enrolment_id,
            new.key,
            new.language,
            new.amount_yen,
            new.fee_yen,
            new.fee_tax_yen,
            new.total_yen,
            new.email_token,
            new.link_id,
            new.card_change,
            by,
            now,
            expires_at,
            expires_at,
        ],
    )
    return Started(
        new.payment_id, reference, new.purpose, new.language, new.total_yen, now, expires_at
    )


def supersede_others(rows: Rows, new: NewPayment, *, by: str, now: datetime) -> None:
    """Close the open payments of the same bill or policy: the payer began anew. One that holds
    money, or may, is left alone."""
    left = rows.all(
        "UPDATE payment SET state = %s, step = step + 1, event = 'started_anew', moved_by = %s,"
        " why = %s, finished_at = %s, due_at = %s"
        " WHERE (bill_id = %s OR policy_id = %s) AND id <> %s AND state = ANY(%s)"
        " RETURNING id, attempt, enrolment_id",
        [
            State.SUPERSEDED.value,
            by,
            f"by {new.payment_id}",
            now,
            # What was typed for them is forgotten by the sweep's next look.
            now,
            new.bill_id,
            new.policy_id,
            new.payment_id,
            [state.value for state in OPEN],
        ],
    )
    for payment_id, attempt, _ in left:
        if attempt:
            post_orders.forget_card(payment_id, None, "cancelled")
    enrolments = [row[2] for row in left if row[2] is not None]
    if enrolments:
        # Not of an active one whose holder tries another card.
        rows.do(
            "UPDATE enrolment SET status = 'refused', step = step + 1, event = 'card_refused',"
            " moved_by = %s, why = 'started_anew' WHERE id = ANY(%s) AND status = 'applied'",
            [by, enrolments],
        )
