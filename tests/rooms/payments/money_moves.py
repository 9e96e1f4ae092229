"""What may happen to money after the issuer's yes, for the state machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sekisho.crossings import payments
from tests.rooms.payments.network_money import NetworkMoney
from tests.rooms.payments.world import DESK, TERMINAL, World, rows_of

AMOUNTS = (1, 143, 5_000, 6_000, 12_000, 12_001, 12_143, 0)


class MoneyMoves:
    """Moves of the client body, of cardholders and of the clearing; each takes one number."""

    world: World
    tabs: list[tuple[str, str, int]]
    money: NetworkMoney
    outcomes: list[Any]
    _try: Callable[[Any], None]

    def _in(self, *states: str) -> list[str]:
        """Return the payments in these states (in any, without), in the order of their tabs."""
        found = dict(rows_of("SELECT id, state FROM payment WHERE attempt > 0"))
        return [
            payment_id
            for payment_id in dict.fromkeys(tab[0] for tab in self.tabs)
            if payment_id in found and (not states or found[payment_id] in states)
        ]

    def _one_of(self, number: int, *states: str) -> str | None:
        """Return one of these states, now and then of any."""
        fitting = self._in(*states) if number % 8 else self._in()
        fitting = fitting or self._in()
        return fitting[number // 8 % len(fitting)] if fitting else None

    def capture_or_void(self, number: int) -> None:
        payment_id = self._one_of(number, "authorised")
        if payment_id is None:
            return
        if number % 2:
            message: Any = payments.CapturePayment(
                client_body="mihon_to", payment_id=payment_id, by="hanako"
            )
        else:
            message = payments.VoidPayment(
                client_body="mihon_to", payment_id=payment_id, reason="not wanted", by="hanako"
            )
        self._try(lambda: self.world.say(DESK, message))

    def refund(self, number: int) -> None:
        """Any amount, of what was left or of what somebody saw a while ago."""
        payment_id = self._one_of(number, "captured", "settled")
        if payment_id is None:
            return
        left = self.world.money(payment_id).left_yen if number % 9 else AMOUNTS[number // 9 % 8]
        bill, fee = AMOUNTS[number // 16 % 8], (0, 143, 0, 70, 0, 200)[number // 128 % 6]
        key = f"refund-{number % 500}"
        self._try(
            lambda: self.world.refund(
                payment_id, key, amount_yen=bill, fee_yen=fee, left_yen=left, reason="paid twice"
            )
        )

    def charge_back(self, number: int) -> None:
        """The network takes money back; the word of it comes when outcomes are said."""
        said = self.money.charge_back(number, self.world.moment.date())
        if said is not None:
            self.outcomes.append(said)

    def withdraw_case(self, number: int) -> None:
        said = self.money.withdraw(number)
        if said is not None:
            self.outcomes.append(said)

    def answer_case(self, number: int) -> None:
        cases = sorted(self.money.cases)
        if cases:
            case = cases[number % len(cases)]
            answer = "contest" if number // 5 % 3 else "accept"
            self._try(lambda: self.world.answer(case, answer))

    def clearing_comes(self, number: int) -> None:
        """The clearing's lines, some days twice; what it has too early comes again."""
        references = dict(rows_of("SELECT id, reference FROM payment"))
        of = {reference: payment_id for payment_id, reference in references.items()}
        rows = self.money.clearing(references)
        for row in rows if number % 2 else rows[: number // 2 % 4]:
            for _ in range(1 + number // 3 % 2):
                message = payments.SettleRows(day=self.world.moment.date(), rows=[row])
                told: payments.RowsSettled = self.world.say(TERMINAL, message)
                if not told.differences:
                    self.money.was_paid(row, of[row.reference])
