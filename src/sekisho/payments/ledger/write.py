"""Write transfers, each in the transaction of the edge it belongs to. The database function does
the writing: it refuses a second pending transfer, a post or void without one, another amount."""

from __future__ import annotations

from sekisho.payments.ledger.entry import Leg, pending_legs, posted_legs
from sekisho.payments.move_payment import Payment
from sekisho.payments.records.session import Rows


def open_pending(rows: Rows, payment: Payment) -> None:
    """Open the claim of a payment that was confirmed; a check of 0 yen has none."""
    if payment.total_yen:
        _write(
            rows,
            payment,
            "pending",
            pending_legs(payment.amount_yen, payment.fee_yen, payment.fee_tax_yen),
        )


def post(rows: Rows, payment: Payment) -> None:
    """Post the claim: the money was captured."""
    legs = posted_legs(payment.amount_yen, payment.fee_yen, payment.fee_tax_yen)
    _write(rows, payment, "posted", legs)


def void(rows: Rows, payment: Payment) -> None:
    """End the claim without money; a check of 0 yen has none."""
    if payment.total_yen:
        _write(rows, payment, "voided", [])


def _write(rows: Rows, payment: Payment, kind: str, legs: list[Leg]) -> None:
    rows.one(
        "SELECT write_transfer(%s, %s, %s, %s::text[], %s::bigint[])",
        [
            payment.id,
            payment.client_body,
            kind,
            [leg.account for leg in legs],
            [leg.amount_yen for leg in legs],
        ],
    )
