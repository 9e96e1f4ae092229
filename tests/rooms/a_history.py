"""A payment's history as payments would show it, for those who draw it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sekisho.crossings.payments import (
    AttemptShown,
    DisputeShown,
    PaymentEvent,
    PaymentHistory,
    RefundShown,
)

AT = datetime(2026, 5, 1, 3, 4, 5, tzinfo=UTC)
"""12:04:05 on Tokyo's clocks."""


def a_history(reference: str, **changes: Any) -> PaymentHistory:
    """Return a captured payment of 12,500 yen with a refund under way and a lost dispute."""
    fields: dict[str, Any] = {
        "reference": reference,
        "payment_id": "pay_1",
        "client_body": "mihon_to",
        "site": "metropolitan_tax",
        "kind": "bill",
        "state": "captured",
        "status": "succeeded",
        "reason": "",
        "amount_yen": 12_500,
        "fee_yen": 110,
        "due_at": None,
        "operator_note": "",
        "events": [an_event()],
        "attempts": [an_attempt()],
        "refunds": [a_refund()],
        "disputes": [a_dispute()],
        "entries": [
            {"transfer": 7, "kind": "posted", "account": "acquirer", "amount_yen": 12_610},
            {"transfer": 7, "kind": "posted", "account": "payer", "amount_yen": -12_610},
        ],
    }
    return PaymentHistory(**(fields | changes))


def an_event(**changes: Any) -> PaymentEvent:
    fields: dict[str, Any] = {
        "at": AT,
        "from_state": "capture_requested",
        "to_state": "captured",
        "event": "captured",
        "by": "card_network",
        "why": "response code 00",
    }
    return PaymentEvent(**(fields | changes))


def an_attempt(**changes: Any) -> AttemptShown:
    fields: dict[str, Any] = {
        "number": 1,
        "entered_at": AT,
        "brand": "visa",
        "last_four": "1111",
        "issuer_bin": "41111111",
        "authentication": "authenticated",
        "eci": "05",
        "ds_transaction_id": "ds-1",
        "exemption": "",
        "liability": "issuer",
        "authorisation": "approved",
        "response_code": "00",
        "approval_code": "A1B2C3",
        "network_reference": "000000000042",
        "trace_number": "000017",
        "answered_at": AT,
        "guard": "",
    }
    return AttemptShown(**(fields | changes))


def a_refund(**changes: Any) -> RefundShown:
    fields: dict[str, Any] = {
        "refund_id": "refund_1",
        "payment_id": "pay_1",
        "amount_yen": 2_500,
        "fee_yen": 0,
        "status": "asked",
        "asked_at": AT,
        "finished_at": None,
        "left_yen": 10_110,
    }
    return RefundShown(**(fields | changes))


def a_dispute(**changes: Any) -> DisputeShown:
    fields: dict[str, Any] = {
        "case_number": "CB20260501001",
        "payment_id": "pay_1",
        "reference": "7K3M-9QXD-2F4H-6",
        "client_body": "mihon_to",
        "amount_yen": 12_610,
        "reason_code": "10.4",
        "respond_by": date(2026, 5, 31),
        "status": "lost",
        "received_at": AT,
        "answered_by": "sora",
        "ended_at": AT,
    }
    return DisputeShown(**(fields | changes))
