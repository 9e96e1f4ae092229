"""The statements of the path that every payment takes, without Django's query builder: there they
cost more CPU than PostgreSQL's own work (docs/explanation/performance.md)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sekisho.card_network.message import retrieval_reference
from sekisho.card_network.records.models import Order, Proof
from sekisho.database.pipeline import PipelinedTransaction, Sent

INSERT = """
INSERT INTO orders (kind, payment_id, attempt, part, digest, body, taken_at, merchant_id,
    amount_yen, original_id, trace_number, sent_at, retrieval_reference, card, state, tries,
    due_at, told, result, response_code, approval_code, network_reference)
SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::bigint, trace.number, %s, %s || trace.number, '',
    'taken', 0, %s, '', '', '', '', ''
FROM (SELECT lpad(nextval('trace_numbers')::text, 6, '0') AS number) AS trace
ON CONFLICT (kind, payment_id, attempt, part) DO NOTHING
RETURNING id, trace_number, retrieval_reference
"""

INSERT_WITH_PROOF = f"""
WITH taken AS ({INSERT}), used AS (
    UPDATE authentications SET used_by_id = taken.id FROM taken
     WHERE server_id = (
        SELECT server_id FROM authentications
         WHERE payment_id = %s AND card_token = %s AND amount_yen = %s
           AND status IN ('Y', 'A') AND used_by_id IS NULL
         ORDER BY asked_at DESC LIMIT 1)
    RETURNING eci, value, ds_id)
SELECT taken.*, used.* FROM taken LEFT JOIN used ON true
"""  # noqa: S608 - no value is in it

FINISH = """
UPDATE orders SET state = 'done', result = %s, told = %s, response_code = %s, approval_code = %s,
    network_reference = %s, body = '', due_at = NULL, done_at = %s, card = %s
 WHERE id = %s AND result = '' RETURNING id
"""

OPEN_CHALLENGE = """
UPDATE orders SET state = 'challenge', due_at = %s, told = 'challenge'
 WHERE id = %s AND result = '' AND told = '' RETURNING id
"""

INSERT_AUTHENTICATION = """
INSERT INTO authentications (server_id, order_id, payment_id, card_token, amount_yen, result_token,
    asked_at, ds_id, acs_id, status, status_reason, eci, value)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

_NEEDED = (
    "id", "kind", "payment_id", "attempt", "merchant_id", "amount_yen", "trace_number", "sent_at",
    "retrieval_reference", "state", "result", "approval_code",
)  # fmt: skip

_LOCK_AUTHORISATION = f"""
SELECT {", ".join(_NEEDED)} FROM orders
 WHERE kind = 'authorise' AND payment_id = %s AND attempt = %s AND part = '' FOR UPDATE
"""  # noqa: S608 - names of columns

_IS_REVERSED = """
SELECT EXISTS (SELECT FROM orders
                WHERE kind = 'reverse' AND payment_id = %s AND attempt = %s AND part = '')
"""


class Draft(NamedTuple):
    """An order whose insert is in line."""

    order: Order
    sent: Sent


def draft_of(order: Order, *, resume_after_s: float) -> list[Any]:
    """Date ``order``, which was just made, and return its values for ``INSERT``."""
    order.sent_at = order.taken_at.replace(microsecond=0)
    order.due_at = order.taken_at + timedelta(seconds=resume_after_s)
    return [
        order.kind,
        order.payment_id,
        order.attempt,
        order.part,
        order.digest,
        order.body,
        order.taken_at,
        order.merchant_id,
        order.amount_yen,
        order.original_id,
        order.sent_at,
        retrieval_reference("", order.sent_at),
        order.due_at,
    ]


def put_in(
    transaction: PipelinedTransaction,
    order: Order,
    values: list[Any],
    *,
    proof_for: tuple[str, str, int] | None = None,
) -> Draft:
    """Put the insert of ``order`` in line. ``proof_for`` (payment, card token, yen): with the
    newest unused 3-D Secure authentication of these, which the order uses up."""
    if proof_for is None:
        return Draft(order, transaction.send(INSERT, values))
    return Draft(order, transaction.send(INSERT_WITH_PROOF, [*values, *proof_for]))


def taken(transaction: PipelinedTransaction, draft: Draft) -> Order | None:
    """Return the order that was inserted; ``None`` when its numbers name one written before. Only
    after the commit."""
    rows = transaction.rows(draft.sent.result)
    if not rows:
        return None
    return numbered(draft.order, rows[0])


def numbered(order: Order, row: tuple[Any, ...]) -> Order:
    """Return ``order`` with what its insert returned."""
    order.id, order.trace_number, order.retrieval_reference = row[:3]
    order._state.adding = False
    if len(row) > 3 and row[3] is not None:
        order.proof = Proof(*row[3:])
    return order


def lock_authorisation(
    transaction: PipelinedTransaction, payment_id: str, attempt: int
) -> tuple[Order | None, bool]:
    """Return the authorisation of payment and attempt, locked until the transaction ends, and
    whether it is being given back, as it stands once the lock is held."""
    locked = transaction.send(_LOCK_AUTHORISATION, [payment_id, attempt])
    is_reversed = transaction.send(_IS_REVERSED, [payment_id, attempt])
    [[reversed_too]] = transaction.rows(transaction.answer(is_reversed))
    rows = transaction.rows(locked.result)
    if not rows:
        return None, bool(reversed_too)
    order = Order.from_db("default", list(_NEEDED), rows[0])
    return order, bool(reversed_too)


def finish_values(order: Order, result: str, now: datetime) -> list[Any]:
    """Return the values of ``FINISH``."""
    return [
        result,
        result,
        order.response_code,
        order.approval_code,
        order.network_reference,
        now,
        order.card,
        order.id,
    ]
