"""Statements that travel together mean what they mean one by one."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import connection

from sekisho import evidence
from sekisho.database import pipeline
from sekisho.payments.lifecycle import State
from sekisho.payments.move_payment import lock_payment, move
from sekisho.payments.records.session import EVERY_BODY, acting_for
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.world import World, rows_of

INSERT = "INSERT INTO client_body (id) VALUES (%s)"
FIND = "SELECT id FROM client_body WHERE id LIKE %s ORDER BY id"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many statements each wait for PostgreSQL brought home."""
    brought: list[int] = []
    read_line = pipeline.PipelinedTransaction._read_line

    def counted(transaction: Any) -> Any:
        brought.append(len(transaction._line))
        return read_line(transaction)

    monkeypatch.setattr(pipeline.PipelinedTransaction, "_read_line", counted)
    return brought


def test_writes_wait_for_nobody_and_leave_with_the_commit(world: World, reads: list[int]) -> None:
    with acting_for(EVERY_BODY) as rows:
        for number in range(3):
            rows.do(INSERT, [f"body_{number}"])
        evidence.append(kind="test.seen", subject="x", facts={})
        assert not reads
    assert len(reads) == 1
    assert rows_of(FIND, ["body_%"]) == [("body_0",), ("body_1",), ("body_2",)]


def test_a_count_is_fetched_when_somebody_looks(world: World, reads: list[int]) -> None:
    with acting_for(EVERY_BODY) as rows:
        touched = rows.do(INSERT, ["body_1"])
        assert not reads
        assert touched == 1
        assert touched
        assert len(reads) == 1
        assert not rows.do("DELETE FROM wrong_answer WHERE key = %s", ["nobody's"])


def test_a_failure_of_an_unwatched_statement_undoes_all(world: World) -> None:
    said: list[str] = []
    with pytest.raises(psycopg.errors.UniqueViolation) as caught, acting_for(EVERY_BODY) as rows:
        pipeline.after_commit(lambda: said.append("committed"))
        rows.do(INSERT, ["body_1"])
        rows.do(INSERT, ["body_1"])
        rows.do(INSERT, ["body_2"])
    assert caught.value.diag.constraint_name == "client_body_pkey"
    assert rows_of(FIND, ["body_%"]) == []
    assert not said


def test_the_first_failure_is_told_by_the_next_answer(world: World) -> None:
    with acting_for(EVERY_BODY) as rows, pytest.raises(psycopg.errors.UniqueViolation):
        rows.do(INSERT, ["body_1"])
        rows.do(INSERT, ["body_1"])
        rows.one("SELECT 1")
    # The block ended well, but the transaction was lost: PostgreSQL commits nothing of it.
    assert rows_of(FIND, ["body_%"]) == []


def test_what_a_block_raises_undoes_its_writes(world: World) -> None:
    with pytest.raises(KeyError), acting_for(EVERY_BODY) as rows:
        rows.do(INSERT, ["body_1"])
        raise KeyError
    assert rows_of(FIND, ["body_%"]) == []


def test_a_transaction_stands_in_no_other(world: World) -> None:
    with acting_for(EVERY_BODY) as rows:
        with pytest.raises(RuntimeError), acting_for(EVERY_BODY):
            pass
        assert rows.one("SELECT 1") == (1,)


def test_after_the_commit_and_not_before(world: World) -> None:
    said: list[str] = []
    with acting_for(EVERY_BODY):
        pipeline.after_commit(lambda: said.append("committed"))
        assert not said
    assert said == ["committed"]


def test_a_lost_connection_is_told_and_the_next_transaction_works(world: World) -> None:
    with pytest.raises(psycopg.OperationalError), acting_for(EVERY_BODY) as rows:
        row = rows.one("SELECT pg_backend_pid()")
        assert row is not None
        ROOM.cluster.execute_sql("SELECT pg_terminate_backend(%s)", [row[0]])
        rows.do(INSERT, ["body_1"])
        rows.one("SELECT 1")
    with acting_for(EVERY_BODY) as rows:
        assert rows.all(FIND, ["body_%"]) == []


def test_a_connection_that_died_while_idle_is_noticed_before_it_is_used(world: World) -> None:
    with acting_for(EVERY_BODY) as rows:
        row = rows.one("SELECT pg_backend_pid()")
    assert row is not None
    ROOM.cluster.execute_sql("SELECT pg_terminate_backend(%s)", [row[0]])
    connection.close_if_unusable_or_obsolete()
    with acting_for(EVERY_BODY) as rows:
        assert rows.one("SELECT pg_backend_pid()") != row


def test_values_by_name_and_by_place_and_a_percent_sign(world: World) -> None:
    with acting_for(EVERY_BODY) as rows:
        rows.do(
            "INSERT INTO client_body (id) VALUES (%(id)s) ON CONFLICT (id) DO NOTHING",
            {"id": "body_1", "other": 1},
        )
        asked = "SELECT id FROM client_body WHERE id LIKE 'body%%' AND %(a)s < %(b)s + %(a)s"
        assert rows.all(asked, {"a": 1, "b": 2}) == [("body_1",)]


def test_more_statements_than_one_line_holds(world: World) -> None:
    many = pipeline.MAX_IN_LINE_STATEMENTS * 2 + 1
    with acting_for(EVERY_BODY) as rows:
        for number in range(many):
            rows.do(INSERT, [f"body_{number:04}"])
    assert len(rows_of(FIND, ["body_%"])) == many


def test_a_payment_that_moved_meanwhile_is_not_moved_again(world: World) -> None:
    payment_id = world.confirmed()
    with pytest.raises(psycopg.errors.SerializationFailure), acting_for(EVERY_BODY) as rows:
        payment = lock_payment(rows, payment_id)
        assert payment is not None
        move(rows, payment, State.AUTHORISING, "authenticated", by="test")
        move(rows, payment, State.CHALLENGE, "challenge_asked", by="test")
    assert rows_of("SELECT state FROM payment WHERE id = %s", [payment_id]) == [("authenticating",)]
