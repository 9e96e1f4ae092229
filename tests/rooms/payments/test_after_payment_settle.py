"""Clearing: what the network paid, line by line; what differs is named and changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from sekisho.crossings import payments, vault
from sekisho.crossings.message import Refusal
from sekisho.payments.expire import sweep
from sekisho.payments.records.session import acting_for
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.test_after_payment_capture import authorised
from tests.rooms.payments.test_races import at_once
from tests.rooms.payments.world import World, rows_of, told_of


def test_settled_and_the_card_forgotten(world: World) -> None:
    payment_id = world.captured()
    row = world.clearing(payment_id)
    result = world.settle(row)
    assert (result.settled, result.settled_before, result.differences) == (1, 0, [])
    assert world.history(payment_id).state == "settled"
    assert world.show(payment_id).status == "succeeded"
    (forgotten,) = told_of(world, vault.ForgetCard)
    assert (forgotten.card_token, forgotten.reason) == ("card_1", "settled")
    again = world.settle(row)
    assert (again.settled, again.settled_before, again.differences) == (0, 1, [])
    world.later(days=4)
    assert sweep(world.room) == 0
    assert len(told_of(world, vault.ForgetCard)) == 1
    assert world.money(payment_id).left_yen == 12_143
    assert world.books().ok


def test_the_same_money_in_another_line_is_named(world: World) -> None:
    payment_id = world.captured()
    twice = world.settle(world.clearing(payment_id), world.clearing(payment_id, line=3))
    assert (twice.settled, twice.settled_before) == (1, 0)
    (difference,) = twice.differences
    assert difference.startswith("line 3: capture ") and "12143 yen again: line 2 of" in difference
    world.later(days=1)
    tomorrow = world.settle(world.clearing(payment_id))
    assert (tomorrow.settled_before, len(tomorrow.differences)) == (0, 1)
    assert rows_of("SELECT count(*) FROM transfer WHERE kind = 'settled'") == [(1,)]
    assert world.books().ok


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"reference": "7K3M-9QXD-2F4H-T"}, "no payment has this reference"),
        ({"amount_yen": 12_142}, "12142 yen; the payment is over 12143 yen"),
        ({"network_reference": "ref-2"}, "network reference ref-2; we have ref-1"),
        ({"kind": "refund"}, "the payment has no such refund"),
        ({"kind": "chargeback", "network_reference": "CB-9"}, "no dispute CB-9 of this payment"),
    ],
)
def test_what_fits_nothing_is_named(world: World, changed: dict[str, Any], words: str) -> None:
    payment_id, good = world.captured(), world.captured(key="key-2")
    result = world.settle(
        world.clearing(payment_id, line=7, **changed), world.clearing(good, line=8)
    )
    (difference,) = result.differences
    assert difference.startswith("line 7: ") and words in difference
    assert result.settled == 1, "one bad line holds nobody up"
    assert world.history(payment_id).state == "captured"
    assert world.books().ok


def test_a_capture_whose_answer_got_lost_is_honoured(world: World) -> None:
    payment_id = authorised(world)
    assert world.settle(world.clearing(payment_id)).settled == 1
    world.capture(payment_id)
    world.capture(payment_id, "refused")
    assert world.history(payment_id).state == "settled"
    assert [mail.template for mail in told_of(world, vault.SendMail)] == ["payment_receipt"]
    assert world.books().ok


def test_money_for_a_payment_that_took_none_is_named(world: World) -> None:
    payment_id = world.confirmed()
    world.authenticate(payment_id)
    world.authorise(payment_id, "declined")
    (difference,) = world.settle(world.clearing(payment_id)).differences
    assert "the payment is declined" in difference


def refund_row(world: World, payment_id: str, refund_id: str, **changed: Any) -> Any:
    fields = {"kind": "refund", "network_reference": f"net-{refund_id[-8:]}", "amount_yen": 5_000}
    return world.clearing(payment_id, **{**fields, **changed})


def test_refunds_are_settled_each_by_its_own_line(world: World) -> None:
    payment_id = world.captured()
    one = world.refund(payment_id, "a", amount_yen=5_000, fee_yen=0).refund_id
    two = world.refund(payment_id, "b", amount_yen=5_000, fee_yen=0, left_yen=7_143).refund_id
    world.refunded(payment_id, one)
    world.refunded(payment_id, two)
    rows = [
        world.clearing(payment_id),
        refund_row(world, payment_id, two, line=3),
        refund_row(world, payment_id, one, line=4),
    ]
    assert world.settle(*rows).settled == 3
    assert world.settle(*rows).settled_before == 3
    assert rows_of("SELECT count(*) FROM refund WHERE settled_at IS NULL") == [(0,)]
    assert world.books().ok


def test_a_refund_that_the_clearing_has_was_made(world: World) -> None:
    payment_id = world.captured()
    refund_id = world.refund(payment_id, amount_yen=5_000, fee_yen=0).refund_id
    world.refunded(payment_id, refund_id, "unknown")
    row = refund_row(world, payment_id, refund_id)
    (difference,) = world.settle(
        refund_row(world, payment_id, "12345678", amount_yen=4_000)
    ).differences
    assert "no such refund" in difference
    assert world.settle(row).settled == 1
    world.refunded(payment_id, refund_id)
    assert [one.status for one in world.history(payment_id).refunds] == ["done"]
    (difference,) = world.settle(refund_row(world, payment_id, "other---", line=9)).differences
    assert "no such refund" in difference
    assert world.books().ok


def test_a_refused_refund_that_was_paid_is_named(world: World) -> None:
    payment_id = world.captured()
    refund_id = world.refund(payment_id, amount_yen=5_000, fee_yen=0).refund_id
    world.refunded(payment_id, refund_id, "refused")
    (difference,) = world.settle(refund_row(world, payment_id, refund_id)).differences
    assert f"refund {refund_id} is refused" in difference


def test_a_refund_of_another_amount_is_named(world: World) -> None:
    payment_id = world.captured()
    refund_id = world.refund(payment_id, amount_yen=5_000, fee_yen=0).refund_id
    world.refunded(payment_id, refund_id)
    row = refund_row(world, payment_id, refund_id, amount_yen=4_999)
    (difference,) = world.settle(row).differences
    assert f"4999 yen; refund {refund_id} is of 5000 yen" in difference
    assert rows_of("SELECT count(*) FROM refund WHERE settled_at IS NULL") == [(1,)]


def test_a_dispute_through_the_clearing(world: World) -> None:
    payment_id = world.captured()
    world.settle(world.clearing(payment_id))
    world.charge_back(payment_id)
    charged = world.clearing(payment_id, line=3, kind="chargeback", network_reference="CB-1")
    won = world.clearing(payment_id, line=4, kind="representment", network_reference="CB-1")
    wrong = world.clearing(
        payment_id, line=5, kind="chargeback", network_reference="CB-1", amount_yen=1
    )
    result = world.settle(wrong, charged, won)
    assert result.settled == 1
    assert [words.split(": ")[2] for words in result.differences] == [
        "1 yen; the dispute is over 12143 yen",
        "dispute CB-1 is open",
    ]
    world.answer()
    world.decide(payment_id, "won")
    result = world.settle(charged, won)
    assert (result.settled, result.settled_before) == (1, 1)
    assert world.books().ok


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"amount_yen": 0}, "row_wrong", "rows.1.amount_yen"),
        ({"network_reference": ""}, "row_wrong", "rows.1.network_reference"),
        ({"network_reference": "x" * 41}, "row_wrong", "rows.1.network_reference"),
    ],
)
def test_a_line_that_is_wrong_stops_all(
    world: World, changed: dict[str, Any], code: str, field: str
) -> None:
    payment_id = world.captured()
    with pytest.raises(Refusal) as caught:
        world.settle(world.clearing(payment_id), world.clearing(payment_id, line=3, **changed))
    assert (caught.value.code, caught.value.field) == (code, field)
    assert world.history(payment_id).state == "captured"


def test_limits_of_a_message(world: World) -> None:
    payment_id = world.captured()
    row = world.clearing(payment_id)
    with pytest.raises(Refusal) as caught:
        world.settle(*[row] * (payments.MAX_CLEARING_ROWS + 1))
    assert caught.value.code == "too_many_rows"
    with pytest.raises(Refusal) as caught:
        world.settle(row, day=world.moment.date() + timedelta(days=1))
    assert caught.value.code == "day_wrong"


def test_the_same_file_twice_at_once(world: World) -> None:
    rows = [world.clearing(world.captured(key=f"k{n}"), line=n) for n in range(5)]
    results = at_once(lambda: world.settle(*rows), lambda: world.settle(*rows))
    assert sum(one.settled for one in results) == 5, results
    assert sum(one.settled_before for one in results) == 5
    assert world.books().ok


def test_a_matched_line_is_never_changed(world: World) -> None:
    world.settle(world.clearing(world.captured()))
    with pytest.raises(psycopg.errors.InsufficientPrivilege), acting_for("*") as rows:
        rows.do("UPDATE clearing_line SET amount_yen = 1")
    with ROOM.cluster.superuser_connection() as connection, pytest.raises(psycopg.Error):
        connection.execute("UPDATE payments.clearing_line SET amount_yen = 1")
