"""Refunds: in part, in whole, never more than was captured, whoever asks at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.db import connection

from sekisho.crossings import card_network, payments, vault
from sekisho.crossings.message import Refusal
from sekisho.payments import limits
from sekisho.payments.expire import sweep
from sekisho.payments.records.session import acting_for
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.test_after_payment_capture import refused
from tests.rooms.payments.test_races import at_once
from tests.rooms.payments.world import DESK, TERMINAL, World, rows_of, told_of


def refunds(world: World, payment_id: str) -> list[tuple[str, int]]:
    return [(one.status, one.left_yen) for one in world.history(payment_id).refunds]


def test_a_whole_refund(world: World) -> None:
    payment_id = world.captured()
    assert world.money(payment_id).left_yen == 12_143
    shown = world.refund(payment_id)
    assert (shown.status, shown.left_yen) == ("asked", 0)
    assert world.show(payment_id).refunded_yen == 0, "not before it is done"
    (order,) = told_of(world, card_network.Refund)
    assert (order.refund_id, order.attempt) == (shown.refund_id, 1)
    assert (order.amount_yen, order.merchant_id) == (12_143, "MIHONTO00000001")
    for _ in range(2):
        world.refunded(payment_id, shown.refund_id)
    done = world.refund(payment_id)
    assert (done.refund_id, done.status, done.left_yen) == (shown.refund_id, "done", 0)
    told = world.show(payment_id)
    assert (told.status, told.refunded_yen) == ("succeeded", 12_143)
    mails = [mail for mail in told_of(world, vault.SendMail) if mail.template == "refund_done"]
    assert [mail.facts["refund_yen"] for mail in mails] == [12_143]
    money = world.money(payment_id)
    assert (money.captured_yen, money.refunded_yen, money.left_yen) == (12_143, 12_143, 0)
    assert world.books().ok
    assert refused(lambda: world.refund(payment_id, "2", left_yen=0)) == "amount_wrong"


def test_parts_until_nothing_is_left(world: World) -> None:
    payment_id = world.captured()
    first = world.refund(payment_id, "a", amount_yen=5_000, fee_yen=0)
    second = world.refund(payment_id, "b", amount_yen=0, fee_yen=143, left_yen=7_143)
    third = world.refund(payment_id, "c", amount_yen=7_000, fee_yen=0, left_yen=7_000)
    for refund in (third, first, second):
        world.refunded(payment_id, refund.refund_id)
    assert (first.left_yen, second.left_yen, third.left_yen) == (7_143, 7_000, 0)
    assert refunds(world, payment_id) == [("done", 7_143), ("done", 7_000), ("done", 0)]
    assert world.books().ok


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"amount_yen": 12_001, "fee_yen": 0}, "amount_wrong", "amount_yen"),
        ({"amount_yen": 1, "fee_yen": 144}, "amount_wrong", "fee_yen"),
        ({"amount_yen": -1, "fee_yen": 10}, "amount_wrong", "amount_yen"),
        ({"amount_yen": 10, "fee_yen": -1}, "amount_wrong", "fee_yen"),
        ({"amount_yen": 0, "fee_yen": 0}, "amount_wrong", "amount_yen"),
        ({"left_yen": 12_142}, "left_changed", "left_yen"),
        ({"reason": " "}, "reason_wrong", "reason"),
        ({"key": ""}, "key_wrong", "key"),
        ({"by": ""}, "by_wrong", "by"),
        ({"by": "a\tb"}, "by_wrong", "by"),
        ({"client_body": "mihon_kiko"}, "payment_unknown", "payment_id"),
        ({"client_body": "*"}, "payment_unknown", "client_body"),
        ({"payment_id": "pay_none"}, "payment_unknown", "payment_id"),
        ({"payment_id": "7K3M-9QXD-2F4H-Z"}, "payment_unknown", "payment_id"),
    ],
)
def test_what_is_wrong_changes_nothing(
    world: World, changed: dict[str, Any], code: str, field: str
) -> None:
    payment_id = world.captured()
    with pytest.raises(Refusal) as caught:
        world.refund(**{"payment_id": payment_id, **changed})
    assert (caught.value.code, caught.value.field) == (code, field)
    assert rows_of("SELECT count(*) FROM refund") == [(0,)]
    assert told_of(world, card_network.Refund) == []


def test_a_key_makes_one_refund(world: World) -> None:
    payment_id, other = world.captured(), world.captured(key="key-2")
    first = world.refund(payment_id, amount_yen=100, fee_yen=0)
    again = world.refund(payment_id, amount_yen=100, fee_yen=0, left_yen=12_043)
    assert again.refund_id == first.refund_id
    for changed in (
        {"amount_yen": 101},
        {"fee_yen": 1},
        {"reason": "other"},
        {"payment_id": other},
    ):
        body = {"payment_id": payment_id, "amount_yen": 100, "fee_yen": 0, **changed}
        assert refused(lambda body=body: world.refund(**body)) == "key_reused"
    assert len(told_of(world, card_network.Refund)) == 1


def test_two_who_refund_at_once(world: World) -> None:
    """Both saw all of it left: one refund is made, the other asker is told what is left now."""
    for turn in range(6):
        payment_id = world.captured(key=f"key-{turn}")
        replies = at_once(
            *(
                lambda key=key, p=payment_id: world.refund(p, f"{p}{key}", amount_yen=7_000)
                for key in "abcd"
            )
        )
        codes = sorted(getattr(reply, "code", "made") for reply in replies)
        assert codes == ["left_changed", "left_changed", "left_changed", "made"], replies
        assert world.money(payment_id).left_yen == 5_000
    assert len(told_of(world, card_network.Refund)) == 6
    assert world.books().ok


def test_the_same_key_at_once(world: World) -> None:
    payment_id = world.captured()
    replies = at_once(*[lambda: world.refund(payment_id, "k")] * 4)
    assert len({getattr(reply, "refund_id", reply) for reply in replies}) == 1, replies
    assert len(told_of(world, card_network.Refund)) == 1


def test_the_same_key_for_two_payments_at_once(world: World) -> None:
    for turn in range(4):
        one, other = world.captured(key=f"a{turn}"), world.captured(key=f"b{turn}")
        replies = at_once(
            lambda p=one, k=f"k{turn}": world.refund(p, k),
            lambda p=other, k=f"k{turn}": world.refund(p, k),
        )
        assert sorted(getattr(reply, "code", "made") for reply in replies) == [
            "key_reused",
            "made",
        ], replies
    assert len(told_of(world, card_network.Refund)) == 4


_INSERT = (
    "INSERT INTO refund (id, client_body, key, payment_id, attempt, amount_yen, fee_yen, reason,"
    " asked_by, asked_at, state) VALUES (%s, 'mihon_to', %s, %s, 1, %s, %s, 'r', 'b', now(), %s)"
)


@pytest.mark.parametrize(
    ("amount_yen", "fee_yen", "state", "constraint"),
    [
        (12_001, 0, "asked", "refund_within_captured"),
        (0, 144, "asked", "refund_within_captured"),
        (10, 0, "refused", "refund_of_captured"),
        (0, 0, "asked", "refund_amounts"),
        (-1, 2, "asked", "refund_amounts"),
    ],
)
def test_the_database_refuses_whatever_code_writes(
    world: World, amount_yen: int, fee_yen: int, state: str, constraint: str
) -> None:
    payment_id = world.captured()
    with pytest.raises(psycopg.errors.CheckViolation) as caught, acting_for("mihon_to") as rows:
        rows.do(_INSERT, ["rfd_x", "k", payment_id, amount_yen, fee_yen, state])
    assert caught.value.diag.constraint_name == constraint


def test_two_connections_that_skip_our_checks_still_give_back_once(world: World) -> None:
    """The second waits for the first at the payment's row, then sees what the first gave back."""
    payment_id = world.captured()

    def write_second() -> None:
        with acting_for("mihon_to") as rows:
            rows.do(_INSERT, ["rfd_2", "b", payment_id, 7_000, 0, "asked"])

    with ThreadPoolExecutor(1) as pool, ROOM.cluster.superuser_connection() as first:
        first.execute("SET search_path = payments")
        first.execute(_INSERT, ["rfd_1", "a", payment_id, 7_000, 0, "asked"])
        second = pool.submit(in_own_connection, write_second)
        while not (second.done() or _somebody_waits()):
            pass
        first.commit()
        assert isinstance(second.exception(30), psycopg.errors.CheckViolation)
    assert rows_of("SELECT sum(amount_yen)::bigint FROM refund") == [(7_000,)]


