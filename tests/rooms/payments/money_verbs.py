"""What may be said about money after the issuer's yes, for the world to say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sekisho.crossings import payments
from sekisho.crossings.message import Crossing
from sekisho.transport.doors import Caller
from tests.rooms.payments.callers import DESK, NETWORK, TERMINAL


class MoneyVerbs:
    """A part of ``World``: it says, shows and has the clock."""

    moment: datetime
    say: Callable[[Caller, Crossing[Any]], Any]
    show: Callable[[str], payments.PaymentShown]

    def money(self, payment_id: str, body: str = "mihon_to") -> payments.MoneyShown:
        shown: payments.MoneyShown = self.say(
            DESK, payments.ShowMoney(client_body=body, payment_id=payment_id)
        )
        return shown

    def refund(self, payment_id: str, key: str = "refund-1", **changed: Any) -> Any:
        fields: dict[str, Any] = {
            "client_body": "mihon_to",
            "key": key,
            "payment_id": payment_id,
            "amount_yen": 12_000,
            "fee_yen": 143,
            "left_yen": 12_143,
            "reason": "paid twice",
            "by": "hanako",
        }
        return self.say(DESK, payments.RefundPayment(**{**fields, **changed}))

    def refunded(self, payment_id: str, refund_id: str, result: Any = "refunded") -> None:
        self.say(
            NETWORK,
            payments.RefundOutcome(
                payment_id=payment_id,
                refund_id=refund_id,
                result=result,
                response_code="00",
                network_reference=f"net-{refund_id[-8:]}",
            ),
        )

    def charge_back(self, payment_id: str, case: str = "CB-1", **changed: Any) -> None:
        fields: dict[str, Any] = {
            "payment_id": payment_id,
            "case_number": case,
            "amount_yen": 12_143,
            "reason_code": "4853",
            "respond_by": date(2026, 12, 10),
        }
        self.say(NETWORK, payments.ChargebackReceived(**{**fields, **changed}))

    def answer(self, case: str = "CB-1", answer: Any = "contest", **changed: Any) -> Any:
        fields: dict[str, Any] = {
            "client_body": "mihon_to",
            "case_number": case,
            "answer": answer,
            "grounds": "authenticated by 3-D Secure",
            "by": "hanako",
        }
        return self.say(DESK, payments.AnswerDispute(**{**fields, **changed}))

    def decide(self, payment_id: str, result: Any, case: str = "CB-1") -> None:
        self.say(
            NETWORK,
            payments.DisputeEnded(payment_id=payment_id, case_number=case, result=result),
        )

    def disputes(self, body: str = "mihon_to", *, only_open: bool = True) -> list[Any]:
        message = payments.ListDisputes(client_body=body, limit=10, only_open=only_open)
        return list(self.say(DESK, message).disputes)

    def settle(self, *rows: payments.ClearingRow, day: date | None = None) -> Any:
        day = day or self.moment.date()
        return self.say(TERMINAL, payments.SettleRows(day=day, rows=list(rows)))

    def clearing(self, payment_id: str, **changed: Any) -> payments.ClearingRow:
        """Return the line that the network's clearing has for a captured payment."""
        fields: dict[str, Any] = {
            "line": 2,
            "kind": "capture",
            "reference": self.show(payment_id).reference,
            "network_reference": "ref-1",
            "amount_yen": 12_143,
        }
        return payments.ClearingRow(**{**fields, **changed})
