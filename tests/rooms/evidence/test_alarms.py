"""What a person must look at: raised with the act, listed newest first, counted by the day."""

from __future__ import annotations

import pytest

from sekisho.crossings.message import Refusal
from sekisho.evidence.append import INSERT_SQL, line_values
from sekisho.processes.evidence_keeper.list_alarms import list_alarms
from tests.rooms.evidence.conftest import Books


def ring(books: Books, number: int, *, kind: str = "alarm.vault.budget_spent") -> None:
    for at in range(number):
        books.zone.execute(INSERT_SQL, line_values(kind, f"body_{at}", {"at": at}))


def test_alarms_are_listed_newest_first_and_other_lines_are_not(books: Books) -> None:
    ring(books, 3)
    books.write(5)
    listed = list_alarms(books.keeper, 2)
    assert [(alarm.kind, alarm.subject, alarm.role) for alarm in listed.alarms] == [
        ("alarm.vault.budget_spent", "body_2", "vault"),
        ("alarm.vault.budget_spent", "body_1", "vault"),
    ]
    assert listed.alarms[0].facts == '{"at":2}'
    assert listed.last_day == 3


def test_a_kind_that_only_holds_the_word_is_no_alarm(books: Books) -> None:
    ring(books, 1, kind="vault.alarm.seen")
    ring(books, 1, kind="alarms")
    listed = list_alarms(books.keeper, 10)
    assert (listed.alarms, listed.last_day) == ([], 0)


def test_yesterdays_alarms_are_listed_and_not_counted(books: Books) -> None:
    ring(books, 2)
    books.tamper("UPDATE evidence.line SET at = at - interval '25 hours' WHERE subject = 'body_0'")
    listed = list_alarms(books.keeper, 10)
    assert (len(listed.alarms), listed.last_day) == (2, 1)


@pytest.mark.parametrize("limit", [0, -1, 501])
def test_a_limit_out_of_bounds_is_refused(books: Books, limit: int) -> None:
    with pytest.raises(Refusal) as caught:
        list_alarms(books.keeper, limit)
    assert (caught.value.code, caught.value.field) == ("message_invalid", "limit")


def test_alarms_are_found_by_their_own_index(books: Books) -> None:
    books.write(2_000)
    ring(books, 2)
    with books.keeper.transaction():
        books.keeper.execute("SET LOCAL enable_seqscan = off")
        plan = books.keeper.execute(
            "EXPLAIN SELECT id FROM evidence.line WHERE kind LIKE 'alarm.%'"
            " ORDER BY id DESC LIMIT 5"
        ).fetchall()
    assert "line_alarm" in str(plan)
