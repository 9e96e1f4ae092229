"""The life of an enrolment: ended by whom, taken up again, its card forgotten; its history."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from sekisho.crossings import payments, vault
from sekisho.payments.enrolments.chargeable import lock_chargeable
from sekisho.payments.enrolments.end import forget_ended
from sekisho.payments.enrolments.life import EDGES, Step, take_step
from sekisho.payments.enrolments.limits import CARD_KEPT_AFTER_END
from sekisho.payments.errors import EdgeRefused
from sekisho.payments.records.session import EVERY_BODY, acting_for
from tests.rooms.payments.callers import DESK, TERMINAL
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.enrolment_hands import (
    BODY,
    end,
    end_policy,
    enrolled,
    history,
    reinstate,
)
from tests.rooms.payments.test_take_payment import refused
from tests.rooms.payments.world import World, rows_of, told_of


def steps(world: World, enrolment_id: str) -> list[tuple[str, str]]:
    return [(event.event, event.by) for event in history(world, enrolment_id).events]


def chargeable(enrolment_id: str) -> bool:
    with acting_for(EVERY_BODY) as rows:
        return lock_chargeable(rows, enrolment_id) is not None


def test_the_table_of_steps_is_the_life(world: World) -> None:
    assert set(rows_of("SELECT source, target, event FROM enrolment_edge")) == set(
        map(tuple, EDGES)
    )


def test_the_page_about_the_life_has_every_step() -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "enrolments.md"
    lines = [line for line in page.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[2:]]
    assert [tuple(row[:3]) for row in rows] == [tuple(edge) for edge in EDGES]


def test_each_step_says_who_and_why(world: World) -> None:
    enrolment_id = enrolled(world)
    end(world, enrolment_id)
    reinstate(world, enrolment_id)
    shown = history(world, enrolment_id)
    assert [(e.event, e.by, e.why) for e in shown.events] == [
        ("applied", "payer_site:group_life_premium", ""),
        ("card_good", "card_network", "visa **** 1111"),
        ("ended_by_holder", "client_desk:hanako", "asked by letter"),
        ("reinstated", "client_desk:taro", "ended by mistake"),
    ]
    assert (shown.enrolment.status, shown.enrolment.card_last_four) == ("active", "1111")
    assert chargeable(enrolment_id)


@pytest.mark.parametrize("ended_by", ["holder", "body"])
def test_an_ended_enrolment_is_not_charged(world: World, ended_by: str) -> None:
    enrolment_id = enrolled(world)
    assert chargeable(enrolment_id)
    shown = end(world, enrolment_id, ended_by=ended_by)
    assert (shown.status, shown.ended_by) == ("ended", ended_by)
    assert shown.reinstatable_until == world.moment + CARD_KEPT_AFTER_END
    assert not chargeable(enrolment_id)
    assert end(world, enrolment_id, ended_by=ended_by) == shown, "said again it is the same"
    other = "body" if ended_by == "holder" else "holder"
    assert refused("not_active", lambda: end(world, enrolment_id, ended_by=other))
    assert [m.template for m in told_of(world, vault.SendMail)] == [
        "enrolment_done",
        "enrolment_ended",
    ]


def test_a_policy_that_ends_ends_its_enrolment(world: World) -> None:
    enrolment_id = enrolled(world)
    end_policy(world, "12345678")
    assert steps(world, enrolment_id)[-1] == ("policy_ended", "terminal")
    assert history(world, enrolment_id).enrolment.ended_by == "policy_ended"
    assert not chargeable(enrolment_id)
    refused("policy_ended", lambda: reinstate(world, enrolment_id))
    row = rows_of("SELECT kind, facts ->> 'ended_by' FROM body_event ORDER BY id")
    assert row == [("enrolment.active", None), ("enrolment.ended", "policy_ended")]


def test_the_card_is_kept_for_a_while_and_then_forgotten(world: World) -> None:
    enrolment_id = enrolled(world)
    end(world, enrolment_id)
    world.moment += CARD_KEPT_AFTER_END - timedelta(minutes=1)
    assert forget_ended(world.room) == 0
    world.later(minutes=1)
    refused("card_forgotten", lambda: reinstate(world, enrolment_id))
    assert (forget_ended(world.room), forget_ended(world.room)) == (1, 0)
    (card,) = told_of(world, vault.ForgetCard)
    assert (card.card_token, card.reason) == ("card_apply-1", "ended")
    assert [items.token for items in told_of(world, vault.ForgetItems)] == ["subject_2"]
    shown = history(world, enrolment_id).enrolment
    assert (shown.card_last_four, shown.reinstatable_until) == ("", None)
    refused("card_forgotten", lambda: reinstate(world, enrolment_id))


def test_only_one_enrolment_of_a_policy_is_taken_up(world: World) -> None:
    first = enrolled(world)
    end(world, first)
    second = enrolled(world, key="apply-2")
    assert second != first
    refused("policy_enrolled", lambda: reinstate(world, first))
    end(world, second)
    reinstate(world, first)
    assert reinstate(world, first).status == "active", "said again it is the same"
    refused("policy_enrolled", lambda: reinstate(world, second))


def test_reasons_and_persons_are_needed(world: World) -> None:
    enrolment_id = enrolled(world)
    assert refused("reason_wrong", lambda: end(world, enrolment_id, reason=" ")).field == "reason"
    refused("reason_wrong", lambda: end(world, enrolment_id, reason="4111 1111 1111 1111"))
    refused("by_wrong", lambda: end(world, enrolment_id, by=""))
    refused("not_ended", lambda: reinstate(world, enrolment_id))


def test_another_body_sees_and_ends_nothing(world: World) -> None:
    enrolment_id = enrolled(world)
    other = "mihon_to"
    refused("enrolment_unknown", lambda: end(world, enrolment_id, client_body=other))
    refused("enrolment_unknown", lambda: reinstate(world, enrolment_id, client_body=other))
    ask = payments.ShowEnrolment(client_body=other, enrolment_id=enrolment_id)
    refused("enrolment_unknown", lambda: world.say(DESK, ask))
    refused(
        "client_body_unknown",
        lambda: world.say(DESK, payments.ListEnrolments(client_body="*")),
    )
    assert world.say(DESK, payments.ListEnrolments(client_body=other)).enrolments == []
    assert len(world.say(TERMINAL, payments.ListEnrolments(client_body="*")).enrolments) == 1


def test_lists_come_by_pages_and_filters(world: World) -> None:
    ids = [enrolled(world, f"1000000{n}", f"apply-{n}") for n in range(5)]
    end(world, ids[2])
    seen, after = [], ""
    while True:
        page = world.say(DESK, payments.ListEnrolments(client_body=BODY, after=after, limit=2))
        seen += [one.enrolment_id for one in page.enrolments]
        after = page.next
        if not after:
            break
    assert seen == sorted(ids)

    def found(**filters: object) -> list[str]:
        asked = payments.ListEnrolments(client_body=BODY, **filters)  # type: ignore[arg-type]
        return [one.enrolment_id for one in world.say(DESK, asked).enrolments]

    assert found(status="ended") == [ids[2]]
    assert found(policy_number="10000004") == [ids[4]]
    assert found(joined_month=4) == sorted(ids) and found(joined_month=5) == []
    assert found(channel="paper") == [] and found(expiring_only=True) == []
    refused(
        "cursor_wrong",
        lambda: world.say(DESK, payments.ListEnrolments(client_body=BODY, after="x" * 65)),
    )


def test_the_database_refuses_steps_that_the_life_lacks(world: World) -> None:
    enrolment_id = enrolled(world)
    change = "UPDATE enrolment SET {} WHERE id = %s"
    for what in (
        "status = 'ended', step = step + 1, event = 'reinstated', ended_by = 'body'",
        "status = 'refused', step = step + 1, event = 'card_refused'",
        "step = step + 1, event = 'card_change_asked', card_token = 'card_of_a_thief'",
    ):
        with pytest.raises(psycopg.errors.CheckViolation), acting_for(EVERY_BODY) as rows:
            rows.do(change.format(what), [enrolment_id])
    with pytest.raises(psycopg.errors.SerializationFailure), acting_for(EVERY_BODY) as rows:
        rows.do("UPDATE enrolment SET moved_by = 'nobody' WHERE id = %s", [enrolment_id])
    with pytest.raises(EdgeRefused), acting_for(EVERY_BODY) as rows:
        take_step(rows, enrolment_id, Step("ended", "applied", "reinstated"), by="x")


def test_the_history_is_only_ever_added_to(world: World) -> None:
    enrolled(world)
    for statement in (
        "DELETE FROM enrolment_event",
        "UPDATE enrolment_event SET moved_by = 'x'",
        "INSERT INTO enrolment_event DEFAULT VALUES",
    ):
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            acting_for(EVERY_BODY) as rows,
        ):
            rows.do(statement)
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        ROOM.cluster.superuser_connection() as superuser,
    ):
        superuser.execute("UPDATE payments.enrolment_event SET moved_by = 'x'")
