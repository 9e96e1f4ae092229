"""Transfers of every kind: what each does to the accounts, and what the database refuses."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sekisho.payments.errors import LedgerWrong
from sekisho.payments.ledger import write as ledger
from sekisho.payments.ledger.entry import Leg
from sekisho.payments.records.session import EVERY_BODY, acting_for
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.ledger_hands import (
    BILL,
    FEE,
    TAX,
    TOTAL,
    accounts,
    captured,
    locked,
    write,
)
from tests.rooms.payments.world import World, rows_of

OWED = {"client_body": -BILL, "fee": -(FEE - TAX), "tax": -TAX}
CAPTURED = {"acquirer": TOTAL, **OWED}


def refused(constraint: str, verb: Callable[..., None], payment_id: str, *more: Any) -> None:
    before = rows_of("SELECT count(*) FROM entry")
    with pytest.raises(psycopg.errors.IntegrityError) as caught:
        write(verb, payment_id, *more)
    assert caught.value.diag.constraint_name == constraint
    assert rows_of("SELECT count(*) FROM entry") == before


def test_a_claim_moves_from_the_payer_to_the_acquirer(world: World) -> None:
    payment_id = world.confirmed()
    assert accounts() == {"payer": TOTAL, **OWED}
    world.authenticate(payment_id)
    world.authorise(payment_id)
    world.capture(payment_id)
    assert accounts() == CAPTURED
    legs = rows_of("SELECT kind, legs FROM transfer ORDER BY id")
    assert legs == [("pending", 4), ("posted", 2)]


@pytest.mark.parametrize("end", [ledger.void, ledger.expire])
def test_a_claim_without_money_leaves_nothing(world: World, end: Callable[..., None]) -> None:
    payment_id = world.confirmed()
    write(end, payment_id)
    assert accounts() == {}
    for again in (ledger.post, ledger.void, ledger.expire):
        refused("pending_first", again, payment_id)
    write(ledger.open_pending, payment_id)
    assert accounts() == {"payer": TOTAL, **OWED}


def test_posted_money_is_posted_once_and_never_claimed_again(world: World) -> None:
    payment_id = captured(world)
    for again in (ledger.post, ledger.void):
        refused("pending_first", again, payment_id)
    refused("one_pending", ledger.open_pending, payment_id)
    assert accounts() == CAPTURED


def test_a_refund_is_set_aside_then_given_back(world: World) -> None:
    payment_id = captured(world)
    write(ledger.open_refund, payment_id, "refund_1", 2_000, 43)
    assert accounts() == {
        "acquirer": TOTAL,
        "client_body": -10_000,
        # 43 of 143 yen, of which 13 tax: 3.9, rounded down.
        "fee": -(130 - 40),
        "tax": -(13 - 3),
        "refunds": -2_043,
    }
    write(ledger.post_refund, payment_id, "refund_1")
    assert accounts()["acquirer"] == TOTAL - 2_043
    assert "refunds" not in accounts()
    write(ledger.open_refund, payment_id, "refund_2", 10_000, 100)
    write(ledger.post_refund, payment_id, "refund_2")
    assert accounts() == {}


def test_a_refund_that_was_not_made_leaves_what_was_owed(world: World) -> None:
    payment_id = captured(world)
    write(ledger.open_refund, payment_id, "refund_1", BILL, FEE)
    refused("refund_left", ledger.open_refund, payment_id, "refund_2", 1, 0)
    write(ledger.void_refund, payment_id, "refund_1")
    assert accounts() == CAPTURED
    write(ledger.open_refund, payment_id, "refund_2", BILL, 0)
    for verb in (ledger.post_refund, ledger.void_refund):
        refused("settled_once", verb, payment_id, "refund_1")


@pytest.mark.parametrize(
    ("bill", "fee"),
    [(BILL + 1, 0), (0, FEE + 1), (BILL, FEE + 1), (0, 0), (-1, 5), (5, -1), (BILL + FEE, 0)],
)
def test_more_than_was_captured_is_never_refunded(world: World, bill: int, fee: int) -> None:
    payment_id = captured(world)
    refused("refund_left", ledger.open_refund, payment_id, "refund_1", bill, fee)


def test_money_after_the_yes_needs_its_capture(world: World) -> None:
    payment_id = world.confirmed()
    refused("posted_first", ledger.open_refund, payment_id, "refund_1", 1, 0)
    refused("posted_first", ledger.open_dispute, payment_id, "case_1", 1)
    refused("posted_first", ledger.settle, payment_id, TOTAL)
    payment_id = captured(world, key="key-2")
    for verb in (ledger.post_refund, ledger.void_refund, ledger.settle_refund):
        refused("pending_first", verb, payment_id, "refund_1")
    for of_case in (ledger.win_dispute, ledger.lose_dispute, ledger.settle_win):
        refused("pending_first", of_case, payment_id, "case_1")


def test_the_same_refund_or_case_is_opened_once(world: World) -> None:
    first, second = captured(world), captured(world, key="key-2")
    write(ledger.open_refund, first, "refund_1", 1, 0)
    write(ledger.open_dispute, first, "case_1", 100)
    for payment_id in (first, second):
        refused("about_once", ledger.open_refund, payment_id, "refund_1", 1, 0)
        refused("about_once", ledger.open_dispute, payment_id, "case_1", 100)
    refused("pending_first", ledger.post_refund, second, "refund_1")


def test_two_refunds_at_once_do_not_give_more_than_is_left(world: World) -> None:
    """Neither has locked the payment: the database does."""
    payment_id = captured(world)
    faults: list[str] = []
    ready = threading.Barrier(2, timeout=10)

    def refund(number: int) -> None:
        try:
            with acting_for(EVERY_BODY) as rows:
                ready.wait()
                rows.one(
                    "SELECT open_refund(%s, 'mihon_to', %s, %s, 0)",
                    [payment_id, f"refund_{number}", 7_000],
                )
        except psycopg.errors.CheckViolation as violation:
            faults.append(str(violation.diag.constraint_name))
        finally:
            connection.close()

    threads = [threading.Thread(target=refund, args=[number]) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == ["refund_left"]
    assert accounts(payment_id)["refunds"] == -7_000


def test_a_dispute_is_won_or_lost_once(world: World) -> None:
    payment_id = captured(world)
    write(ledger.open_dispute, payment_id, "case_1", TOTAL)
    assert accounts() == {"disputes": TOTAL, **OWED}
    refused("refund_left", ledger.open_refund, payment_id, "refund_1", 1, 0)
    write(ledger.win_dispute, payment_id, "case_1")
    assert accounts() == CAPTURED
    refused("settled_once", ledger.lose_dispute, payment_id, "case_1")
    write(ledger.open_dispute, payment_id, "case_2", TOTAL)
    write(ledger.lose_dispute, payment_id, "case_2")
    assert accounts() == {}
    refused("settled_once", ledger.win_dispute, payment_id, "case_2")
    for yen in (0, -1, TOTAL + 1):
        refused("dispute_amount", ledger.open_dispute, payment_id, "case_3", yen)


def test_what_is_lost_twice_is_our_own_loss(world: World) -> None:
    """The payer was given the bill back, and the issuer takes it once more."""
    payment_id = captured(world)
    write(ledger.open_refund, payment_id, "refund_1", BILL, 0)
    write(ledger.post_refund, payment_id, "refund_1")
    write(ledger.open_dispute, payment_id, "case_1", TOTAL)
    write(ledger.lose_dispute, payment_id, "case_1")
    assert accounts() == {"acquirer": -BILL, "fee": BILL}


def test_settled_money_is_in_the_bank(world: World) -> None:
    payment_id = captured(world)
    refused("settled_amount", ledger.settle, payment_id, TOTAL - 1)
    write(ledger.settle, payment_id, TOTAL)
    refused("settled_once", ledger.settle, payment_id, TOTAL)
    assert accounts() == {"bank": TOTAL, **OWED}
    write(ledger.open_refund, payment_id, "refund_1", 100, 0)
    refused("pending_first", ledger.settle_refund, payment_id, "refund_1")
    write(ledger.post_refund, payment_id, "refund_1")
    write(ledger.settle_refund, payment_id, "refund_1")
    write(ledger.open_dispute, payment_id, "case_1", 500)
    write(ledger.settle_dispute, payment_id, "case_1")
    write(ledger.win_dispute, payment_id, "case_1")
    write(ledger.settle_win, payment_id, "case_1")
    refused("about_once", ledger.settle_dispute, payment_id, "case_1")
    assert accounts() == {**OWED, "bank": TOTAL - 100, "client_body": -BILL + 100}


def test_a_correction_says_who_and_why(world: World) -> None:
    legs = [Leg("bank", -300), Leg("fee", 300)]
    with acting_for("mihon_to") as rows:
        ledger.correct(rows, "mihon_to", legs, "bank charge of June", "operator:ann")
    assert accounts() == {"bank": -300, "fee": 300}
    assert rows_of("SELECT kind, payment_id, why FROM transfer") == [
        ("correction", "", "operator:ann: bank charge of June")
    ]
    for bad in (
        ([Leg("bank", 1)], "long enough", "ann"),
        (legs, "short", "ann"),
        (legs, "x" * 9, ""),
    ):
        with pytest.raises(LedgerWrong), acting_for("mihon_to") as rows:
            ledger.correct(rows, "mihon_to", *bad)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), acting_for("mihon_kiko") as rows:
        ledger.correct(rows, "mihon_to", legs, "bank charge of June", "operator:ann")
    with ROOM.cluster.superuser_connection() as superuser:
        lines = superuser.execute(
            "SELECT facts::jsonb->>'by' FROM evidence.line WHERE kind = 'payments.corrected'"
        ).fetchall()
    assert lines == [("operator:ann",)]


def test_the_inner_functions_are_nobodys(world: World) -> None:
    for call in (
        "put_transfer('p', 'mihon_to', 'posted', '', 1, 1, '{}', '{}', '')",
        "put_legs('p', 'mihon_to', 'posted', '', 1, 1, '{}', '{}')",
        "sum_block(1, 2)",
        "look_at_captured('p', 'mihon_to')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting_for(EVERY_BODY) as rows:
            rows.one(f"SELECT {call}")


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(parts=st.lists(st.tuples(st.integers(0, BILL), st.integers(0, FEE)), max_size=8))
def test_refunds_in_any_parts_end_at_what_was_captured(
    world: World, parts: list[tuple[int, int]]
) -> None:
    ROOM.clean()
    world.enter()
    payment_id = captured(world)
    bill = fee = 0
    for number, (of_bill, of_fee) in enumerate([*parts, (BILL, 0), (0, FEE)]):
        fits = of_bill + of_fee > 0 and bill + of_bill <= BILL and fee + of_fee <= FEE
        try:
            write(ledger.open_refund, payment_id, f"refund_{number}", of_bill, of_fee)
        except psycopg.errors.CheckViolation:
            assert not fits
            continue
        assert fits
        bill, fee = bill + of_bill, fee + of_fee
        with locked(payment_id) as (rows, payment):
            ledger.post_refund(rows, payment, f"refund_{number}")
    with_rest = accounts()
    assert with_rest.get("client_body", 0) == -(BILL - bill)
    assert with_rest.get("fee", 0) + with_rest.get("tax", 0) == -(FEE - fee)
    assert with_rest.get("tax", 0) <= 0 and with_rest.get("fee", 0) <= 0
    assert with_rest.get("acquirer", 0) == TOTAL - bill - fee
