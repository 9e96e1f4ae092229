"""The scribe: one commit for many writes, no write harmed by another, one connector at a time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, connection

from sekisho.card_network.errors import AnotherConnector
from sekisho.card_network.scribe import ONE_CONNECTOR_LOCK, Scribe
from sekisho.crossings.payments import CaptureOutcome
from sekisho.database.pipeline import write
from sekisho.transport.outbox import post, post_if
from tests.rooms.card_network.both_sides import in_thread
from tests.rooms.open_room import opened

pytestmark = pytest.mark.usefixtures("clean")


@contextmanager
def scribing() -> Iterator[Scribe]:
    scribe = Scribe()
    scribe.start()
    try:
        yield scribe
    finally:
        scribe.stop()


def note(serial: int) -> int:
    post(
        CaptureOutcome(
            payment_id=f"pay_{serial}", attempt=1, result="captured", response_code="00"
        ),
        key=str(serial),
    )
    return _transaction()


def _transaction() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        return int(cursor.fetchone()[0])


def written() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM outbox")
        return {row[0] for row in cursor.fetchall()}


def test_what_waits_is_committed_together() -> None:
    async def story(scribe: Scribe) -> None:
        gate = threading.Event()
        first = asyncio.create_task(scribe.write(lambda: gate.wait(5)))
        await asyncio.sleep(0.05)
        others = [asyncio.create_task(scribe.write(lambda n=n: note(n))) for n in range(20)]
        await asyncio.sleep(0)
        gate.set()
        await first
        assert len(set(await asyncio.gather(*others))) == 1

    with scribing() as scribe:
        asyncio.run(story(scribe))
    assert written() == {str(n) for n in range(20)}


def test_a_write_that_fails_takes_no_other_with_it() -> None:
    def fail() -> None:
        note(99)
        raise ValueError("mine")

    def fail_in_database() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    async def story(scribe: Scribe) -> None:
        acts = [lambda: note(1), fail, lambda: note(2), fail_in_database, lambda: note(3)]
        results = await asyncio.gather(*(scribe.write(act) for act in acts), return_exceptions=True)
        assert [isinstance(one, Exception) for one in results] == [0, 1, 0, 1, 0]

    with scribing() as scribe:
        asyncio.run(story(scribe))
    assert written() == {"1", "2", "3"}


def test_only_one_connector_writes() -> None:
    async def story(scribe: Scribe) -> None:
        with opened[0].cluster.superuser_connection() as other:
            other.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_CONNECTOR_LOCK])
            with pytest.raises(AnotherConnector):
                await scribe.write(lambda: note(1))
        assert await in_thread(written) == set()
        await scribe.write(lambda: note(2))

    with scribing() as scribe:
        asyncio.run(story(scribe))
    assert written() == {"2"}


def test_a_lost_database_connection_is_made_again() -> None:
    async def story(scribe: Scribe) -> None:
        def lose() -> None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        with pytest.raises(DatabaseError):
            await scribe.write(lose)
        await scribe.write(lambda: note(1))

    with scribing() as scribe:
        asyncio.run(story(scribe))
    assert written() == {"1"}


def plain_note(serial: int) -> None:
    write("INSERT INTO outbox (message, body, key) VALUES ('x', '', %s)", [str(serial)])


def test_a_plain_write_that_fails_takes_no_other_with_it() -> None:
    def fail_in_database() -> None:
        plain_note(98)
        write("SELECT 1 / 0")

    def fail() -> None:
        plain_note(99)
        raise ValueError("mine")

    async def story(scribe: Scribe) -> None:
        acts = [lambda: plain_note(1), fail_in_database, lambda: plain_note(2), fail]
        results = await asyncio.gather(
            *(scribe.note(act) for act in acts),
            scribe.write(lambda: note(3)),
            return_exceptions=True,
        )
        assert [isinstance(one, Exception) for one in results] == [0, 1, 0, 1, 0]

    with scribing() as scribe:
        asyncio.run(story(scribe))
    assert written() == {"1", "2", "3"}


def test_a_lost_database_connection_is_made_again_for_plain_writes() -> None:
    async def story(scribe: Scribe) -> None:
        await scribe.note(lambda: plain_note(1))
        with opened[0].cluster.superuser_connection() as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = 'card_network'"
            )
        await scribe.note(lambda: plain_note(2))

    with scribing() as scribe:
        asyncio.run(story(scribe))
    connection.close()
    assert written() == {"1", "2"}


def test_what_was_not_changed_is_not_told() -> None:
    outcome = CaptureOutcome(payment_id="pay", attempt=1, result="captured", response_code="00")
    change = "UPDATE outbox SET tries = 7 WHERE key = %s RETURNING id"

    async def story(scribe: Scribe) -> None:
        await scribe.note(lambda: plain_note(1))
        await scribe.note(lambda: post_if(change, ["none"], outcome))
        await scribe.note(lambda: post_if(change, ["1"], outcome))
        await scribe.write(lambda: post_if(change, ["1"], outcome))

    with scribing() as scribe:
        asyncio.run(story(scribe))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM outbox WHERE message = 'CaptureOutcome'")
        assert cursor.fetchone() == (2,)
