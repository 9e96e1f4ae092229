"""Webhooks: what happened reaches whoever asked to be told, signed, again and again if need be."""

from __future__ import annotations

import json
import socket
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import WebhookVerificationError

from sekisho import transport
from sekisho.client_desk.errors import WebhookRefused
from sekisho.client_desk.records.scope import enter_body
from sekisho.client_desk.records.webhook_models import Delivery, Endpoint, Event
from sekisho.client_desk.webhooks import endpoints, limits, log, send
from sekisho.client_desk.webhooks.decide import Standing, decide
from sekisho.client_desk.webhooks.keep_events import fetch_events
from sekisho.client_desk.webhooks.payload import pass_facts
from tests.rooms.client_desk.conftest import room
from tests.rooms.client_desk.hook_world import (
    BEGAN,
    BODY,
    KEEPER,
    World,
    an_event,
    states,
    tries,
    verify,
)
from tests.rooms.client_desk.staff import evidence_kinds
from tests.rooms.hook_sender.receiver import OK, Receiver, receiving

pytestmark = pytest.mark.usefixtures("clean")

BROKEN = b"HTTP/1.1 500 Broken\r\n\r\nwe are <b>sorry</b>"
GONE = b"HTTP/1.1 410 Gone\r\n\r\n"


def test_an_event_arrives_signed(world: World, receiver: Receiver) -> None:
    _, secret = world.add(receiver)
    world.told.append(an_event(1))
    world.settle()
    (heard,) = receiver.heard
    assert verify(secret, heard) == {
        "type": "payment.captured",
        "timestamp": "2026-12-01T03:00:01+00:00",
        "data": {
            "id": "pay_1",
            "live": True,
            "amount_yen": 1_000,
            "reference": "7K3M-9QXD-2F4H-T",
        },
    }
    assert heard.headers["webhook-id"] == world.told[0].event_id
    assert states() == {world.told[0].event_id: "delivered"}
    assert tries() == [(200, "")]


def test_the_real_library_takes_it_by_the_real_clock(world: World, receiver: Receiver) -> None:
    from sekisho.vocabulary.clock import now

    _, secret = world.add(receiver)
    world.moment = now()
    world.told.append(an_event(1))
    world.settle()
    assert verify(secret, receiver.heard[0], at=now())["type"] == "payment.captured"
    tampered = receiver.heard[0]._replace(body=receiver.heard[0].body.replace(b"1000", b"9000"))
    with pytest.raises(WebhookVerificationError):
        verify(secret, tampered, at=now())


def test_only_the_kinds_asked_for_and_only_ones_own(world: World, receiver: Receiver) -> None:
    world.add(receiver, "refund.done")
    world.told += [
        an_event(1),
        an_event(2, kind="refund.done"),
        an_event(3, "mihon_kiko", kind="refund.done"),
        an_event(4, "mihon_to_test", kind="refund.done"),
    ]
    world.settle()
    assert [json.loads(heard.body)["data"]["id"] for heard in receiver.heard] == ["pay_2"]
    for body, kept in (("mihon_to", 2), ("mihon_kiko", 1), ("mihon_to_test", 1), ("", 0)):
        enter_body(body)
        assert Event.objects.count() == kept, body


def test_a_twins_events_say_that_they_are_not_live(world: World, receiver: Receiver) -> None:
    world.add(receiver, body="mihon_to_test")
    world.told += [an_event(1), an_event(2, "mihon_to_test")]
    world.settle()
    (heard,) = receiver.heard
    assert json.loads(heard.body)["data"]["live"] is False


def test_what_failed_is_tried_for_three_days_under_one_id(world: World, receiver: Receiver) -> None:
    _, secret = world.add(receiver)
    receiver.say(BROKEN)
    world.told.append(an_event(1))
    world.settle()
    began = world.moment
    for pause in limits.PAUSES:
        assert list(states().values()) == ["waiting"]
        world.later(seconds=pause.total_seconds() - 1)
        before = len(receiver.heard)
        world.later(seconds=2)
        assert len(receiver.heard) == before + 1
    assert list(states().values()) == ["given_up"]
    assert world.moment - began > timedelta(days=3)
    assert {heard.headers["webhook-id"] for heard in receiver.heard} == {world.told[0].event_id}
    assert len({heard.headers["webhook-timestamp"] for heard in receiver.heard}) == 10
    assert len({heard.body for heard in receiver.heard}) == 1
    for heard in receiver.heard:
        verify(secret, heard)
    assert tries() == [(500, "")] * 10


