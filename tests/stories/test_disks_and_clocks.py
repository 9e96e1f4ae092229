"""A disk is full, a clock is wrong: payments are refused cleanly or finish later, money agrees."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.stories.faulty_platform import CLOCK_STEP_FILE
from tests.stories.full_disk import full_disk
from tests.stories.hall import Hall, wait_for

HOUR_SECONDS = 3_600
SEGMENTS = 40
"""More WAL segments than PostgreSQL keeps ready."""


def _use_up_ready_segments(hall: Hall) -> bool:
    """Write WAL until PostgreSQL can't; True when it has fallen or refuses to go on."""
    try:
        for _ in range(SEGMENTS):
            hall.books.ask("SELECT pg_logical_emit_message(true, 'full', 'x')")
            hall.books.ask("SELECT pg_switch_wal()")
    except psycopg.Error:
        return True
    return False


def test_a_full_database_disk_loses_nothing(hall: Hall) -> None:
    """First a table can't grow and statements fail; then the log of transactions can't, and
    PostgreSQL falls and can't come back until there is room."""
    crowd = hall.crowd()
    wait_for(lambda: crowd.ended > 2, "payers are at it")
    with full_disk(hall.platform, "postgres"):
        browser = hall.browser()
        wait_for(lambda: _use_up_ready_segments(hall), "no room for the log of transactions")
        wait_for(lambda: browser.was_told(503), "the site says that it can't now")
        wait_for(lambda: any(payer.troubles for payer in crowd.came), "payers met trouble")
    payers = hall.end(crowd, browser)
    assert browser.outcome in ("done", "wait"), browser.outcome
    assert sum(payer.told[-1:] == ["succeeded"] for payer in payers) > 2


def test_full_log_disks_stop_no_payment(hall: Hall) -> None:
    with full_disk(hall.platform, "log"):
        payer, browser = hall.payer(), hall.browser()
        assert payer.pay() == "succeeded"
        browser.come_to_an_end(120)
        assert browser.outcome == "done"
    hall.books.wait_for_quiet()
    hall.books.check([payer])


@pytest.mark.parametrize("process", ["payments", "vault", "card_network"])
def test_a_clock_that_jumps_by_an_hour_loses_nothing(hall: Hall, process: str) -> None:
    """Forward, back to an hour behind, and right again, under load."""
    step = Path(hall.engine.folder.of(process)) / CLOCK_STEP_FILE
    crowd = hall.crowd(4)
    wait_for(lambda: crowd.ended > 2, "payers are at it")
    try:
        for seconds in (HOUR_SECONDS, -HOUR_SECONDS):
            step.write_text(str(seconds))
            goal = crowd.steps + 8
            wait_for(lambda goal=goal: crowd.steps >= goal, "payers come forward")  # type: ignore[misc]
    finally:
        step.unlink()
    goal = sum(payer.told[-1:] == ["succeeded"] for payer in crowd.came) + 3
    wait_for(
        lambda: sum(payer.told[-1:] == ["succeeded"] for payer in list(crowd.came)) >= goal,
        "payments succeed once the clock is right",
    )
    hall.end(crowd)