def in_own_connection(act: Callable[[], None]) -> None:
    try:
        act()
    finally:
        connection.close()


def _somebody_waits() -> bool:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    return ROOM.cluster.execute_sql(waiting) != [(0,)]


def test_an_uncaptured_payment_has_nothing_to_refund(world: World) -> None:
    payment_id = world.confirmed()
    assert refused(lambda: world.refund(payment_id)) == "not_captured"
    with pytest.raises(psycopg.errors.CheckViolation) as caught, acting_for("mihon_to") as rows:
        rows.do(_INSERT, ["rfd_x", "k", payment_id, 100, 0, "asked"])
    assert caught.value.diag.constraint_name == "refund_of_captured"


@pytest.mark.parametrize("answer", ["refused", "not_sent"])
def test_a_refund_that_is_refused_may_be_made_anew(world: World, answer: str) -> None:
    payment_id = world.captured()
    first = world.refund(payment_id)
    world.refunded(payment_id, first.refund_id, answer)
    assert world.money(payment_id).left_yen == 12_143
    second = world.refund(payment_id, "again")
    world.refunded(payment_id, second.refund_id)
    assert refunds(world, payment_id) == [("refused", 12_143), ("done", 0)]
    world.refunded(payment_id, first.refund_id)
    ((note,),) = rows_of("SELECT operator_note FROM payment")
    assert "is refused, then the network said refunded" in note
    assert world.books().ok


