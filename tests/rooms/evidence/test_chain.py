"""Lines are appended, linked, signed; whatever is done to them afterwards is found."""

from __future__ import annotations

import json

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from sekisho.evidence.append import facts_text, line_values
from sekisho.evidence.keeper import ANCHOR_FILE
from tests.rooms.evidence.conftest import Books

CANARY = "4111111111111111"


def test_an_untouched_chain_verifies(books: Books) -> None:
    books.write(5)
    assert books.seal() == 5
    books.write(2)
    assert books.seal() == 2
    verified = books.verify()
    assert (verified.faults, verified.lines, verified.heads) == ([], 7, 2)


def test_lines_newer_than_the_chain_are_counted_and_no_fault(books: Books) -> None:
    books.write(3)
    books.seal()
    books.write(2)
    verified = books.verify()
    assert (verified.ok, verified.lines, verified.unlinked) == (True, 3, 2)


def test_a_line_of_an_open_transaction_waits_and_keeps_its_place(books: Books) -> None:
    with books.zone.transaction():
        books.write(1)
        other = books._enter("vault")
        other.execute(
            "INSERT INTO evidence.line (kind, subject, facts) VALUES ('vault.test', 'x', '{}')"
        )
        other.close()
        assert books.seal() == 0
    assert books.seal() == 2
    assert books.verify().ok


@pytest.mark.parametrize(
    ("deed", "found"),
    [
        ("UPDATE evidence.line SET facts = '{}' WHERE id = 3", "line 3 was changed"),
        ("UPDATE evidence.line SET at = at - interval '1 hour' WHERE id = 3", "line 3 was changed"),
        ("UPDATE evidence.line SET role = 'console' WHERE id = 3", "line 3 was changed"),
        ("DELETE FROM evidence.line WHERE id = 3", "line 3 is missing"),
        ("DELETE FROM evidence.link WHERE position = 3", "positions 3 to 3 are missing"),
        (
            "DELETE FROM evidence.link WHERE position >= 3; DELETE FROM evidence.head;"
            " DELETE FROM evidence.line WHERE id >= 3",
            "noted head at 5: the chain does not reach it",
        ),
        (
            "UPDATE evidence.link SET line_id = line_id + 100 WHERE position IN (2, 4);"
            " UPDATE evidence.link SET line_id = CASE position WHEN 2 THEN 4 ELSE 2 END"
            " WHERE position IN (2, 4)",
            "line 4 was changed or moved",
        ),
        (
            "INSERT INTO evidence.line (id, xid, kind, subject, facts) OVERRIDING SYSTEM VALUE"
            " VALUES (900, (SELECT xid FROM evidence.line WHERE id = 2), 'k', 's', '{}')",
            "line 900 was slipped in",
        ),
        ("UPDATE evidence.head SET signed_at = signed_at + interval '1 s'", "did not sign"),
    ],
)
def test_tampering_is_found_and_named(books: Books, deed: str, found: str) -> None:
    books.write(5)
    books.seal()
    assert books.verify().ok
    for statement in deed.split(";"):
        books.tamper(statement)
    faults = books.verify().faults
    assert any(found in fault for fault in faults), faults


def test_a_chain_rewritten_whole_without_the_key_is_found(books: Books) -> None:
    """The attacker owns the database and knows the code: a new chain, but no signature."""
    books.write(4)
    books.seal()
    real = books.key
    books.tamper("UPDATE evidence.line SET facts = '{\"forged\":1}' WHERE id = 2")
    books.tamper("DELETE FROM evidence.link")
    books.tamper("DELETE FROM evidence.head")
    books.key = Ed25519PrivateKey.generate()
    (books.folder / ANCHOR_FILE).rename(books.folder / "aside")
    books.seal()
    (books.folder / "aside").rename(books.folder / ANCHOR_FILE)
    books.key = real
    faults = books.verify().faults
    assert any("did not sign" in fault for fault in faults)
    assert any("noted head has another digest" in fault for fault in faults)


class TestAttackerInAZone:
    """Code runs with the vault's database role."""

    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT * FROM evidence.line",
            "UPDATE evidence.line SET facts = '{}'",
            "DELETE FROM evidence.line",
            "TRUNCATE evidence.line",
            "INSERT INTO evidence.line (kind, subject, facts, role) VALUES ('k','s','{}','vault')",
            "INSERT INTO evidence.line (kind, subject, facts, at) VALUES ('k','s','{}',now())",
            "INSERT INTO evidence.link VALUES (1, 1, pg_current_xact_id(), 'x')",
            "ALTER TABLE evidence.line DISABLE TRIGGER ALL",
            "SET session_replication_role = replica",
        ],
    )
    def test_it_can_append_and_nothing_else(self, books: Books, statement: str) -> None:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            books.zone.execute(statement.encode())

    def test_its_lines_carry_its_own_role(self, books: Books) -> None:
        books.write(1)
        row = books.keeper.execute("SELECT role FROM evidence.line").fetchone()
        assert row == ("vault",)

    def test_even_the_keeper_changes_no_line(self, books: Books) -> None:
        books.write(1)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            books.keeper.execute("UPDATE evidence.line SET facts = '{}'")

    def test_even_the_owner_meets_the_trigger(self, books: Books) -> None:
        books.write(1)
        with books.cluster.superuser_connection() as connection:
            connection.execute("SET LOCAL ROLE evidence_owner")
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                connection.execute("DELETE FROM evidence.line")


@given(st.text(max_size=20), st.text(max_size=20), st.sampled_from(["", " ", "-"]))
@example(before="\x13", after="", between="")
def test_a_card_number_in_a_fact_is_masked(before: str, after: str, between: str) -> None:
    number = between.join(CANARY[at : at + 4] for at in range(0, 16, 4))
    for facts in (
        {"note": f"{before} {number} {after}"},
        {"deep": [{number: 1}]},
        {"n": int(CANARY)},
    ):
        text = facts_text(facts)
        assert json.loads(text)
        assert number not in text
        assert CANARY not in text


def test_a_reference_that_is_no_card_number_stays() -> None:
    assert "1234567890123456" in facts_text({"number": "1234567890123456"})


@pytest.mark.parametrize(
    ("kind", "subject", "facts"),
    [("", "s", {}), ("k" * 65, "s", {}), ("k", "s" * 201, {}), ("k", "s", {"x": "y" * 17_000})],
)
def test_a_line_over_its_limits_is_refused(kind: str, subject: str, facts: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"may|must"):
        line_values(kind, subject, facts)
