"""Charge one item: the payment is born, its claim opened and the issuer asked in one transaction
with the item's state. Whatever dies before the commit charged nobody; after it the outbox and the
network's own idempotency end it.

A merchant-initiated transaction: the holder agreed to it when enrolling, with authentication then
(EMV 3-D Secure, requestor-initiated; exemption ``recurring``), and no security code exists any more
(PCI DSS 3.3.1)."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import psycopg

from sekisho.payments import limits
from sekisho.payments.charge_runs.read_run import Run
from sekisho.payments.enrolments.chargeable import Chargeable, lock_chargeable
from sekisho.payments.ledger.write import open_pending
from sekisho.payments.lifecycle import State
from sekisho.payments.move_payment import lock_payment, move
from sekisho.payments.post_orders import ask_to_authorise
from sekisho.payments.records.session import Rows, acting_for
from sekisho.payments.room import Room
from sekisho.vocabulary.identifiers import new_id, new_reference
from sekisho.vocabulary.twins import id_prefix

BY = "payments:charge_run"

HOLD = "payment_holds"
"""The unique index by which one payment charges a policy for a month."""


class Item(NamedTuple):
    """An item whose turn has come, locked."""

    number: int
    policy_id: str
    enrolment_id: str
    amount_yen: int
    reason: str
    tries: int


def due_items(run: Run, now: datetime, most: int) -> list[int]:
    """Return the numbers of items whose turn has come, at most ``most``; first tries first."""
    with acting_for(run.client_body) as rows:
        found: list[int] = []
        for state in ("waiting", "retrying"):
            left = most - len(found)
            if left > 0:
                found += [
                    number
                    for (number,) in rows.all(
                        "SELECT number FROM charge_item WHERE run_id = %s AND state = %s"
                        " AND next_try_at <= %s ORDER BY next_try_at, number LIMIT %s",
                        [run.id, state, now, left],
                    )
                ]
    return found


def charge_item(room: Room, run: Run, number: int) -> bool:
    """Charge the item, or say on it why not; return whether the issuer is asked. Nothing happens to
    an item that another took meanwhile, or when the run was stopped."""
    try:
        with acting_for(run.client_body) as rows:
            return _charge(room, rows, run, number)
    except psycopg.errors.UniqueViolation as violation:
        if violation.diag.constraint_name != HOLD:
            raise
    with acting_for(run.client_body) as rows:
        _set_aside(rows, room, run, number, "work_list", "already_held")
    return False


def _charge(room: Room, rows: Rows, run: Run, number: int) -> bool:
    now = room.now()
    # Shared with every other item, not with whoever stops the run: after a stop nobody is charged.
    state = rows.one("SELECT state FROM charge_run WHERE id = %s FOR SHARE", [run.id])
    row = rows.one(
        "SELECT number, policy_id, enrolment_id, amount_yen, reason, tries FROM charge_item"
        " WHERE run_id = %s AND number = %s AND state IN ('waiting', 'retrying')"
        " AND next_try_at <= %s FOR NO KEY UPDATE SKIP LOCKED",
        [run.id, number, now],
    )
    if state != ("running",) or row is None:
        return False
    item = Item(*row)
    # Policy before enrolment, as the import locks them.
    policy = rows.one(
        "SELECT ended, yearly_premium_yen FROM policy WHERE id = %s FOR SHARE", [item.policy_id]
    )
    card = lock_chargeable(rows, item.enrolment_id)
    if card is None:
        ended = policy is None or policy[0]
        reason = "policy_ended" if ended else "enrolment_ended"
        _set_aside(rows, room, run, number, "skipped", reason)
        return False
    if policy is not None and policy[1] != item.amount_yen and item.reason != "by_hand":
        _set_aside(rows, room, run, number, "work_list", "premium_changed")
        return False
    payment_id = _ask_issuer(room, rows, run, item, card)
    rows.do(
        "UPDATE charge_item SET state = 'charging', reason = '', tries = tries + 1,"
        " payment_id = %s, next_try_at = NULL, changed_at = %s WHERE run_id = %s AND number = %s",
        [payment_id, now, run.id, number],
    )
    return True


def _set_aside(rows: Rows, room: Room, run: Run, number: int, state: str, reason: str) -> None:
    rows.do(
        "UPDATE charge_item SET state = %s, reason = %s, next_try_at = NULL, changed_at = %s"
        " WHERE run_id = %s AND number = %s AND state IN ('waiting', 'retrying')",
        [state, reason, room.now(), run.id, number],
    )


def _ask_issuer(room: Room, rows: Rows, run: Run, item: Item, card: Chargeable) -> str:
    """Write the payment and its card, take its edges, order the authorisation."""
    now = room.now()
    rules = room.sites[card.site]
    payment_id = new_id(id_prefix("pay", card.site))
    rows.do(
        "INSERT INTO payment (id, reference, client_body, site, kind, policy_id, enrolment_id,"
        " charge_month, start_key, language, amount_yen, fee_yen, fee_tax_yen, total_yen,"
        " email_token, state, event, moved_by, started_at, expires_at, confirmed_at)"
        " VALUES (%s, %s, %s, %s, 'charge', %s, %s, %s, %s, %s, %s::bigint, 0, 0, %s::bigint, %s,"
        " 'created', 'started', %s, %s, %s, %s)",
        [
            payment_id,
            new_reference(),
            run.client_body,
            card.site,
            item.policy_id,
            item.enrolment_id,
            run.month,
            f"{run.id}:{item.number}:{item.tries + 1}",
            card.language,
            item.amount_yen,
            item.amount_yen,
            card.email_token,
            BY,
            now,
            now + rules.payment_time,
            now,
        ],
    )
    _write_card(rows, payment_id, run.client_body, card, now)
    born = lock_payment(rows, payment_id)
    assert born is not None
    asked = move(
        rows,
        born._replace(card_token=card.card_token),
        State.AUTHORISING,
        "charge_asked",
        by=BY,
        why=f"{run.id}, item {item.number}, try {item.tries + 1}",
        attempt=1,
        due_at=now + limits.ASK_AGAIN_AFTER[0],
        asked=0,
    )
    open_pending(rows, asked)
    ask_to_authorise(room, rows, asked, "recurring")
    return payment_id


def _write_card(
    rows: Rows, payment_id: str, client_body: str, card: Chargeable, now: datetime
) -> None:
    """Copy what is known of the card since it was entered; the number stays in the vault."""
    rows.do(
        "INSERT INTO attempt (payment_id, number, client_body, card_token, subject, brand,"
        " last_four, issuer_bin, fingerprint, entered_at, exemption)"
        " SELECT %s, 1, %s, %s, coalesce(a.subject, %s), %s, %s, coalesce(a.issuer_bin, ''),"
        " coalesce(a.fingerprint, ''::bytea), %s, 'recurring' FROM (SELECT 1) one LEFT JOIN"
        " LATERAL (SELECT * FROM attempt o WHERE o.payment_id = %s AND o.card_token = %s"
        " ORDER BY o.number DESC LIMIT 1) a ON true",
        [
            payment_id,
            client_body,
            card.card_token,
            card.subject,
            card.brand,
            card.last_four,
            now,
            card.card_payment,
            card.card_token,
        ],
    )
