"""Any days of captures, refunds, chargebacks, won and lost disputes, payouts made and returned:
each day balances to the yen, and at the end the books hold nothing that nobody is owed."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sekisho.crossings import payments
from sekisho.crossings.message import Refusal
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.payout_hands import BODY, Days, account
from tests.rooms.payments.world import World, rows_of

EXPECTED = {"amount_wrong", "in_dispute", "left_changed", "dispute_over", "dispute_answered"}

acts = st.one_of(
    st.tuples(st.just("pay"), st.integers(1, 99_000), st.just(0)),
    st.tuples(st.just("give_back"), st.integers(0, 5), st.integers(0, 100)),
    st.tuples(st.just("charge_back"), st.integers(0, 5), st.integers(1, 100)),
    st.tuples(st.sampled_from(["accept", "won", "lost"]), st.integers(0, 5), st.just(0)),
    st.tuples(st.sampled_from(["pay_out", "bank_returns"]), st.just(0), st.just(0)),
)
calendar = st.lists(st.lists(acts, min_size=1, max_size=5), min_size=1, max_size=4)


class Business:
    """Does what was drawn, as far as it is allowed."""

    def __init__(self, days: Days) -> None:
        self.days = days
        self.paid: list[str] = []
        self.cases: list[tuple[str, str, int]] = []
        self.made_yen = 0

    def act(self, what: str, number: int, share: int) -> None:
        with suppress(IndexError):
            getattr(self, f"_{what}")(number, share)

    def _pay(self, amount_yen: int, _: int) -> None:
        self.paid.append(self.days.pay(amount_yen))

    def _give_back(self, number: int, share: int) -> None:
        payment_id = self.paid[number]
        left = self.days.world.money(payment_id)
        bill = (left.captured_yen - 200) * share // 100
        with expected():
            self.days.give_back(payment_id, max(0, bill), share % 7)

    def _charge_back(self, number: int, share: int) -> None:
        payment_id = self.paid[number]
        case, yen = f"CB-{len(self.cases)}", max(1, self.days.paid[payment_id] * share // 100)
        self.days.charge_back(payment_id, case, yen)
        self.cases.append((payment_id, case, yen))

    def _accept(self, number: int, _: int) -> None:
        with expected():
            self.days.world.answer(self.cases[number][1], "accept")

    def _won(self, number: int, _: int) -> None:
        payment_id, case, yen = self.cases[number]
        before = self._status(case)
        with expected():
            self.days.world.answer(case)
        self.days.world.decide(payment_id, "won", case)
        if before in ("open", "contested"):
            self.days.name(payment_id, "representment", case, yen)

    def _lost(self, number: int, _: int) -> None:
        payment_id, case, _ = self.cases[number]
        self.days.world.decide(payment_id, "lost", case)

    def _status(self, case: str) -> str:
        ((status,),) = rows_of("SELECT status FROM dispute WHERE case_number = %s", [case])
        return str(status)

    def _pay_out(self, _: int, __: int) -> None:
        with expected("nothing_to_pay"):
            payout = self.days.approve(self.days.prepare())
            self.made_yen += self.days.made(payout).amount_yen

    def _bank_returns(self, _: int, __: int) -> None:
        with expected("nothing_to_pay"):
            payout = self.days.approve(self.days.prepare())
            self.days.drop(self.days.returned(payout))


class expected:  # noqa: N801 - reads as a word
    """Refusals that a person may meet on the way."""

    def __init__(self, *codes: str) -> None:
        self._codes = EXPECTED | set(codes)

    def __enter__(self) -> None: ...

    def __exit__(self, _: object, refusal: BaseException | None, __: object) -> bool:
        return isinstance(refusal, Refusal) and refusal.code in self._codes


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(calendar)
def test_every_day_balances_to_the_yen(drawn: list[list[tuple[str, int, int]]]) -> None:
    ROOM.clean()
    world = World(ROOM.own_folder)
    world.enter()
    try:
        days = Days(world)
        business = Business(days)
        for day in drawn:
            for act in day:
                business.act(*act)
            check_day(days, business)
            world.later(days=1)
        check_books(days, business)
    finally:
        world.leave()


def check_day(days: Days, business: Business) -> None:
    """The file of the day, the items and the ledger say the same."""
    named = {
        kind: sum(row.amount_yen for row in days.rows if row.kind == kind)
        for kind in ("capture", "refund", "chargeback", "representment")
    }
    noted = days.end()
    assert noted.differences_open == 0, days.differences()
    if not noted.closed:
        assert not any(named.values())
        return
    shown = days.shown()
    assert named == {
        "capture": shown.captured_yen,
        "refund": shown.refunded_yen,
        "chargeback": shown.chargeback_yen,
        "representment": shown.represented_yen,
    }
    net = named["capture"] - named["refund"] - named["chargeback"] + named["representment"]
    assert shown.clearing_yen == shown.ledger_yen == net
    assert net == shown.net_yen + shown.fee_yen + shown.fee_tax_yen + shown.disputes_yen
    lines = days.ask(
        payments.ReconciliationLines(client_body=BODY, since=shown.day, until=shown.day)
    ).lines
    assert sum(line.amount_yen for line in lines) == shown.net_yen


def check_books(days: Days, business: Business) -> None:
    """Every yen of the bank is the body's, ours, the tax office's, or bound in a dispute."""
    assert days.world.books().ok
    assert account("payer") == account("refunds") == account("payouts") == account("acquirer") == 0
    assert account("bank") == -account("client_body") - account("fee") - account("tax") - account(
        "disputes"
    )
    settled = rows_of(
        "SELECT coalesce(sum(net_yen), 0)::bigint, coalesce(sum(clearing_yen), 0)::bigint,"
        " coalesce(sum(disputes_yen), 0)::bigint FROM settlement"
    )
    ((net, clearing, disputes),) = settled
    assert net - business.made_yen == -account("client_body")
    assert clearing - business.made_yen == account("bank")
    assert disputes == -account("disputes")
    month = days.ask(payments.MonthlyFigures(client_body=BODY, month="2026-11"))
    assert month.closing_owed_yen == -account("client_body")
    assert month.net_yen == net and month.paid_yen == business.made_yen
    assert month.bills_yen - month.refunded_yen - month.disputes_lost_yen == month.net_yen
    assert month.captured_yen == month.bills_yen + month.fee_yen + month.fee_tax_yen + (
        month.refunded_fee_yen + lost_fee()
    )


def lost_fee() -> int:
    """Return what lost disputes took of the fee."""
    ((yen,),) = rows_of(
        "SELECT coalesce(-sum(fee_yen + fee_tax_yen), 0)::bigint FROM settlement_item"
        " WHERE kind = 'dispute_lost'"
    )
    return int(yen)


def test_it_can_fail(clean: None) -> None:
    """A day whose ledger was bent does not pass."""
    from tests.rooms.payments.ledger_hands import bend

    world = World(ROOM.own_folder)
    world.enter()
    days = Days(world)
    days.pay()
    bend("UPDATE entry SET amount_yen = amount_yen - 1 WHERE account = 'client_body'")
    with pytest.raises(AssertionError):
        check_day(days, Business(days))
        check_books(days, Business(days))
    world.leave()