def test_it_arrives_once_the_receiver_is_well_again(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    receiver.say(BROKEN)
    world.told.append(an_event(1))
    world.settle()
    receiver.say(OK)
    world.later(seconds=10)
    assert list(states().values()) == ["delivered"]
    enter_body(BODY)
    (shown,) = endpoints.list_endpoints(BODY)
    assert (shown.state, shown.failing_since) == ("on", None)


def test_gone_switches_off_at_once(world: World, receiver: Receiver) -> None:
    endpoint, _ = world.add(receiver)
    receiver.say(GONE)
    world.told += [an_event(number) for number in range(1, 4)]
    world.settle()
    enter_body(BODY)
    shown = endpoints.show_endpoint(BODY, endpoint.endpoint_id)
    assert (shown.state, shown.off_why) == ("off", "gone")
    assert "waiting" not in states().values()
    assert evidence_kinds().count("client_desk.webhook_switched_off") == 1
    world.told.append(an_event(4))
    world.later(days=1)
    assert world.told[3].event_id not in states()


def test_five_days_of_failing_switch_off(world: World, receiver: Receiver) -> None:
    endpoint, _ = world.add(receiver)
    receiver.say(BROKEN)
    for day in range(6):
        world.told.append(an_event(day + 1))
        world.later(days=1)
    enter_body(BODY)
    shown = endpoints.show_endpoint(BODY, endpoint.endpoint_id)
    assert (shown.state, shown.off_why) == ("off", "failing")
    heard = len(receiver.heard)
    world.later(days=1)
    assert len(receiver.heard) == heard


def test_switched_on_again_what_was_missed_is_sent_again(world: World, receiver: Receiver) -> None:
    endpoint, _ = world.add(receiver)
    receiver.say(GONE)
    world.told += [an_event(1), an_event(2)]
    world.settle()
    world.told.append(an_event(3))
    world.settle()
    receiver.say(OK)
    enter_body(BODY)
    with pytest.raises(WebhookRefused) as refused:
        log.replay_since(BODY, endpoint.endpoint_id, BEGAN, by="hanako", now=world.moment)
    assert refused.value.code == "endpoint_off"
    endpoints.switch_on(BODY, endpoint.endpoint_id, by="hanako")
    since = BEGAN + timedelta(seconds=2)
    told = log.replay_since(BODY, endpoint.endpoint_id, since, by="hanako", now=world.moment)
    assert told == 2
    world.settle()
    by_event = states()
    assert [by_event[event.event_id] for event in world.told[1:]] == ["delivered"] * 2
    assert by_event[world.told[0].event_id] in ("given_up", "stopped")
    assert "client_desk.webhook_replayed" in evidence_kinds()


def test_a_replay_keeps_the_id_and_the_log(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    world.told.append(an_event(1))
    world.settle()
    enter_body(BODY)
    delivery = Delivery.objects.get()
    log.replay(BODY, delivery.delivery_id, by="hanako", now=world.moment)
    world.later(minutes=10)
    first, second = receiver.heard
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    enter_body(BODY)
    shown = log.show_delivery(BODY, delivery.delivery_id)
    assert [(one.status, one.said) for one in shown.log] == [(200, "ok")] * 2


def test_a_new_secret_and_the_former_sign_together_for_a_day(
    world: World, receiver: Receiver
) -> None:
    endpoint, former = world.add(receiver)
    enter_body(BODY)
    _, secret = endpoints.rotate_secret(
        BODY, endpoint.endpoint_id, by="hanako", keeper=KEEPER, now=world.moment
    )
    assert secret != former
    world.told.append(an_event(1))
    world.settle()
    for one in (secret, former):
        verify(one, receiver.heard[0])
    world.told.append(an_event(2))
    world.later(hours=25)
    verify(secret, receiver.heard[1])
    with pytest.raises(WebhookVerificationError):
        verify(former, receiver.heard[1])


def test_no_secret_lies_open_in_the_database(world: World, receiver: Receiver) -> None:
    endpoint, secret = world.add(receiver)
    enter_body(BODY)
    endpoints.rotate_secret(
        BODY, endpoint.endpoint_id, by="hanako", keeper=KEEPER, now=world.moment
    )
    row = Endpoint.objects.get()
    assert secret.encode() not in bytes(row.secret_sealed) + bytes(row.former_sealed or b"")
    rows = room.cluster.execute_sql("SELECT row_to_json(line)::text FROM evidence.line AS line")
    assert rows
    assert all(secret not in row[0] for row in rows)


# --- faults ---------------------------------------------------------------------------------------


def test_a_sender_that_dies_loses_nothing(world: World, receiver: Receiver) -> None:
    release = threading.Event()

    def hang(line: socket.socket) -> None:
        release.wait(30)
        line.close()

    world.add(receiver)
    receiver.say(hang)
    world.told += [an_event(number) for number in range(1, 6)]
    world.turn()
    assert set(states().values()) == {"in_hand"}
    world.kill_the_sender()
    receiver.say(OK)
    world.settle()
    release.set()
    assert set(states().values()) == {"delivered"}
    ids = {heard.headers["webhook-id"] for heard in receiver.heard}
    assert ids == {event.event_id for event in world.told}


def test_a_desk_that_dies_loses_nothing_and_sends_nothing_twice_that_was_told(
    world: World, receiver: Receiver
) -> None:
    world.add(receiver)
    world.told += [an_event(number) for number in range(1, 6)]
    world.turn()
    world.kill_the_desk()
    world.settle()
    assert set(states().values()) == {"delivered"}
    # The sender lived on and told how its tries had ended.
    assert len(receiver.heard) == 5


def test_an_answer_that_was_lost_sends_nothing_twice(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    world.told.append(an_event(1))
    world.answers_lost = True
    world.settle()
    assert len(receiver.heard) == 1
    assert list(states().values()) == ["delivered"]


def test_while_somebody_is_away_all_waits(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    world.payments_away = world.sender_away = True
    world.told.append(an_event(1))
    world.turn()
    assert states() == {}
    world.payments_away = False
    world.turn()
    assert list(states().values()) == ["waiting"]
    world.sender_away = False
    world.settle()
    assert list(states().values()) == ["delivered"]


def test_quiet_is_no_fault_and_silence_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [time.monotonic()]
    monkeypatch.setattr(send.time, "monotonic", lambda: clock[0])
    for _ in range(5):
        clock[0] += 40.0
        world.turn()
    assert world.messenger.fault() == "", "nothing to send is not a sender that is gone"
    world.sender_away = True
    for _ in range(4):
        clock[0] += 40.0
        world.turn()
    assert "hook_sender" in world.messenger.fault()


def test_events_told_twice_are_kept_once(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    world.told.append(an_event(1))
    world.settle()
    room.cluster.execute_sql("UPDATE client_desk.event_cursor SET after = ''")
    fetch_events(world.moment)
    world.settle()
    assert len(receiver.heard) == 1


def test_events_and_cursor_are_kept_together_or_not_at_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.told += [an_event(1), an_event(2, "mihon_kiko")]

    def break_off(*_: Any, **__: Any) -> None:
        raise RuntimeError("cut off")

    with monkeypatch.context() as patch:
        patch.setattr(
            "sekisho.client_desk.webhooks.keep_events.EventCursor.objects.update", break_off
        )
        with pytest.raises(RuntimeError):
            fetch_events(world.moment)
    enter_body(BODY)
    assert Event.objects.count() == 0
    assert fetch_events(world.moment) == 2
    enter_body("mihon_kiko")
    assert Event.objects.count() == 1


def test_an_endpoint_that_fails_does_not_hold_the_others_up(receiver: Receiver) -> None:
    release = threading.Event()

    def hang(line: socket.socket) -> None:
        release.wait(30)
        line.close()

    with receiving(hang) as slow:
        world = World(receiver, slow)
        try:
            world.add(slow)
            world.add(receiver)
            world.told += [an_event(number) for number in range(1, 31)]
            while len(receiver.heard) < 30:
                world.turn()
            assert slow.connections == 1
        finally:
            release.set()
            world.settle()
            transport.use(None)


def test_a_failing_endpoint_is_left_alone_for_a_while(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    receiver.say(BROKEN)
    world.told += [an_event(number) for number in range(1, 51)]
    world.settle()
    # The first train went; then it rests, whatever waits.
    assert len(receiver.heard) <= limits.TRAIN
    heard = len(receiver.heard)
    world.later(seconds=1)
    assert len(receiver.heard) == heard


# --- rules ----------------------------------------------------------------------------------------


@given(
    statuses=st.lists(st.sampled_from([0, 301, 400, 404, 429, 500, 503]), min_size=12, max_size=12),
    chances=st.lists(st.floats(0, 1), min_size=12, max_size=12),
)
def test_tries_end_and_span_three_days(statuses: list[int], chances: list[float]) -> None:
    moment, standing = BEGAN, Standing()
    for number, (status, chance) in enumerate(zip(statuses, chances, strict=True), start=1):
        decided = decide(status, number, standing, now=moment, chance=chance)
        standing = decided.standing
        assert standing.rests_until is not None
        assert moment < standing.rests_until <= moment + limits.REST_LONGEST * 1.11
        if decided.state != "waiting":
            break
        assert decided.due_at > moment
        moment = decided.due_at
    assert decided.state == "given_up"
    assert number == len(limits.PAUSES) + 1
    assert timedelta(days=2.7) < moment - BEGAN < timedelta(days=3.5)


@given(st.integers(0, 599), st.integers(1, 20))
def test_only_2xx_is_a_receipt(status: int, number: int) -> None:
    decided = decide(status, number, Standing(), now=BEGAN, chance=0.5)
    assert (decided.state == "delivered") == (200 <= status < 300)
    assert (decided.switched_off == "gone") == (status == 410)


def test_no_fact_passes_that_is_not_known() -> None:
    told = pass_facts(
        "payment.captured",
        {
            "amount_yen": 1,
            "name": "見本花子",
            "email": "hanako@mihon.example",
            "card_number": "4111111111111111",
            "card_last_four": "4111111111111111",
            "last_four": "1111",
            "reason": "x" * 300,
        },
    )
    assert told == {"amount_yen": 1, "last_four": "1111"}
