"""Payments as the desk's portal meets it: some payments, refunds by key, disputes, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sekisho import transport
from sekisho.crossings import payments as said
from sekisho.crossings.message import Refusal
from sekisho.transport import CrossingUnavailable
from sekisho.vocabulary.clock import business_date, now

AT = datetime(2026, 11, 20, 3, 4, 5, tzinfo=UTC)
PAYMENT = "pay_" + "0" * 25 + "1"
HELD = "pay_" + "0" * 25 + "2"
TEST_PAYMENT = "tpay_" + "0" * 25 + "3"
CASE = "CB0001"


def a_line(**changes: Any) -> said.PaymentLine:
    """A captured payment of 120,000 yen and its fee."""
    fields: dict[str, Any] = {
        "payment_id": PAYMENT,
        "reference": "7K3M-9QXD-2F4H-T",
        "client_body": "mihon_to",
        "test": False,
        "site": "metropolitan_tax",
        "kind": "bill",
        "status": "succeeded",
        "reason": "",
        "amount_yen": 120_000,
        "fee_yen": 990,
        "fee_tax_yen": 90,
        "total_yen": 120_990,
        "refunded_yen": 0,
        "bill_id": "bill_1",
        "payment_number": "20260000000000000001",
        "item_ja": "固定資産税",
        "item_en": "Property tax",
        "policy_number": None,
        "brand": "visa",
        "last_four": "1111",
        "started_at": AT,
        "finished_at": AT + timedelta(minutes=2),
        "settled": False,
    }
    return said.PaymentLine(**(fields | changes))


def a_dispute(**changes: Any) -> said.DisputeShown:
    fields: dict[str, Any] = {
        "case_number": CASE,
        "payment_id": PAYMENT,
        "reference": "7K3M-9QXD-2F4H-T",
        "client_body": "mihon_to",
        "amount_yen": 120_990,
        "reason_code": "10.4",
        "respond_by": business_date(now()) + timedelta(days=3),
        "status": "open",
        "received_at": AT,
        "answered_by": "",
        "ended_at": None,
    }
    return said.DisputeShown(**(fields | changes))


class Payments:
    """Answers the desk; ``heard`` is what was said. ``away``: not reached; ``refuses``: a code."""

    def __init__(self) -> None:
        self.lines = {
            PAYMENT: a_line(),
            HELD: a_line(payment_id=HELD, status="authorised", reference="8K3M-9QXD-2F4H-T"),
            TEST_PAYMENT: a_line(
                payment_id=TEST_PAYMENT, client_body="mihon_to_test", reference="9K3M-9QXD-2F4H-T"
            ),
        }
        self.refunds: dict[str, said.RefundPayment] = {}
        self.heard: list[Any] = []
        self.disputes = [a_dispute()]
        self.away = False
        self.refuses = ""

    def cross(self, message: Any, *, seconds: float = 10.0) -> Any:
        if self.away:
            raise CrossingUnavailable("payments is away")
        answer = getattr(self, f"_{type(message).__name__}", None)
        if answer is None:
            # What other topics ask on the home page.
            raise CrossingUnavailable("payments does not say")
        self.heard.append(message)
        return answer(message)

    def left(self, payment_id: str) -> int:
        given = [one for one in self.refunds.values() if one.payment_id == payment_id]
        total = self.lines[payment_id].total_yen
        return total - sum(one.amount_yen + one.fee_yen for one in given)

    def _ListChargeRuns(self, _: said.ListChargeRuns) -> said.ChargeRunsShown:
        return said.ChargeRunsShown(runs=[], next="")

    def _FindPayments(self, message: said.FindPayments) -> said.PaymentsFound:
        own = [line for line in self.lines.values() if line.client_body == message.client_body]
        wanted = [line for line in own if message.reference in (None, line.reference)]
        if message.cursor is None and len(wanted) > 1:
            return said.PaymentsFound(payments=wanted[:1], next_cursor="bmV4dA")
        rest = wanted if message.cursor is None else wanted[1:]
        return said.PaymentsFound(payments=rest, next_cursor=None)

    def _ShowPaymentOfBody(self, message: said.ShowPaymentOfBody) -> said.PaymentOfBody:
        line = self.lines.get(message.payment_id)
        if line is None or line.client_body != message.client_body:
            raise Refusal("payment_unknown", "", "payment_id")
        captured = line.status == "succeeded"
        step = said.PaymentStep(
            at=AT, status=line.status, event="captured", who="card_company", person="", reason=""
        )
        card = said.CardTried(
            number=1,
            entered_at=AT,
            brand="visa",
            last_four="1111",
            authenticated=True,
            eci="05",
            exemption="",
            liability="issuer",
            outcome="approved",
        )
        return said.PaymentOfBody(
            payment=line,
            steps=[step],
            cards=[card],
            refunds=[],
            disputes=[],
            left_yen=self.left(line.payment_id) if captured else 0,
            left_fee_yen=line.fee_yen if captured else 0,
            capture_by=None if captured else now() + timedelta(hours=5),
            link_id=None,
        )

    def _RefundPayment(self, message: said.RefundPayment) -> said.RefundShown:
        if self.refuses:
            raise Refusal(self.refuses)
        earlier = self.refunds.get(message.key)
        if earlier is None and message.left_yen != self.left(message.payment_id):
            raise Refusal("left_changed")
        self.refunds[message.key] = message
        return said.RefundShown(
            refund_id="rfd_" + "0" * 26,
            payment_id=message.payment_id,
            amount_yen=message.amount_yen,
            fee_yen=message.fee_yen,
            status="asked",
            asked_at=AT,
            finished_at=None,
            left_yen=self.left(message.payment_id),
        )

    def _money(self, message: Any) -> said.MoneyShown:
        if self.refuses:
            raise Refusal(self.refuses)
        line = self.lines[message.payment_id]
        return said.MoneyShown(
            payment_id=line.payment_id,
            reference=line.reference,
            state="captured",
            captured_yen=line.total_yen,
            refunded_yen=0,
            left_yen=line.total_yen,
            capture_by=None,
        )

    _CapturePayment = _VoidPayment = _money

    def _ListDisputes(self, message: said.ListDisputes) -> said.DisputesShown:
        found = [one for one in self.disputes if one.client_body == message.client_body]
        return said.DisputesShown(disputes=found)

    def _AnswerDispute(self, message: said.AnswerDispute) -> said.DisputeShown:
        if self.refuses:
            raise Refusal(self.refuses)
        status = "contested" if message.answer == "contest" else "accepted"
        self.disputes = [a_dispute(status=status, answered_by=message.by)]
        return self.disputes[0]


@pytest.fixture
def payments() -> Iterator[Payments]:
    """Payments behind the desk's crossings."""
    found = Payments()
    transport.use(found)
    yield found
    transport.use(None)