def test_nobody_knows_is_asked_until_an_operator_is(world: World) -> None:
    payment_id = world.captured()
    refund = world.refund(payment_id)
    world.refunded(payment_id, refund.refund_id, "unknown")
    assert world.refund(payment_id).status == "unknown"
    assert world.money(payment_id).left_yen == 0, "it may be given back: not again"
    for pause in limits.ASK_AGAIN_AFTER:
        before = len(told_of(world, card_network.Refund))
        world.later(seconds=pause.total_seconds() - 1)
        sweep(world.room)
        assert len(told_of(world, card_network.Refund)) == before
        world.later(seconds=1)
        sweep(world.room)
        assert len(told_of(world, card_network.Refund)) == before + 1
    assert len(set(told_of(world, card_network.Refund))) == 1, "the same order each time"
    world.later(days=1)
    sweep(world.room)
    ((note,),) = rows_of("SELECT operator_note FROM payment")
    assert f"refund {refund.refund_id} is unknown: the network was asked 7 times" in note
    world.later(days=9)
    assert sweep(world.room) == 0
    world.refunded(payment_id, refund.refund_id)
    assert world.refund(payment_id).status == "done"
    assert world.books().ok


def test_a_refund_without_any_answer_is_ordered_again(world: World) -> None:
    payment_id = world.captured()
    world.refund(payment_id)
    world.later(minutes=6)
    sweep(world.room)
    first, again = told_of(world, card_network.Refund)
    assert first == again


def test_an_outcome_of_no_refund_is_refused(world: World) -> None:
    payment_id, other = world.captured(), world.captured(key="key-2")
    refund = world.refund(payment_id)
    assert refused(lambda: world.refunded("pay_x", refund.refund_id)) == "payment_unknown"
    assert refused(lambda: world.refunded(other, refund.refund_id)) == "refund_unknown"


def test_no_refund_while_a_dispute_is_open(world: World) -> None:
    payment_id = world.captured()
    world.charge_back(payment_id, amount_yen=5_000)
    assert refused(lambda: world.refund(payment_id)) == "in_dispute"
    with pytest.raises(psycopg.errors.CheckViolation) as caught, acting_for("mihon_to") as rows:
        rows.do(_INSERT, ["rfd_x", "k", payment_id, 100, 0, "asked"])
    assert caught.value.diag.constraint_name == "refund_in_dispute"
    world.answer()
    assert refused(lambda: world.refund(payment_id)) == "in_dispute"
    world.decide(payment_id, "lost")
    assert world.money(payment_id).left_yen == 7_143
    assert refused(lambda: world.refund(payment_id, left_yen=7_143)) == "amount_wrong"
    world.refund(payment_id, amount_yen=7_000, left_yen=7_143)
    assert world.books().ok


def test_a_refund_is_seen_by_its_client_body_alone(world: World) -> None:
    payment_id = world.captured()
    world.refund(payment_id)
    counts = "SELECT (SELECT count(*) FROM refund), (SELECT count(*) FROM dispute)"
    world.charge_back(payment_id)
    assert rows_of(counts, bodies="mihon_to") == [(1, 1)]
    assert rows_of(counts, bodies="mihon_kiko") == [(0, 0)]
    shown = world.say(
        TERMINAL, payments.ShowMoney(client_body="*", payment_id=world.show(payment_id).reference)
    )
    assert shown.refunded_yen == 12_143
    message = payments.ShowMoney(client_body="mihon_kiko", payment_id=payment_id)
    assert refused(lambda: world.say(DESK, message)) == "payment_unknown"


def test_every_step_is_on_evidence(world: World) -> None:
    payment_id = world.captured()
    first = world.refund(payment_id, "a", amount_yen=100, fee_yen=0)
    world.refunded(payment_id, first.refund_id, "unknown")
    world.refunded(payment_id, first.refund_id, "refused")
    second = world.refund(payment_id, "b")
    world.refunded(payment_id, second.refund_id)
    with ROOM.cluster.superuser_connection() as superuser:
        lines = superuser.execute(
            "SELECT kind, facts::json->>'refund_id' FROM evidence.line WHERE subject = %s"
            " AND kind LIKE 'payments.refund%%' ORDER BY id",
            [payment_id],
        ).fetchall()
    assert lines == [
        ("payments.refund_asked", first.refund_id),
        ("payments.refund_unknown", first.refund_id),
        ("payments.refund_refused", first.refund_id),
        ("payments.refund_asked", second.refund_id),
        ("payments.refund_done", second.refund_id),
    ]
