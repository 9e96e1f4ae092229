"""Ask for a refund. Small ones one person may order alone; what makes a large one of many small
ones is counted: what the payment gave back already, and what this person ordered alone today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.db.models.functions import Coalesce

from sekisho import evidence
from sekisho.client_desk.client_bodies import ClientBody
from sekisho.client_desk.errors import RefundRefused
from sekisho.client_desk.records.portal_models import RefundRequest
from sekisho.vocabulary.clock import TOKYO

MAX_REASON_CHARACTERS = 200
"""As payments keeps them."""
MIN_REASON_CHARACTERS = 3
OPEN_REQUESTS_LIMIT = 1_000
"""Requests of one body that wait for a second person; more are refused."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody typed. ``key``: made with the page, so that a form sent twice asks once.
    ``left_yen``, ``refunded_yen``: what the page showed of the payment."""

    key: str
    payment_id: str
    reference: str
    amount_yen: int
    fee_yen: int
    left_yen: int
    refunded_yen: int
    reason: str


def ask_refund(
    wish: Wish, *, client_body: str, body: ClientBody, by: Any, now: datetime
) -> RefundRequest:
    """Write the request down; ``approved`` at once when one person may. The connection shows
    ``client_body``'s rows. Raises ``RefundRefused`` naming the field."""
    _check(wish)
    try:
        with transaction.atomic():
            return _write(wish, client_body=client_body, body=body, by=by, now=now)
    except IntegrityError:
        found = RefundRequest.objects.filter(key=wish.key).first()
    if found is None or _differs(found, wish):
        raise RefundRefused("refund_asked_already", "amount_yen")
    return found


def _write(
    wish: Wish, *, client_body: str, body: ClientBody, by: Any, now: datetime
) -> RefundRequest:
    with connection.cursor() as cursor:
        # One at a time for this person, so that two forms sent at once are counted both.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [by.person_id])
    if RefundRequest.objects.filter(state="asked").count() >= OPEN_REQUESTS_LIMIT:
        raise RefundRefused("refund_too_many_open", "amount_yen")
    alone = may_alone(wish, body, ordered_alone_yen(by.person_id, now))
    request = RefundRequest.objects.create(
        client_body=client_body,
        key=wish.key,
        payment_id=wish.payment_id,
        reference=wish.reference,
        amount_yen=wish.amount_yen,
        fee_yen=wish.fee_yen,
        left_yen=wish.left_yen,
        reason=wish.reason,
        alone=alone,
        state="approved" if alone else "asked",
        asked_by=by.person_id,
        asked_by_name=by.name,
        asked_at=now,
    )
    evidence.append(
        kind="client_desk.refund_wanted",
        subject=request.request_id,
        facts={**facts_of(request), "alone": alone, "reason": request.reason},
    )
    return request


def may_alone(wish: Wish, body: ClientBody, ordered_today_yen: int) -> bool:
    """Return whether one person may order this refund."""
    total = wish.amount_yen + wish.fee_yen
    return (
        wish.refunded_yen + total <= body.refund_alone_up_to_yen
        and ordered_today_yen + total <= body.refund_alone_up_to_yen_a_day
    )


def ordered_alone_yen(person_id: str, now: datetime) -> int:
    """Return what a person ordered alone since Tokyo's midnight, refused ones left out."""
    midnight = now.astimezone(TOKYO).replace(hour=0, minute=0, second=0, microsecond=0)
    found = RefundRequest.objects.filter(
        asked_by=person_id, alone=True, asked_at__gte=midnight, asked_at__lt=midnight + _DAY
    ).exclude(state="refused")
    total = found.aggregate(total=Coalesce(Sum("amount_yen") + Sum("fee_yen"), 0))["total"]
    return int(total)


_DAY = timedelta(days=1)


def _check(wish: Wish) -> None:
    if not MIN_REASON_CHARACTERS <= len(wish.reason) <= MAX_REASON_CHARACTERS:
        raise RefundRefused("refund_reason_wrong", "reason")
    if wish.amount_yen < 0 or wish.fee_yen < 0 or wish.amount_yen + wish.fee_yen < 1:
        raise RefundRefused("refund_amount_wrong", "amount_yen")
    if wish.amount_yen + wish.fee_yen > wish.left_yen:
        raise RefundRefused("refund_more_than_left", "amount_yen")


def _differs(found: RefundRequest, wish: Wish) -> bool:
    return (found.payment_id, found.amount_yen, found.fee_yen, found.reason) != (
        wish.payment_id,
        wish.amount_yen,
        wish.fee_yen,
        wish.reason,
    )


def facts_of(request: RefundRequest) -> dict[str, str | int]:
    """Return what evidence says of every step."""
    return {
        "client_body": request.client_body,
        "payment": request.payment_id,
        "amount_yen": request.amount_yen,
        "fee_yen": request.fee_yen,
        "asked_by": request.asked_by,
    }
