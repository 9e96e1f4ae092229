"""What payments is told of an order (of an authentication: see three_d_secure)."""

from __future__ import annotations

from typing import Any

from sekisho.card_network.records.models import Order
from sekisho.crossings import payments as told
from sekisho.crossings.message import Crossing
from sekisho.transport.outbox import post

SILENT_KINDS = frozenset({Order.Kind.UNDO, Order.Kind.ANSWER})
"""Orders whose end payments is not told: its authorisation's outcome says it, or the network's
decision of the case."""


def outcome_of(order: Order, result: Any) -> Crossing[Any]:
    """Return what payments is told of ``order``, which is of no silent kind."""
    match Order.Kind(order.kind):
        case Order.Kind.AUTHORISE:
            return told.AuthorisationOutcome(
                payment_id=order.payment_id,
                attempt=order.attempt,
                result=result,
                response_code=order.response_code,
                approval_code=order.approval_code,
                network_reference=order.retrieval_reference or "",
                trace_number=order.trace_number or "",
            )
        case Order.Kind.REFUND:
            return told.RefundOutcome(
                payment_id=order.payment_id,
                refund_id=order.part,
                result=result,
                response_code=order.response_code,
                network_reference=order.retrieval_reference or "",
            )
        case Order.Kind.CAPTURE:
            return told.CaptureOutcome(
                payment_id=order.payment_id,
                attempt=order.attempt,
                result=result,
                response_code=order.response_code,
            )
        case _:
            return told.ReversalOutcome(
                payment_id=order.payment_id,
                attempt=order.attempt,
                result=result,
                response_code=order.response_code,
            )


def tell(order: Order, result: str) -> None:
    """Post the outcome of ``order`` in the current transaction, if its kind is told."""
    if order.kind not in SILENT_KINDS:
        post(outcome_of(order, result))


def tell_again(order: Order) -> None:
    """Post a known outcome once more, for a sender that asks again. Not for authentications."""
    if order.result and order.kind not in (*SILENT_KINDS, Order.Kind.AUTHENTICATE):
        post(outcome_of(order, order.result), key=f"again-{order.id}")
