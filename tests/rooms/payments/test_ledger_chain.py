"""The ledger's chain: what it covers, in which order, and that it names what was bent."""

from __future__ import annotations

import hashlib
import json
import threading

import pytest
from django.db import connection

from sekisho.payments.ledger import chain
from sekisho.payments.ledger import write as ledger
from sekisho.payments.records.session import EVERY_BODY, acting_for
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.ledger_hands import bend, captured, locked, write
from tests.rooms.payments.world import World, rows_of


def linked() -> list[int]:
    return [row[0] for row in rows_of("SELECT transfer_id FROM ledger_link ORDER BY position")]


def test_verify_links_what_is_new_and_counts_it(world: World) -> None:
    captured(world)
    found = world.books()
    assert found.ok and found.linked == found.transfers == 2
    captured(world, key="key-2")
    assert world.books().linked == 4
    assert linked() == [1, 2, 3, 4]


def digest_of(before: bytes, transfer_id: int) -> bytes:
    """Work a digest out anew, outside the database, as an auditor would."""
    (transfer,) = rows_of(
        "SELECT id, xid::text, client_body, payment_id, kind, about, settles, amount_yen, legs,"
        " made_at, why FROM transfer WHERE id = %s",
        [transfer_id],
    )
    entries = rows_of(
        "SELECT leg, legs, client_body, account, amount_yen FROM entry"
        " WHERE transfer_id = %s ORDER BY leg",
        [transfer_id],
    )
    made_at = transfer[9].strftime("%Y-%m-%dT%H:%M:%S.%f")
    text = json.dumps([*transfer[:9], made_at, transfer[10], entries], ensure_ascii=False)
    return hashlib.sha256(before + text.encode()).digest()


def test_a_digest_is_over_every_column_as_documented(world: World) -> None:
    payment_id = captured(world)
    write(ledger.open_refund, payment_id, "refund_ü\t\"1'", 100, 10)
    chain.link_all()
    digest = bytes(32)
    for transfer_id, stored in rows_of(
        "SELECT transfer_id, digest FROM ledger_link ORDER BY position"
    ):
        digest = digest_of(digest, transfer_id)
        assert digest == bytes(stored)


def test_a_chain_forged_in_another_order_is_named(world: World) -> None:
    captured(world)
    captured(world, key="key-2")
    bend("DELETE FROM ledger_link")
    digest = bytes(32)
    for position, transfer_id in enumerate((1, 2, 4, 3), start=1):
        digest = digest_of(digest, transfer_id)
        bend(
            "INSERT INTO ledger_link (position, transfer_id, xid, digest)"
            " SELECT %s, id, xid, %s FROM transfer WHERE id = %s",
            [position, digest, transfer_id],
        )
    found = world.books()
    assert not found.ok and "chain position 4: transfer 3 is out of order" in found.faults
    assert found.faults[0].startswith("new transfers can't be linked")


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("UPDATE entry SET amount_yen = amount_yen * 2 WHERE transfer_id = 2", "transfer 2 was"),
        ("UPDATE entry SET account = 'fee' WHERE transfer_id = 1 AND leg = 2", "transfer 1 was"),
        ("UPDATE transfer SET made_at = made_at - interval '1 day' WHERE id = 3", "transfer 3 was"),
        ("UPDATE transfer SET client_body = 'mihon_kiko' WHERE id = 4", "transfer 4 was"),
        ("DELETE FROM transfer WHERE id = 2", "transfer 2 is missing"),
        ("DELETE FROM ledger_link WHERE position = 2", "chain position 3: the link before"),
        ("DELETE FROM ledger_link WHERE position = 2", "transfer 2 was slipped in"),
        (
            "WITH cut AS (DELETE FROM ledger_link WHERE position = 4)"
            " DELETE FROM transfer WHERE id = 4",
            "position 4: the head on evidence",
        ),
        ("UPDATE ledger_link SET digest = sha256('x') WHERE position = 4", "head on evidence"),
        (
            "INSERT INTO transfer (client_body, payment_id, kind, amount_yen, legs, xid)"
            " SELECT client_body, payment_id, 'pending', amount_yen, 2, xid FROM transfer"
            " WHERE id = 1",
            "transfer 5 was slipped in",
        ),
    ],
)
def test_verify_names_what_a_superuser_bent(world: World, statement: str, word: str) -> None:
    captured(world)
    captured(world, key="key-2")
    chain.link_all()
    assert chain.put_head()
    assert world.books().ok
    bend(statement)
    found = world.books()
    assert not found.ok
    assert any(word in fault for fault in found.faults), found.faults


