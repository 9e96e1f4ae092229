"""Files come in: by rule, in one transaction, or not at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from sekisho.crossings import payments
from sekisho.crossings.message import Refusal
from sekisho.payments.expire import sweep
from sekisho.payments.records.session import EVERY_BODY
from sekisho.vocabulary import clock
from tests.rooms.payments.test_take_payment import refused
from tests.rooms.payments.world import (
    TERMINAL,
    World,
    make_bill,
    make_policy,
    rows_of,
)


def counts(result: payments.ImportResult) -> tuple[int, int, int, int, int]:
    return (
        result.added,
        result.changed,
        result.withdrawn,
        result.unchanged,
        result.refused_count,
    )


def bills() -> list[Any]:
    return rows_of("SELECT payment_number, amount_yen, withdrawn FROM bill ORDER BY 1")


def test_bills_are_added_changed_and_withdrawn(world: World) -> None:
    first = [make_bill(line) for line in (2, 3, 4)]
    assert counts(world.import_rows("bills", first)) == (3, 0, 0, 0, 0)
    second = [
        first[0],
        msgspec.structs.replace(first[1], amount_yen=99),
        msgspec.structs.replace(first[2], withdrawn=True),
        make_bill(5),
    ]
    assert counts(world.import_rows("bills", second)) == (1, 1, 1, 1, 0)
    assert [row[1:] for row in bills()] == [
        (12_000, False),
        (99, False),
        (12_000, True),
        (12_000, False),
    ]
    refused("bill_withdrawn", lambda: world.find(first[2]))
    assert counts(world.import_rows("bills", second)) == (0, 0, 0, 4, 0)
    assert counts(world.import_rows("bills", first[2:])) == (0, 1, 0, 0, 0)
    assert world.find(first[2]).bill_id, "a later file brings a bill back"


def test_the_same_file_is_answered_with_the_earlier_result(world: World) -> None:
    rows = [make_bill(2)]
    result = world.import_rows("bills", rows, digest="a" * 64)
    assert result.taken and result.added == 1
    again = world.say(
        TERMINAL,
        payments.OpenImport(
            kind="bills", client_body="mihon_to", file_digest="a" * 64, file_name="x.csv"
        ),
    )
    assert again.done == result
    commit = payments.CommitImport(import_id=again.import_id, skip_bad=False, dry_run=False)
    assert world.say(TERMINAL, commit) == result
    late = payments.ImportBills(import_id=again.import_id, rows=rows)
    refused("import_over", lambda: world.say(TERMINAL, late))


def test_a_bad_row_keeps_the_whole_file_out(world: World) -> None:
    rows = [
        make_bill(2),
        make_bill(3, payee_number="13998"),
        make_bill(4, amount_yen=0),
        make_bill(5, withdrawn=True),
    ]
    result = world.import_rows("bills", rows)
    assert not result.taken
    assert [(row.line, row.field, row.code) for row in result.refused] == [
        (3, "payee_number", "payee_unknown"),
        (4, "amount", "amount_out_of_bounds"),
        (5, "payment_number", "bill_unknown"),
    ]
    assert bills() == []
    skipped = world.import_rows("bills", rows, skip_bad=True)
    assert (skipped.taken, *counts(skipped)) == (True, 1, 0, 0, 0, 3)
    assert len(bills()) == 1


def test_numbers_that_stand_twice_are_refused(world: World) -> None:
    same = make_bill(2)
    rows = [
        same,
        msgspec.structs.replace(same, line=3),
        make_bill(4),
        make_bill(5, payment_number=make_bill(4).payment_number, amount_yen=1),
        make_bill(6),
    ]
    result = world.import_rows("bills", rows, skip_bad=True)
    assert [(row.line, row.code) for row in result.refused] == [
        (3, "repeated"),
        (4, "conflict"),
        (5, "conflict"),
    ]
    assert "line 2" in result.refused[0].detail
    assert len(bills()) == 2


def test_a_dry_run_says_and_changes_nothing(world: World) -> None:
    result = world.import_rows("bills", [make_bill(2)], dry_run=True)
    assert (result.taken, result.added) == (False, 1)
    assert bills() == []


def test_bills_in_payment_and_paid_stay_as_they_were(world: World) -> None:
    (bill,) = world.add_bills()
    payment_id = world.start(world.find(bill)).payment_id
    world.enter_card(payment_id)
    world.confirm(payment_id)
    dearer = msgspec.structs.replace(bill, amount_yen=13_000)
    gone = msgspec.structs.replace(bill, withdrawn=True)
    for row in (dearer, gone):
        result = world.import_rows("bills", [row])
        assert [one.code for one in result.refused] == ["bill_in_payment"]
    world.authenticate(payment_id)
    world.authorise(payment_id)
    world.capture(payment_id)
    for row in (dearer, gone):
        assert [one.code for one in world.import_rows("bills", [row]).refused] == ["bill_paid"]
    assert counts(world.import_rows("bills", [bill])) == (0, 0, 0, 1, 0)


@pytest.mark.parametrize("change", [{"amount_yen": 1}, {"withdrawn": True}])
def test_open_payments_of_a_changed_bill_are_cancelled(
    world: World, change: dict[str, Any]
) -> None:
    (bill,) = world.add_bills()
    payment_id = world.start(world.find(bill)).payment_id
    world.enter_card(payment_id)
    world.import_rows("bills", [msgspec.structs.replace(bill, **change)])
    shown = world.confirm(payment_id)
    assert (shown.status, shown.reason) == ("cancelled", "by_client_body")
    assert world.history(payment_id).state == "cancelled_by_client_body"
    assert world.history(payment_id).events[-1].by == "terminal"


def test_a_row_said_twice_counts_once(world: World) -> None:
    opened = world.say(
        TERMINAL,
        payments.OpenImport(
            kind="bills", client_body="mihon_to", file_digest="b" * 64, file_name="x.csv"
        ),
    )
    message = payments.ImportBills(import_id=opened.import_id, rows=[make_bill(2)])
    for _ in range(2):
        world.say(TERMINAL, message)
    commit = payments.CommitImport(import_id=opened.import_id, skip_bad=False, dry_run=False)
    assert world.say(TERMINAL, commit).added == 1


def test_unknown_bodies_and_files_are_refused(world: World) -> None:
    for body, kind in (("mihon_kiko", "bills"), ("nobody", "bills"), ("mihon_to", "policies")):
        with pytest.raises(Refusal) as caught:
            world.import_rows(kind, [], client_body=body)
        assert caught.value.code == "client_body_unknown"
    refused(
        "import_unknown",
        lambda: world.say(TERMINAL, payments.ImportBills(import_id="import_x", rows=[])),
    )


def test_policies_come_in_and_the_vault_keeps_the_dates_of_birth(world: World) -> None:
    rows = [make_policy(line) for line in range(2, 1_203)]
    assert counts(world.import_rows("policies", rows)) == (1_201, 0, 0, 0, 0)
    assert world.stored == 1_201
    tokens = rows_of("SELECT count(DISTINCT date_of_birth_token), min(subject) FROM policy")
    assert tokens[0][0] == 1_201 and tokens[0][1].startswith("subject_")
    changed = [
        rows[0],
        msgspec.structs.replace(rows[1], yearly_premium_yen=1),
        msgspec.structs.replace(rows[2], ended=True),
    ]
    assert counts(world.import_rows("policies", changed)) == (0, 1, 1, 1, 0)
    assert world.stored == 1_201, "a known date of birth is not stored again"
    assert rows_of("SELECT count(*) FROM policy_staged") == [(0,)]


def test_a_date_of_birth_that_the_vault_refuses_is_its_rows_fault(world: World) -> None:
    rows = [make_policy(line) for line in range(2, 6)]
    world.broken_boxes[rows[1].box] = "date_of_birth: no such day"
    result = world.import_rows("policies", rows)
    assert not result.taken
    assert [(row.line, row.field) for row in result.refused] == [(3, "date_of_birth")]
    assert rows_of("SELECT count(*) FROM policy") == [(0,)]
    skipped = world.import_rows("policies", rows, skip_bad=True)
    assert skipped.taken and skipped.added == 3


def test_rows_that_nobody_committed_are_dropped_after_their_time(world: World) -> None:
    world.import_rows("bills", [make_bill(2)], dry_run=True)
    world.moment = clock.now() + timedelta(days=1)
    sweep(world.room)
    assert rows_of("SELECT count(*) FROM bill_staged") == [(1,)]
    world.later(days=2)
    sweep(world.room)
    assert rows_of("SELECT count(*) FROM bill_staged") == [(0,)]


def test_a_hundred_thousand_bills_come_in_at_once(world: World) -> None:
    rows = [make_bill(line, payment_number=f"{line:016d}") for line in range(2, 100_002)]
    assert counts(world.import_rows("bills", rows)) == (100_000, 0, 0, 0, 0)
    for at in range(0, 100_000, 2):
        rows[at] = msgspec.structs.replace(rows[at], amount_yen=5_000)
    rows[-1] = msgspec.structs.replace(rows[-1], withdrawn=True)
    assert counts(world.import_rows("bills", rows)) == (0, 50_000, 1, 49_999, 0)
    assert rows_of("SELECT sum(amount_yen) FROM bill", bodies=EVERY_BODY) == [(850_000_000,)]
