"""Payments as the API's tests know it: every body's bills, links, payments, refunds in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import msgspec

from sekisho.crossings import payments as p
from sekisho.crossings.hook_sender import AddressChecked, CheckAddress
from sekisho.crossings.message import Crossing, Refusal
from sekisho.vocabulary.identifiers import new_id, new_reference
from tests.rooms.client_desk.specimens import specimen

MOMENT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
_Struct = TypeVar("_Struct", bound=msgspec.Struct)


def bill_of(client_body: str, given: p.BillGiven, bill_id: str) -> p.BillShown:
    """Return a bill as payments shows it."""
    facts = {name: getattr(given, name) for name in given.__struct_fields__}
    facts.pop("confirmation_number")
    return p.BillShown(
        bill_id=bill_id,
        client_body=client_body,
        test=client_body.endswith("_test"),
        changed_at=MOMENT,
        state="unpaid",
        payment_id=None,
        reference=None,
        **facts,
    )


def payment_of(client_body: str, **changes: Any) -> p.PaymentLine:
    """Return a captured payment of a body."""
    facts: dict[str, Any] = {
        "payment_id": new_id("pay"),
        "reference": new_reference(),
        "client_body": client_body,
        "test": client_body.endswith("_test"),
        "site": "metropolitan_tax",
        "kind": "bill",
        "status": "succeeded",
        "reason": "",
        "amount_yen": 34000,
        "fee_yen": 267,
        "fee_tax_yen": 24,
        "total_yen": 34267,
        "refunded_yen": 0,
        "bill_id": new_id("bill"),
        "payment_number": "4" * 20,
        "item_ja": "固定資産税",
        "item_en": "Fixed assets tax",
        "policy_number": None,
        "brand": "visa",
        "last_four": "1111",
        "started_at": MOMENT,
        "finished_at": MOMENT,
        "settled": False,
    }
    return p.PaymentLine(**(facts | changes))


@dataclass
class PayingBodies:
    """A crosser. ``said``: every message that came; ``away``: raised instead of an answer."""

    said: list[Crossing[Any]] = field(default_factory=list)
    away: Exception | None = None
    bills: dict[str, p.BillShown] = field(default_factory=dict)
    links: dict[str, p.LinkShown] = field(default_factory=dict)
    payments: dict[str, p.PaymentLine] = field(default_factory=dict)
    refunds: dict[str, p.RefundLine] = field(default_factory=dict)
    orders: dict[tuple[str, str], Any] = field(default_factory=dict)
    disputes: dict[str, p.DisputeShown] = field(default_factory=dict)
    changes: dict[type, dict[str, Any]] = field(default_factory=dict)
    more: dict[type, Callable[[Any], Any]] = field(default_factory=dict)

    def cross(self, message: Crossing[Any], *, seconds: float) -> Any:
        """Answer as payments would."""
        self.said.append(message)
        if self.away is not None:
            raise self.away
        # What can't be sent or read must fail here too.
        msgspec.msgpack.decode(msgspec.msgpack.encode(message), type=type(message))
        if type(message) in self.more:
            return self.more[type(message)](message)
        return getattr(self, "_" + type(message).__name__)(message)

    def add_payment(self, client_body: str, **changes: Any) -> p.PaymentLine:
        """Let a body have a payment."""
        payment = payment_of(client_body, **changes)
        self.payments[payment.payment_id] = payment
        return payment

    def add_dispute(self, client_body: str, case_number: str) -> None:
        """Let a body have a dispute."""
        self.disputes[case_number] = p.DisputeShown(
            case_number=case_number,
            payment_id=new_id("pay"),
            reference=new_reference(),
            client_body=client_body,
            amount_yen=34267,
            reason_code="10.4",
            respond_by=date(2026, 12, 24),
            status="open",
            received_at=MOMENT,
            answered_by="",
            ended_at=None,
        )

    def _own(self, kept: dict[str, _Struct], message: Any, name: str, code: str) -> _Struct:
        found = kept.get(getattr(message, name))
        if found is None or found.client_body != message.client_body:  # type: ignore[attr-defined]
            raise Refusal(code, "", name)
        return found

    def _listed(self, kept: dict[str, _Struct], message: Any) -> tuple[list[_Struct], str | None]:
        rows = [one for one in kept.values() if one.client_body == message.client_body]  # type: ignore[attr-defined]
        at = int(message.cursor or 0) if (message.cursor or "0").isdigit() else -1
        if at < 0:
            raise Refusal("cursor_wrong", "", "cursor")
        end = at + message.limit
        return rows[at:end], str(end) if end < len(rows) else None

    def _once(self, message: Any, make: Callable[[], Any]) -> Any:
        place = (message.client_body, message.key)
        if place not in self.orders:
            self.orders[place] = make()
        return self.orders[place]

    # --- bills and links ---

    def _PutBill(self, message: p.PutBill) -> Any:
        def make() -> Any:
            bill = bill_of(message.client_body, message.bill, new_id("bill"))
            self.bills[bill.bill_id] = bill
            return bill

        return self._once(message, make)

    def _ShowBill(self, message: p.ShowBill) -> Any:
        return self._own(self.bills, message, "bill_id", "bill_unknown")

    def _WithdrawBill(self, message: p.WithdrawBill) -> Any:
        bill = self._own(self.bills, message, "bill_id", "bill_unknown")
        self.bills[bill.bill_id] = msgspec.structs.replace(bill, state="withdrawn")
        return self.bills[bill.bill_id]

    def _FindBills(self, message: p.FindBills) -> Any:
        rows, cursor = self._listed(self.bills, message)
        return p.BillsFound(bills=rows, next_cursor=cursor)

    def _CreateLink(self, message: p.CreateLink) -> Any:
        if (message.bill_id is None) == (message.to_pay is None):
            raise Refusal("what_wrong", "either bill_id or to_pay")
        if message.bill_id is not None:
            self._own(self.bills, message, "bill_id", "bill_unknown")
        asked = message.to_pay or p.ToPay(
            amount_yen=100, item_ja="税", item_en="Tax", reference="4" * 20
        )

        def make() -> Any:
            link = p.LinkShown(
                link_id=new_id("link"),
                client_body=message.client_body,
                test=message.client_body.endswith("_test"),
                site=message.site or "metropolitan_tax",
                path="/pay/" + "t" * 43,
                state="open",
                bill_id=message.bill_id or new_id("bill"),
                payment_number=asked.reference,
                item_ja=asked.item_ja,
                item_en=asked.item_en,
                amount_yen=asked.amount_yen,
                fee_yen=100,
                total_yen=asked.amount_yen + 100,
                return_url=message.return_url,
                created_at=MOMENT,
                created_by=message.by,
                expires_at=message.expires_at or MOMENT,
                payment_id=None,
                reference=None,
            )
            self.links[link.link_id] = link
            return link

        return self._once(message, make)

    def _ShowLink(self, message: p.ShowLink) -> Any:
        return self._own(self.links, message, "link_id", "link_unknown")

    def _CancelLink(self, message: p.CancelLink) -> Any:
        link = self._own(self.links, message, "link_id", "link_unknown")
        return msgspec.structs.replace(link, state="cancelled")

    def _FindLinks(self, message: p.FindLinks) -> Any:
        rows, cursor = self._listed(self.links, message)
        return p.LinksFound(links=rows, next_cursor=cursor)

    # --- payments ---

    def _FindPayments(self, message: p.FindPayments) -> Any:
        rows, cursor = self._listed(self.payments, message)
        return p.PaymentsFound(payments=rows, next_cursor=cursor)

    def _ShowPaymentOfBody(self, message: p.ShowPaymentOfBody) -> Any:
        payment = self._own(self.payments, message, "payment_id", "payment_unknown")
        return p.PaymentOfBody(
            payment=payment,
            steps=[
                p.PaymentStep(
                    at=MOMENT,
                    status="succeeded",
                    event="captured",
                    who="payer",
                    person="",
                    reason="",
                )
            ],
            cards=[
                p.CardTried(
                    number=1,
                    entered_at=MOMENT,
                    brand="visa",
                    last_four="1111",
                    eci="05",
                    authenticated=True,
                    exemption="",
                    liability="issuer",
                    outcome="approved",
                )
            ],
            refunds=[],
            disputes=[],
            left_yen=payment.total_yen,
            left_fee_yen=payment.fee_yen,
            capture_by=None,
            link_id=None,
        )

    def _money(self, message: Any) -> Any:
        payment = self._own(self.payments, message, "payment_id", "payment_unknown")
        return p.MoneyShown(
            payment_id=payment.payment_id,
            reference=payment.reference,
            state="captured",
            captured_yen=payment.total_yen,
            refunded_yen=0,
            left_yen=payment.total_yen,
            capture_by=None,
        )

    _CapturePayment = _VoidPayment = _money

    def _RefundPayment(self, message: p.RefundPayment) -> Any:
        payment = self._own(self.payments, message, "payment_id", "payment_unknown")
        if message.amount_yen + message.fee_yen < 1:
            raise Refusal("amount_wrong", "at least 1 yen", "amount_yen")
        if message.left_yen != payment.total_yen:
            raise Refusal("left_changed", f"{payment.total_yen}", "left_yen")

        def make() -> Any:
            refund = p.RefundShown(
                refund_id=new_id("rfd"),
                payment_id=payment.payment_id,
                amount_yen=message.amount_yen,
                fee_yen=message.fee_yen,
                status="asked",
                asked_at=MOMENT,
                finished_at=None,
                left_yen=payment.total_yen - message.amount_yen - message.fee_yen,
            )
            self.refunds[refund.refund_id] = p.RefundLine(
                refund_id=refund.refund_id,
                client_body=message.client_body,
                payment_id=payment.payment_id,
                reference=payment.reference,
                payment_number=payment.payment_number,
                amount_yen=message.amount_yen,
                fee_yen=message.fee_yen,
                status="asked",
                reason=message.reason,
                asked_by=message.by,
                asked_at=MOMENT,
                finished_at=None,
                settled=False,
            )
            return refund

        return self._once(message, make)

    def _FindRefunds(self, message: p.FindRefunds) -> Any:
        kept = self.refunds
        if message.refund_id is not None:
            kept = {key: one for key, one in kept.items() if key == message.refund_id}
        rows, cursor = self._listed(kept, message)
        return p.RefundsFound(refunds=rows, next_cursor=cursor)

    def _ListDisputes(self, message: p.ListDisputes) -> Any:
        own = [one for one in self.disputes.values() if one.client_body == message.client_body]
        return p.DisputesShown(disputes=own[: message.limit])

    def _AnswerDispute(self, message: p.AnswerDispute) -> Any:
        found = self._own(self.disputes, message, "case_number", "dispute_unknown")
        status = "accepted" if message.answer == "accept" else "contested"
        return msgspec.structs.replace(found, status=status, answered_by=message.by)

    # --- what only has specimens ---

    def _specimen(self, message: Any) -> Any:
        return specimen(type(message).reply, **self.changes.get(type(message), {}))

    _ListEnrolments = _ShowEnrolment = _EndEnrolment = _ReinstateEnrolment = _specimen
    _AskCardChange = _ListChargeRuns = _ShowChargeRun = _ListChargeItems = _specimen
    _ListSettlements = _ShowSettlement = _ReconciliationLines = _specimen
    _ListPayouts = _ShowPayout = _specimen

    # --- the sender of webhooks ---

    def _CheckAddress(self, message: CheckAddress) -> Any:
        if not message.url.startswith("https://hooks."):
            return AddressChecked(url="", wrong="not_public", detail="no such host")
        return AddressChecked(url=message.url)
