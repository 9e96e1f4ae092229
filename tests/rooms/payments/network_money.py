"""The network's own account of captured money: what it gave back, took back and paid out."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from sekisho.crossings import card_network, payments

REFUND_FATES = ["refunded", "refused", "lost_yes", "lost_no", "refunded", "lost_yes"]

Case = Literal["open", "contested", "won", "lost"]


class NetworkMoney:
    """Amounts in yen, by payment; every refund and case ends one way, whatever was said of it."""

    def __init__(self) -> None:
        self.captured: dict[str, int] = {}
        self.refunds: dict[str, tuple[str, int, bool]] = {}
        """Payment, amount, whether it was made."""
        self.cases: dict[str, tuple[str, int, Case]] = {}
        self.paid: set[tuple[str, str]] = set()
        """What the clearing had: kind and number."""

    def refund(self, order: card_network.Refund, choice: int) -> payments.RefundOutcome:
        """Act once; asked again the network says what it did."""
        known = order.refund_id in self.refunds
        fate = REFUND_FATES[choice % 6]
        if not known:
            given = self.given_back(order.payment_id)
            assert given + order.amount_yen <= self.captured[order.payment_id], "gave too much back"
            made = fate in ("refunded", "lost_yes")
            self.refunds[order.refund_id] = (order.payment_id, order.amount_yen, made)
        payment_id, amount_yen, made = self.refunds[order.refund_id]
        assert (payment_id, amount_yen) == (order.payment_id, order.amount_yen)
        lost = not known and fate.startswith("lost")
        return payments.RefundOutcome(
            payment_id=payment_id,
            refund_id=order.refund_id,
            result="unknown" if lost else "refunded" if made else "refused",
            response_code="00",
            network_reference="" if lost else f"net-{order.refund_id}",
        )

    def given_back(self, payment_id: str) -> int:
        """Return what was refunded of a payment."""
        return sum(yen for of, yen, made in self.refunds.values() if made and of == payment_id)

    def charge_back(self, number: int, today: date) -> payments.ChargebackReceived | None:
        """Take money of a captured payment back, in part or whole; at most once for each."""
        free = sorted(set(self.captured) - {of for of, _, _ in self.cases.values()})
        if not free:
            return None
        payment_id = free[number % len(free)]
        whole = self.captured[payment_id]
        yen = (whole, 1, whole // 2, whole - 1)[number // 7 % 4]
        case = f"CB-{len(self.cases)}"
        self.cases[case] = (payment_id, yen, "open")
        return payments.ChargebackReceived(
            payment_id=payment_id,
            case_number=case,
            amount_yen=yen,
            reason_code="4853",
            respond_by=date.fromordinal(today.toordinal() + 10),
        )

    def answered(self, order: card_network.AnswerChargeback, choice: int) -> list[Any]:
        """An acceptance is the end; a contest is decided, once."""
        payment_id, yen, state = self.cases[order.case_number]
        if state in ("won", "lost"):
            return []
        if order.answer == "accept":
            self.cases[order.case_number] = (payment_id, yen, "lost")
            return []
        return [self._decide(order.case_number, "won" if choice % 2 else "lost")]

    def withdraw(self, number: int) -> payments.DisputeEnded | None:
        """The issuer takes an open case back."""
        open_cases = [case for case, (_, _, state) in self.cases.items() if state == "open"]
        return self._decide(open_cases[number % len(open_cases)], "won") if open_cases else None

    def _decide(self, case: str, result: Literal["won", "lost"]) -> payments.DisputeEnded:
        payment_id, yen, _ = self.cases[case]
        self.cases[case] = (payment_id, yen, result)
        return payments.DisputeEnded(payment_id=payment_id, case_number=case, result=result)

    def clearing(self, references: dict[str, str]) -> list[payments.ClearingRow]:
        """Return what was not paid out yet, by the payer's references."""
        rows = [("capture", of, "N", yen) for of, yen in self.captured.items()]
        rows += [
            ("refund", of, f"net-{refund}", yen)
            for refund, (of, yen, made) in self.refunds.items()
            if made
        ]
        rows += [("chargeback", of, case, yen) for case, (of, yen, _) in self.cases.items()]
        rows += [
            ("representment", of, case, yen)
            for case, (of, yen, state) in self.cases.items()
            if state == "won"
        ]
        open_rows = [row for row in rows if self._number(row) not in self.paid]
        return [
            payments.ClearingRow(
                line=line,
                kind=kind,  # type: ignore[arg-type]
                reference=references[of],
                network_reference=number,
                amount_yen=yen,
            )
            for line, (kind, of, number, yen) in enumerate(open_rows, start=2)
        ]

    def _number(self, row: tuple[str, str, str, int]) -> tuple[str, str]:
        kind, of, number, _ = row
        return (kind, of if kind == "capture" else number)

    def was_paid(self, row: payments.ClearingRow, payment_id: str) -> None:
        """The other side has booked a line of the clearing."""
        number = payment_id if row.kind == "capture" else row.network_reference
        self.paid.add((row.kind, number))

    def in_the_bank(self) -> int:
        """Return what the network paid in the end."""
        lost = sum(yen for _, yen, state in self.cases.values() if state != "won")
        given = sum(yen for _, yen, made in self.refunds.values() if made)
        return sum(self.captured.values()) - given - lost
