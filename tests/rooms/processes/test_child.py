"""How long a fallen process waits for its next life, and what may not end its supervisor."""

import subprocess
import sys

import pytest

from sekisho.crossings.message import HealthShown
from sekisho.processes.supervisor import child as room
from sekisho.processes.supervisor.child import Child
from sekisho.processes.supervisor.roster import SEATS


class Clock:
    """Time in seconds that a test moves."""

    now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(room, "time", clock)
    return clock


def fallen_program() -> "subprocess.Popen[bytes]":
    program = subprocess.Popen([sys.executable, "-c", ""])
    program.wait()
    return program


def pause_after_a_life(child: Child, clock: Clock, *, well: bool, seconds: float) -> float:
    child.begin()
    child.served = well
    clock.now += seconds
    assert child.look() == "ended with status 0"
    return child.next_start - clock.now


def test_lives_that_never_were_well_wait_longer_each_time(clock: Clock) -> None:
    child = Child(seat=SEATS[0], start=fallen_program)
    pauses = [pause_after_a_life(child, clock, well=False, seconds=1) for _ in range(12)]
    assert pauses[:3] == pytest.approx([0.2, 0.4, 0.8])
    assert pauses == sorted(pauses)
    assert pauses[-1] == room.LONGEST_PAUSE_SECONDS


def test_a_life_that_was_well_is_followed_soon(clock: Clock) -> None:
    child = Child(seat=SEATS[0], start=fallen_program)
    for _ in range(8):
        pause_after_a_life(child, clock, well=False, seconds=1)
    short = [pause_after_a_life(child, clock, well=True, seconds=1) for _ in range(12)]
    assert set(map(round, short)) == {room.SHORT_SERVICE_PAUSE_SECONDS}
    long = pause_after_a_life(child, clock, well=True, seconds=room.STEADY_SECONDS + 1)
    assert long == pytest.approx(room.FIRST_PAUSE_SECONDS)


def test_only_an_answer_of_this_life_that_all_is_well_counts(clock: Clock) -> None:
    child = Child(seat=SEATS[0], start=lambda: subprocess.Popen([sys.executable, "-c", "input()"],
                                                                stdin=subprocess.PIPE))  # fmt: skip
    child.begin()
    try:
        child.show_health(HealthShown(ok=True, facts={"pid": 1}))
        child.show_health(HealthShown(ok=False, facts={"pid": child.pid or 0}))
        assert not child.served
        child.show_health(HealthShown(ok=True, facts={"pid": child.pid or 0}))
        assert child.served
    finally:
        assert child.program is not None
        child.program.kill()
        child.program.communicate()


def test_what_a_person_must_look_at_holds_no_start_up(clock: Clock) -> None:
    child = Child(seat=SEATS[0], start=lambda: subprocess.Popen([sys.executable, "-c", "input()"],
                                                                stdin=subprocess.PIPE))  # fmt: skip
    child.begin()
    try:
        own = {"pid": child.pid or 0}
        child.show_health(HealthShown(ok=False, faults={"database": "away"}, facts=own))
        assert (child.state, child.serves) == ("unhealthy", False)
        books = {"reconciliation": "differs on 1 days"}
        child.show_health(HealthShown(ok=False, serves=True, faults=books, facts=own))
        assert (child.state, child.serves) == ("needs a person", True)
    finally:
        assert child.program is not None
        child.program.kill()
        child.program.communicate()


def test_a_start_that_the_system_refuses_is_tried_again(clock: Clock) -> None:
    def refuse() -> "subprocess.Popen[bytes]":
        raise OSError(11, "Resource temporarily unavailable")

    child = Child(seat=SEATS[0], start=refuse)
    assert not child.start_again_if_due()
    assert child.next_start > clock.now
    assert "could not be started" in child.ended_why
    child.start = fallen_program
    clock.now = child.next_start
    assert child.start_again_if_due()
    assert child.restarts == 1
