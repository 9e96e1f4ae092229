"""What the database refuses, whatever code runs in payments: forged edges, unbalanced books,
another client body's rows, changes of what is written once."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import connection

from sekisho.payments.lifecycle import EDGES, HOLDING, State
from sekisho.payments.records.session import EVERY_BODY, acting_for
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.world import World, rows_of


def run(statement: Any, values: Any = (), bodies: str = EVERY_BODY) -> int:
    with acting_for(bodies) as rows:
        return rows.do(statement, values)


def refuses(error: type[Exception], statement: Any, values: Any = (), **more: Any) -> str:
    with pytest.raises(error) as caught:
        run(statement, values, **more)
    return str(caught.value)


def test_the_table_of_edges_is_the_lifecycle(world: World) -> None:
    assert set(rows_of("SELECT source, target, event FROM lifecycle_edge")) == {
        tuple(map(str, edge)) for edge in EDGES
    }


def test_the_database_holds_a_bill_exactly_in_the_holding_states(world: World) -> None:
    payment_id = world.confirmed()
    for state in State:
        with ROOM.cluster.superuser_connection() as superuser:
            superuser.execute("SET LOCAL session_replication_role = replica")
            held = superuser.execute(
                "UPDATE payments.payment SET state = %s WHERE id = %s RETURNING held_for",
                [state.value, payment_id],
            ).fetchone()
        assert held is not None and (held[0] is not None) == (state in HOLDING), state


@pytest.mark.parametrize(
    ("state", "event"),
    [("captured", "captured"), ("settled", "settled"), ("authorised", "approved"), ("x", "y")],
)
def test_an_edge_that_the_lifecycle_lacks_is_refused(world: World, state: str, event: str) -> None:
    payment_id = world.confirmed()
    said = refuses(
        psycopg.errors.CheckViolation,
        "UPDATE payment SET state = %s, event = %s, step = step + 1 WHERE id = %s",
        [state, event, payment_id],
    )
    assert "no edge" in said


def test_a_state_does_not_change_without_its_step(world: World) -> None:
    payment_id = world.confirmed()
    refuses(
        psycopg.errors.SerializationFailure,
        "UPDATE payment SET state = 'failed', event = 'authentication_failed' WHERE id = %s",
        [payment_id],
    )
    refuses(
        psycopg.errors.CheckViolation,
        "UPDATE payment SET state = 'failed', event = 'authentication_failed', moved_by = '',"
        " step = step + 1 WHERE id = %s",
        [payment_id],
    )


def test_what_was_agreed_to_never_changes(world: World) -> None:
    world.confirmed()
    for statement in (
        "UPDATE payment SET total_yen = 1",
        "UPDATE payment SET bill_id = NULL",
        "UPDATE payment SET client_body = 'mihon_kiko'",
        "DELETE FROM payment",
        "DELETE FROM bill",
        "DELETE FROM attempt",
        "UPDATE attempt SET card_token = 'other'",
    ):
        refuses(psycopg.errors.InsufficientPrivilege, statement)


@pytest.mark.parametrize("table", ["payment_event", "transfer", "entry"])
def test_history_and_ledger_are_read_only(world: World, table: str) -> None:
    world.confirmed()
    for statement in (f"DELETE FROM {table}", f"INSERT INTO {table} DEFAULT VALUES"):
        refuses(psycopg.errors.InsufficientPrivilege, statement)
    column = "moved_by" if table == "payment_event" else "client_body"
    refuses(psycopg.errors.InsufficientPrivilege, f"UPDATE {table} SET {column} = 'x'")
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        ROOM.cluster.superuser_connection() as superuser,
    ):
        superuser.execute(f"UPDATE payments.{table} SET {column} = 'x'")


OPEN = "SELECT open_claim(%s, 'mihon_to', %s, %s::text[], %s::bigint[])"
END = "SELECT end_claim(%s, 'mihon_to', %s, %s)"


def test_a_transfer_that_does_not_balance_is_refused_at_commit(world: World) -> None:
    said = refuses(
        psycopg.errors.CheckViolation,
        OPEN,
        ["pay_x", 100, ["payer", "client_body"], [100, -99]],
    )
    assert "does not balance" in said
    assert rows_of("SELECT count(*) FROM transfer") == [(0,)]


def test_a_claim_is_opened_once_and_ended_once(world: World) -> None:
    payment_id = world.confirmed()
    assert "pending transfer already" in refuses(
        psycopg.errors.CheckViolation,
        OPEN,
        [payment_id, 12_143, ["payer", "client_body"], [12_143, -12_143]],
    )
    for amount in (1, 12_142, 12_144):
        refuses(psycopg.errors.CheckViolation, END, [payment_id, "posted", amount])
    refuses(psycopg.errors.CheckViolation, END, [payment_id, "settled", 12_143])
    run(END, [payment_id, "voided", 12_143])
    for kind in ("posted", "voided", "expired"):
        assert "no pending transfer" in refuses(
            psycopg.errors.CheckViolation, END, [payment_id, kind, 12_143]
        )


def test_even_the_owner_adds_no_entry_to_a_past_transfer(world: World) -> None:
    world.confirmed()
    with (
        pytest.raises(psycopg.errors.CheckViolation),
        ROOM.cluster.superuser_connection() as superuser,
    ):
        superuser.execute(
            "INSERT INTO payments.entry (transfer_id, leg, legs, client_body, account, amount_yen)"
            " VALUES (1, 5, 9, 'mihon_to', 'fee', 5), (1, 6, 9, 'mihon_to', 'fee', -5)"
        )


def test_verify_names_what_a_superuser_bent(world: World) -> None:
    payment_id = world.confirmed()
    assert world.books().ok
    for statement, word in (
        ("UPDATE payments.entry SET amount_yen = amount_yen + 1 WHERE leg = 1", "balance"),
        ("UPDATE payments.payment SET state = 'captured'", payment_id),
        ("DELETE FROM payments.payment_event WHERE step = 2", "events"),
    ):
        with ROOM.cluster.superuser_connection() as superuser:
            superuser.execute("SET LOCAL session_replication_role = replica")
            superuser.execute(statement)
        found = world.books()
        assert not found.ok and any(word in fault for fault in found.faults), found.faults


WALLED = (
    "bill",
    "policy",
    "enrolment",
    "payment",
    "payment_event",
    "attempt",
    "permit_issued",
    "transfer",
    "entry",
    "import_file",
)


def test_another_client_bodys_rows_are_not_there(world: World) -> None:
    payment_id = world.confirmed()
    world.add_policy()
    policy = world.find_policy("12345678")
    world.apply(policy.policy_id)
    for body, other in (("mihon_to", "mihon_kiko"), ("mihon_kiko", "mihon_to")):
        for table in WALLED:
            seen = f"SELECT count(*) FROM {table} WHERE client_body = %s"
            assert rows_of(seen, [other], bodies=body) == [(0,)], (table, body)
    mine = "SELECT count(*) FROM payment WHERE id = %s"
    assert rows_of(mine, [payment_id], bodies="mihon_to") == [(1,)]
    assert rows_of(mine, [payment_id], bodies="mihon_kiko") == [(0,)]
    assert rows_of(mine, [payment_id], bodies="") == [(0,)]
    moved = "UPDATE payment SET due_at = NULL WHERE id = %s"
    assert run(moved, [payment_id], bodies="mihon_kiko") == 0
    refuses(
        psycopg.errors.InsufficientPrivilege,
        END,
        [payment_id, "voided", 12_143],
        bodies="mihon_kiko",
    )
    refuses(
        psycopg.errors.InsufficientPrivilege,
        "INSERT INTO policy (id, client_body, policy_number, product_ja, product_en,"
        " yearly_premium_yen, joined_month, subject, date_of_birth_token)"
        " VALUES ('policy_x', 'mihon_to', '1', 'x', 'x', 1, 1, 's', 't')",
        bodies="mihon_kiko",
    )


def test_without_a_wall_nothing_is_seen(world: World) -> None:
    world.confirmed()
    with connection.cursor() as cursor:
        for table in WALLED:
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() == (0,)


def test_the_runtime_role_is_no_more_than_it_says(world: World) -> None:
    with ROOM.cluster.superuser_connection() as superuser:
        tables = superuser.execute(
            "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE nspname = 'payments' AND relkind = 'r' AND NOT relrowsecurity"
        ).fetchall()
    assert {name for (name,) in tables} == {
        "client_body",
        "site",
        "lifecycle_edge",
        "enrolment_edge",
        "card_entry",
        "guard_count",
        "wrong_answer",
        "outbox",
        "ledger_link",
        "ledger_block",
        "ledger_closed",
        "reconciliation",
        "clearing_file",
        "django_migrations",
    }


def test_a_wall_is_not_moved_half_way(world: World) -> None:
    with pytest.raises(RuntimeError), acting_for("mihon_to"), acting_for(EVERY_BODY):
        pass


def test_a_site_does_not_change_hands(world: World) -> None:
    from sekisho.payments.room import write_down_sites

    moved = World(ROOM.own_folder, metropolitan_tax={"client_body": "mihon_kiko"})
    with pytest.raises(ValueError, match="belongs to client body mihon_to"):
        write_down_sites(moved.room)
