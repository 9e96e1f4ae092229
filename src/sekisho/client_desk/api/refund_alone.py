"""A refund that a machine orders: within what one person of its client body may give back alone.

Else a stolen key would be worth more than a stolen visit, which needs a second person above the
same limits. What was ordered is asked of payments and kept nowhere twice; the desk is one process,
so one lock for each body keeps two orders from counting the same room."""

from __future__ import annotations

import threading
from collections import defaultdict
from datetime import datetime, time

from sekisho import transport
from sekisho.client_desk.api.problems import Problem
from sekisho.client_desk.client_bodies import client_bodies
from sekisho.crossings.payments import FindRefunds, RefundPayment, RefundShown, ShowPaymentOfBody
from sekisho.vocabulary.clock import TOKYO
from sekisho.vocabulary.twins import live_of

PAGE_ROWS = 200
MAX_PAGES = 10
"""Of refunds of one day that are added up; a body with more has reached any limit of the kind."""

_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def refund_alone(wish: RefundPayment, now: datetime, begun: datetime | None) -> RefundShown:
    """Order ``wish`` if it is within the limits. ``begun``: when it was first said, if a try of it
    died before it was answered. Raises ``Problem``: ``second_person_needed``,
    ``client_body_unknown``; ``Refusal`` as ``RefundPayment``."""
    body = client_bodies().get(live_of(wish.client_body))
    if body is None:
        raise Problem("client_body_unknown")
    with _locks[wish.client_body]:
        if begun is not None and _perhaps_ordered(wish, begun):
            return transport.cross(wish)
        wished = wish.amount_yen + wish.fee_yen
        given = _given_back(wish)
        if given + wished > body.refund_alone_up_to_yen:
            _refuse(f"at most {body.refund_alone_up_to_yen} yen of one payment")
        ordered = _ordered_today(wish.client_body, now)
        if ordered + wished > body.refund_alone_up_to_yen_a_day:
            _refuse(f"at most {body.refund_alone_up_to_yen_a_day} yen a day by all keys")
        return transport.cross(wish)


def _refuse(detail: str) -> None:
    raise Problem("second_person_needed", detail, field="amount_yen")


def _given_back(wish: RefundPayment) -> int:
    """What was given back of the payment before, or is under way."""
    message = ShowPaymentOfBody(client_body=wish.client_body, payment_id=wish.payment_id)
    found = transport.cross(message)
    if found.payment.status != "succeeded":
        return 0
    return max(0, found.payment.total_yen - found.left_yen)


def _perhaps_ordered(wish: RefundPayment, begun: datetime) -> bool:
    """Whether the try that died may have ordered it: then it must not count against itself. Should
    it be another order that looks the same, payments finds less left than ``left_yen`` says."""
    message = FindRefunds(
        client_body=wish.client_body, payment_id=wish.payment_id, asked_from=begun, limit=PAGE_ROWS
    )
    same = (wish.amount_yen, wish.fee_yen, wish.reason, wish.by)
    return any(
        (row.amount_yen, row.fee_yen, row.reason, row.asked_by) == same
        for row in transport.cross(message).refunds
    )


def _ordered_today(client_body: str, now: datetime) -> int:
    begin = datetime.combine(now.astimezone(TOKYO).date(), time(), TOKYO)
    total, cursor = 0, None
    for _ in range(MAX_PAGES):
        found = transport.cross(
            FindRefunds(client_body=client_body, asked_from=begin, cursor=cursor, limit=PAGE_ROWS)
        )
        total += sum(
            row.amount_yen + row.fee_yen
            for row in found.refunds
            if row.asked_by.startswith("key_") and row.status != "refused"
        )
        cursor = found.next_cursor
        if cursor is None:
            return total
    return total + max(body.refund_alone_up_to_yen_a_day for body in client_bodies().values())
