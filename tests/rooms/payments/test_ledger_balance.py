"""The trial balance at any moment: the same figures however it is added up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sekisho.crossings import payments
from sekisho.crossings.message import Refusal
from sekisho.payments.ledger import chain
from sekisho.payments.ledger import write as ledger
from tests.rooms.payments.ledger_hands import BILL, TOTAL, bend, captured, write
from tests.rooms.payments.world import TERMINAL, World, rows_of


def balance(world: World, at: datetime | None = None) -> payments.BalanceShown:
    shown: payments.BalanceShown = world.say(TERMINAL, payments.ShowBalance(at=at))
    return shown


def by_hand(at: datetime) -> dict[tuple[str, str], tuple[int, int]]:
    return {
        (body, account): (debit, credit)
        for body, account, debit, credit in rows_of(
            "SELECT e.client_body, e.account,"
            " coalesce(sum(e.amount_yen) FILTER (WHERE e.amount_yen > 0), 0)::bigint,"
            " coalesce(-sum(e.amount_yen) FILTER (WHERE e.amount_yen < 0), 0)::bigint"
            " FROM transfer t JOIN entry e ON e.transfer_id = t.id WHERE t.made_at <= %s"
            " GROUP BY 1, 2",
            [at],
        )
    }


def shown_sums(shown: payments.BalanceShown) -> dict[tuple[str, str], tuple[int, int]]:
    return {
        (line.client_body, line.account): (line.debit_yen, line.credit_yen)
        for line in shown.accounts
    }


def test_the_balance_of_now_and_of_before(world: World) -> None:
    assert balance(world).accounts == []
    payment_id = captured(world)
    shown = balance(world)
    sums = {line.account: line.balance_yen for line in shown.accounts}
    assert sums == {"payer": 0, "acquirer": TOTAL, "client_body": -BILL, "fee": -130, "tax": -13}
    assert sum(sums.values()) == 0
    write(ledger.settle, payment_id, TOTAL)
    past = balance(world, shown.at)
    assert past.final and shown_sums(past) == shown_sums(shown)
    now = {line.account: line.balance_yen for line in balance(world).accounts}
    assert now["bank"] == TOTAL and now["acquirer"] == 0


@pytest.mark.parametrize("block", [1, 3, 4, 50])
def test_every_moment_adds_up_whatever_the_blocks(
    world: World, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(chain, "BLOCK_TRANSFERS", block)
    for number in range(4):
        captured(world, key=f"key-{number}")
        chain.link_all()
    # Dates that do not follow the order: moments cut several blocks.
    bend("UPDATE transfer SET made_at = made_at + mod(id, 3) * interval '-1 hour' WHERE id < 7")
    bend("DELETE FROM ledger_block_sum")
    bend("DELETE FROM ledger_block")
    bend("DELETE FROM ledger_link")
    chain.link_all()
    captured(world, key="key-new")
    moments = [row[0] for row in rows_of("SELECT made_at FROM transfer")]
    for at in [*moments, *(moment - timedelta(microseconds=1) for moment in moments)]:
        assert shown_sums(balance(world, at)) == by_hand(at), at
    assert world.books().ok


def test_sums_that_were_bent_are_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "BLOCK_TRANSFERS", 2)
    captured(world)
    chain.link_all()
    assert world.books().ok
    bend("UPDATE ledger_block_sum SET credit_yen = credit_yen - 1 WHERE account = 'tax'")
    assert world.books().faults == ["the kept sums of mihon_to tax are not those of its entries"]


@pytest.mark.parametrize("at", [datetime.now(UTC) + timedelta(days=1), datetime(2026, 1, 1)])  # noqa: DTZ001
def test_no_balance_of_a_moment_that_is_none(world: World, at: Any) -> None:
    with pytest.raises(Refusal, match="at_wrong"):
        balance(world, at)


def test_the_present_is_not_final_while_somebody_writes(world: World) -> None:
    from tests.rooms.payments.conftest import ROOM

    captured(world)
    with ROOM.cluster.superuser_connection() as superuser:
        superuser.execute("SELECT pg_current_xact_id()")
        at = rows_of("SELECT clock_timestamp()")[0][0]
        assert not balance(world, at).final
    assert balance(world, at).final
