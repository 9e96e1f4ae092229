"""A second person says yes or no; then payments is told. The database holds that the second person
is another one, and that a decision is never taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from sekisho import evidence, transport
from sekisho.client_desk.errors import RefundRefused, RefundUnknown
from sekisho.client_desk.records.portal_models import RefundRequest
from sekisho.client_desk.refunds.ask_refund import MAX_REASON_CHARACTERS, facts_of
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import RefundPayment
from sekisho.crossings.repeating import IN_FLIGHT
from sekisho.transport import TransportError

MAX_BY_CHARACTERS = 100
"""Of the names that payments keeps."""


def find_request(request_id: str, *, lock: bool = False) -> RefundRequest:
    """Return a request of the body in view. Raises ``RefundUnknown``."""
    rows = RefundRequest.objects.select_for_update() if lock else RefundRequest.objects
    found = rows.filter(request_id=request_id).first()
    if found is None:
        raise RefundUnknown(request_id)
    return found


def approve(request_id: str, *, by: Any, now: datetime) -> RefundRequest:
    """The second person agrees; ``by`` has just proven their second factor. Said again by the same
    person it is the same. Raises ``RefundUnknown``, ``RefundRefused``."""
    with transaction.atomic():
        request = find_request(request_id, lock=True)
        if request.state in ("approved", "done") and request.decided_by == by.person_id:
            return request
        if request.state != "asked":
            raise RefundRefused("refund_decided_already", "decision")
        if request.asked_by == by.person_id:
            raise RefundRefused("refund_own", "decision")
        if by.roles_given_by == request.asked_by:
            # Else an administrator could invite a second self to approve with.
            raise RefundRefused("refund_by_own_choice", "decision")
        _decide(request, "approved", by=by, now=now)
    return request


def refuse(request_id: str, note: str, *, by: Any, now: datetime) -> RefundRequest:
    """The second person says no, or the asker takes the wish back. Raises ``RefundUnknown``,
    ``RefundRefused``."""
    if len(note) > MAX_REASON_CHARACTERS:
        raise RefundRefused("refund_note_wrong", "note")
    with transaction.atomic():
        request = find_request(request_id, lock=True)
        if request.state == "refused" and request.decided_by == by.person_id:
            return request
        if request.state != "asked":
            raise RefundRefused("refund_decided_already", "decision")
        _decide(request, "refused", by=by, now=now, note=note)
    return request


def _decide(request: RefundRequest, state: str, *, by: Any, now: datetime, note: str = "") -> None:
    request.state, request.note, request.decided_at = state, note, now
    request.decided_by, request.decided_by_name = by.person_id, by.name
    request.save(update_fields=["state", "note", "decided_at", "decided_by", "decided_by_name"])
    evidence.append(
        kind=f"client_desk.refund_{state}",
        subject=request.request_id,
        facts={**facts_of(request), "by": by.person_id},
    )


def say_to_payments(request: RefundRequest) -> RefundRequest:
    """Say an approved request to payments; its key is the request's id, so saying it again gives
    back nothing twice. Stays ``approved`` while payments is away, and is said again later."""
    if request.state != "approved":
        return request
    try:
        refund = transport.cross(message_of(request))
    except Refusal as refusal:
        if refusal.code == IN_FLIGHT:
            return request
        return _end(request, "refused", problem=refusal.code)
    except TransportError:
        return request
    return _end(request, "done", refund_id=refund.refund_id)


def message_of(request: RefundRequest) -> RefundPayment:
    """Return what payments is told."""
    by = request.asked_by_name
    if request.decided_by_name:
        by = f"{by} + {request.decided_by_name}"
    return RefundPayment(
        client_body=request.client_body,
        key=request.request_id,
        payment_id=request.payment_id,
        amount_yen=request.amount_yen,
        fee_yen=request.fee_yen,
        left_yen=request.left_yen,
        reason=request.reason,
        by=by[:MAX_BY_CHARACTERS],
    )


def _end(
    request: RefundRequest, state: str, *, refund_id: str = "", problem: str = ""
) -> RefundRequest:
    with transaction.atomic():
        found = find_request(request.request_id, lock=True)
        if found.state != "approved":
            return found
        found.state, found.refund_id, found.problem = state, refund_id, problem
        found.save(update_fields=["state", "refund_id", "problem"])
        evidence.append(
            kind=f"client_desk.refund_{'ordered' if state == 'done' else 'not_taken'}",
            subject=found.request_id,
            facts={**facts_of(found), "refund": refund_id, "problem": problem},
        )
    return found