def test_who_rewrites_the_whole_chain_is_told_by_the_evidence(world: World) -> None:
    captured(world)
    chain.link_all()
    chain.put_head()
    bend("UPDATE transfer SET made_at = made_at - interval '1 day'")
    bend("DELETE FROM ledger_link")
    chain.link_all()
    found = world.books()
    assert [fault for fault in found.faults if "head on evidence" in fault]
    assert not [fault for fault in found.faults if "was changed" in fault]


def test_no_transfer_is_linked_before_an_older_one_that_is_not_committed(world: World) -> None:
    """A younger transaction commits first: it waits for the older one, and so does the closing."""
    first, second = world.confirmed(), world.confirmed(key="key-2")
    wrote, go = threading.Event(), threading.Event()

    def slow() -> None:
        with locked(first) as (rows, payment):
            ledger.void(rows, payment)
            rows.one("SELECT 'written by now'")
            wrote.set()
            go.wait(20)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert wrote.wait(20)
    write(ledger.void, second)
    chain.link_all()
    assert linked() == [1, 2]
    late = rows_of("SELECT made_at FROM transfer ORDER BY id DESC LIMIT 1")[0][0]
    upto = rows_of("SELECT upto FROM ledger_closed")[0][0]
    assert upto is None or upto < late
    go.set()
    thread.join(20)
    chain.link_all()
    assert linked() == [1, 2, 3, 4]
    assert rows_of("SELECT upto FROM ledger_closed")[0][0] > late


def test_two_that_link_at_once_make_one_chain(world: World) -> None:
    for number in range(6):
        captured(world, key=f"key-{number}")

    faults: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(10):
                chain.link(batch=1)
        except Exception as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not faults
    found = world.books()
    assert found.ok and found.linked == 12


def test_nobody_writes_a_link_by_hand(world: World) -> None:
    import psycopg

    captured(world)
    chain.link_all()
    for statement in (
        "INSERT INTO ledger_link (position, transfer_id, xid, digest)"
        " VALUES (9, 9, '1', sha256('x'))",
        "DELETE FROM ledger_link",
        "UPDATE ledger_closed SET upto = NULL",
        "INSERT INTO ledger_block VALUES (1, 1, now(), now())",
        "DELETE FROM reconciliation",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting_for(EVERY_BODY) as rows:
            rows.do(statement)
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed"),
        ROOM.cluster.superuser_connection() as superuser,
    ):
        superuser.execute("UPDATE payments.ledger_link SET digest = sha256('x')")


def test_the_head_goes_on_evidence_when_it_moved(world: World) -> None:
    assert not chain.put_head()
    captured(world)
    chain.link_all()
    assert chain.put_head() and not chain.put_head()
    captured(world, key="key-2")
    chain.link_all()
    assert chain.put_head()
    with ROOM.cluster.superuser_connection() as superuser:
        heads = superuser.execute(
            "SELECT subject, facts::jsonb->>'digest' FROM evidence.line"
            " WHERE kind = 'payments.ledger_head' ORDER BY id"
        ).fetchall()
        digests = superuser.execute(
            "SELECT encode(digest, 'hex') FROM payments.ledger_link"
            " WHERE position IN (2, 4) ORDER BY position"
        ).fetchall()
    assert heads == [("2", digests[0][0]), ("4", digests[1][0])]


def test_a_clock_that_went_back_raises_an_alarm(world: World) -> None:
    captured(world)
    chain.link_all()
    bend("UPDATE ledger_closed SET upto = upto + interval '1 day'")
    captured(world, key="key-2")
    chain.link_all()
    with ROOM.cluster.superuser_connection() as superuser:
        alarms = superuser.execute(
            "SELECT facts::jsonb->>'transfers' FROM evidence.line"
            " WHERE kind = 'alarm.payments.transfers_backdated'"
        ).fetchall()
    assert alarms == [("2",)]
    assert world.books().ok
