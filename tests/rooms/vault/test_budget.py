"""Budgets of releases: counted in blocks, never more than the budget; the breaker and its bell."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.crossings.message import Refusal
from sekisho.crossings.vault import BodyBudget, ResetBudget
from sekisho.vault.allow_more import reset_budget, show_budget
from sekisho.vault.count_releases import ALL_BODIES, Budgets, ReleaseCounter, hour_of
from sekisho.vault.limits import RELEASE_BLOCK
from sekisho.vocabulary.clock import now
from tests.rooms.open_room import Room
from tests.rooms.vault.conftest import ROOM
from tests.rooms.vault.neighbours import BODY, OTHER_BODY, Neighbours
from tests.rooms.vault.test_releases import lines, refused

AT = now()
MOST_TRIES = 150
ALARM = "alarm.vault.budget_spent"


def counted(room: Room, budget: str = BODY) -> int:
    rows = room.cluster.execute_sql(
        "SELECT released FROM vault.release_budget WHERE client_body = %s", [budget]
    )
    return int(rows[0][0]) if rows else 0


def budget_of(place: Neighbours, budget: str) -> BodyBudget:
    shown = show_budget(place.vault, now()).budgets
    return next(one for one in shown if one.client_body == budget)


@settings(max_examples=40)
@given(
    own=st.integers(0, 70),
    every=st.integers(0, 70),
    turns=st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=120),
)
def test_processes_that_live_and_die_never_let_more_out(
    own: int, every: int, turns: list[tuple[int, bool]]
) -> None:
    """Three processes take in any order; a turn may also kill the process and start it anew."""
    ROOM.clean()
    processes = [ReleaseCounter() for _ in range(3)]
    out = lost = 0
    for which, dies in turns:
        if dies:
            lost += processes[which].held(BODY, AT)
            processes[which] = ReleaseCounter()
        elif processes[which].take(BODY, Budgets(own, every), AT):
            out += 1
    assert out <= min(own, every)
    deaths = sum(dies for _, dies in turns)
    assert lost <= deaths * RELEASE_BLOCK
    # What nobody lost and nobody holds can still be taken, to the last one.
    if own <= every:
        last = sum(_drain(process, Budgets(own, every)) for process in processes)
        assert out + last + lost == own


def _drain(process: ReleaseCounter, budgets: Budgets) -> int:
    # Bounded, so that a budget that never ends is a failure and not a hang.
    return sum(process.take(BODY, budgets, AT) for _ in range(MOST_TRIES))


def test_threads_of_one_process_share_a_block_and_lose_nothing(clean: None, room: Room) -> None:
    counter, budgets = ReleaseCounter(), Budgets(100, 1_000)
    taken: list[int] = []

    def work() -> None:
        taken.append(_drain(counter, budgets))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 100
    assert counted(room) == 100


def test_a_spent_budget_of_all_gives_the_bodys_own_back(clean: None) -> None:
    counter = ReleaseCounter()
    assert counter.take(BODY, Budgets(10, 1), AT)
    held = counter.held(BODY, AT)
    assert not counter.take(BODY, Budgets(10, 1), AT)
    assert counter.held(BODY, AT) == held


def test_the_next_hour_begins_anew(clean: None) -> None:
    counter, budgets = ReleaseCounter(), Budgets(1, 10)
    assert counter.take(BODY, budgets, AT)
    assert not counter.take(BODY, budgets, AT)
    later = AT + timedelta(hours=1)
    assert counter.take(BODY, budgets, later)
    counter.give_back(BODY, AT)
    assert counter.held(BODY, later) == 0


def test_one_budget_does_not_touch_another_bodys(clean: None) -> None:
    counter = ReleaseCounter()
    assert not counter.take(BODY, Budgets(0, 10), AT)
    assert counter.take(OTHER_BODY, Budgets(1, 10), AT)


def test_the_breaker_rings_once_and_not_for_every_refusal(place: Neighbours, room: Room) -> None:
    place.change(default_releases_per_hour=2)
    cards = [place.entered_card() for _ in range(5)]
    for card in cards[:2]:
        place.release(place.sign(place.permit(card)))
    for card in cards[2:]:
        assert refused(place, place.sign(place.permit(card))) == "budget_spent"
    (told,) = map(json.loads, lines(room, ALARM))
    assert told["budget"] == BODY
    assert told["releases_per_hour"] == 2
    shown = budget_of(place, BODY)
    assert (shown.released, shown.most) == (2, 2)
    assert shown.tripped_at is not None


def test_the_budget_of_all_rings_its_own_bell(place: Neighbours, room: Room) -> None:
    place.change(all_releases_per_hour=1)
    cards = [place.entered_card() for _ in range(2)]
    place.release(place.sign(place.permit(cards[0])))
    assert refused(place, place.sign(place.permit(cards[1]))) == "budget_spent"
    (told,) = map(json.loads, lines(room, ALARM))
    assert (told["budget"], told["tripped_by"]) == ("all client bodies", BODY)
    assert budget_of(place, ALL_BODIES).tripped_at is not None
    assert budget_of(place, BODY).tripped_at is None


def reset(place: Neighbours, budget: str = BODY, reason: str = "year end, seen") -> Any:
    message = ResetBudget(client_body=budget, reason=reason, by="terminal:tester")
    return reset_budget(place.vault, message, now())


def test_an_operator_allows_more_with_a_line_of_evidence(place: Neighbours, room: Room) -> None:
    place.change(default_releases_per_hour=1)
    cards = [place.entered_card() for _ in range(3)]
    place.release(place.sign(place.permit(cards[0])))
    late = place.sign(place.permit(cards[1]))
    assert refused(place, late) == "budget_spent"
    reset(place)
    assert budget_of(place, BODY).tripped_at is None
    assert budget_of(place, BODY).most == 2
    place.release(late)
    assert refused(place, place.sign(place.permit(cards[2]))) == "budget_spent"
    assert len(lines(room, ALARM)) == 2, "a breaker that trips again rings again"
    (told,) = map(json.loads, lines(room, "vault.budget_reset"))
    assert (told["by"], told["reason"]) == ("terminal:tester", "year end, seen")


def test_a_closed_breaker_is_not_reset(place: Neighbours, room: Room) -> None:
    place.entered_card()
    for budget in (BODY, ALL_BODIES, "never_seen"):
        with pytest.raises(Refusal) as caught:
            reset(place, budget)
        assert caught.value.code == "not_tripped"
    assert lines(room, "vault.budget_reset") == []
    for reason in ("", "x" * 301, "two\nlines", "card 4111 1111 1111 1111"):
        with pytest.raises(Refusal) as caught:
            reset(place, reason=reason)
        assert (caught.value.code, caught.value.field) == ("message_invalid", "reason")


def test_a_tripped_breaker_stays_so_when_the_limit_is_raised(place: Neighbours) -> None:
    place.change(default_releases_per_hour=1)
    cards = [place.entered_card() for _ in range(2)]
    place.release(place.sign(place.permit(cards[0])))
    late = place.sign(place.permit(cards[1]))
    assert refused(place, late) == "budget_spent"
    place.change(default_releases_per_hour=100, counter=ReleaseCounter())
    assert refused(place, late) == "budget_spent"
    reset(place)
    place.release(late)


def test_a_refused_release_is_not_counted(place: Neighbours) -> None:
    card = place.entered_card()
    signed = place.sign(place.permit(card, with_security_code=False))
    place.release(signed)
    for _ in range(3):
        assert refused(place, signed) == "permit_spent"
    assert budget_of(place, BODY).released == 1


@pytest.mark.parametrize(
    "change",
    [
        "released = 0",
        "allowed_more = 0, tripped_at = NULL",
        "tripped_at = NULL",
        "tripped_at = tripped_at + interval '1 second'",
    ],
)
def test_nobody_resets_a_breaker_but_by_allowing_more(clean: None, room: Room, change: str) -> None:
    room.cluster.execute_sql(
        "INSERT INTO vault.release_budget (client_body, hour, released, allowed_more, tripped_at)"
        " VALUES (%s, %s, 3, 1, %s)",
        [BODY, hour_of(AT), AT],
    )
    with pytest.raises(psycopg.Error, match=r"only counts up|not else"):
        room.cluster.execute_sql(f"UPDATE vault.release_budget SET {change}")
