"""A zone that does not answer, a line that is cut, a queue that is full: the payer is told to come
again or waits, nobody is told a lie, and all finish once it is over."""

from __future__ import annotations

import signal
import time

import pytest

from sekisho.transport.outbox import MAX_OUTBOX_MESSAGES
from tests.stories.hall import Hall, wait_for

STANDSTILL_SECONDS = 15.0
SITE = "payer_site.metropolitan_tax"


@pytest.mark.parametrize("process", ["payments", "vault"])
def test_a_zone_that_takes_and_never_answers(hall: Hall, process: str) -> None:
    """Stopped, its socket still takes connections (the kernel does): who asks must give up."""
    crowd = hall.crowd(4)
    wait_for(lambda: crowd.ended > 1, "payers are at it")
    pid = hall.signal(process, signal.SIGSTOP)
    browser = hall.browser()
    wait_for(lambda: browser.was_told(503), "the site says that it can't now")
    hall.signal_pid(pid, signal.SIGCONT)
    hall.end(crowd, browser)
    assert browser.outcome == "done", browser.outcome


@pytest.mark.parametrize("process", ["sim_card_network", "sim_three_d_secure"])
def test_a_network_that_stands_still(hall: Hall, process: str) -> None:
    crowd, browser = hall.crowd(4), hall.browser()
    wait_for(lambda: crowd.ended > 1, "payers are at it")
    pid = hall.signal(process, signal.SIGSTOP)
    time.sleep(STANDSTILL_SECONDS)
    hall.signal_pid(pid, signal.SIGCONT)
    hall.end(crowd, browser)


def test_a_zone_that_hangs_is_ended_and_started_again(hall: Hall) -> None:
    crowd = hall.crowd(4)
    wait_for(lambda: crowd.ended > 1, "payers are at it")
    before = hall.process("card_network").restarts
    hall.signal("card_network", signal.SIGSTOP)
    wait_for(lambda: hall.process("card_network").restarts > before, "started again", 120)
    assert "no answer" in hall.process("card_network").last_end
    hall.end(crowd)


def test_a_door_that_is_gone(hall: Hall) -> None:
    """The path of the vault's socket is taken away while payments has no standing connection."""
    crowd = hall.crowd(4)
    wait_for(lambda: crowd.ended > 1, "payers are at it")
    door = hall.engine.folder.socket_of("vault")
    away = door.with_suffix(".away")
    door.rename(away)
    try:
        hall.signal("payments", signal.SIGKILL)
        browser = hall.browser()
        wait_for(lambda: browser.was_told(503), "the site says that it can't now")
    finally:
        away.rename(door)
    hall.end(crowd, browser)
    assert browser.outcome == "done", browser.outcome


def test_a_full_outbox_takes_no_more_payments_and_keeps_those_it_has(hall: Hall) -> None:
    crowd = hall.crowd(4)
    wait_for(lambda: crowd.ended > 1, "payers are at it")
    hall.books.do(
        "INSERT INTO outbox (message, body, due_at)"
        " SELECT 'SendMail', '', now() + interval '1 day' FROM generate_series(1, %s)",
        [MAX_OUTBOX_MESSAGES + 1],
    )
    try:
        wait_for(lambda: any("busy" in said for p in crowd.came for said in p.troubles), "busy")
        browser = hall.browser()
        wait_for(lambda: browser.was_told(503), "the site says that it can't now")
    finally:
        hall.books.do("DELETE FROM outbox WHERE due_at > now() + interval '12 hours'")
    hall.end(crowd, browser)
    assert browser.outcome == "done", browser.outcome


def test_workers_that_all_wait_for_one_lock(hall: Hall) -> None:
    """Every handler of payments hangs: the doors are busy, nothing piles up without bound."""
    crowd = hall.crowd(4)
    wait_for(lambda: crowd.ended > 1, "payers are at it")
    with hall.books.locked("payment"):
        browser = hall.browser()
        wait_for(lambda: browser.was_told(503), "the site says that it can't now")
    hall.end(crowd, browser)
    assert browser.outcome == "done", browser.outcome
