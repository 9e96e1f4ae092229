"""What staff, machines and operators do with webhooks: endpoints, lists, replays, what is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from sekisho.client_desk.doors import make_doors
from sekisho.client_desk.errors import WebhookRefused
from sekisho.client_desk.records.scope import enter_body
from sekisho.client_desk.records.webhook_models import Delivery, Endpoint, Event
from sekisho.client_desk.webhooks import endpoints, events, limits, log
from sekisho.crossings.client_desk import (
    ListWebhooks,
    ReplayWebhooks,
    WebhooksListed,
    WebhooksReplayed,
)
from sekisho.crossings.repeating import DEEDS
from sekisho.transport.answers import Answered, Refused
from tests.rooms.client_desk.conftest import room
from tests.rooms.client_desk.hook_world import (
    BEGAN,
    BODY,
    KEEPER,
    World,
    an_event,
    states,
    verify,
)
from tests.rooms.client_desk.staff import TERMINAL, desk, evidence_kinds
from tests.rooms.hook_sender.receiver import OK, Receiver

pytestmark = pytest.mark.usefixtures("clean")

BROKEN = b"HTTP/1.1 500 Broken\r\n\r\nwe are <b>sorry</b>"
GONE = b"HTTP/1.1 410 Gone\r\n\r\n"


def test_events_are_listed_page_by_page_and_only_ones_own(world: World) -> None:
    world.told += [an_event(number) for number in range(1, 8)]
    world.told.append(an_event(9, "mihon_kiko"))
    world.settle()
    enter_body(BODY)
    page = events.list_events(BODY, limit=3)
    seen = [row.event_id for row in page.rows]
    while page.after is not None:
        page = events.list_events(BODY, limit=3, after=page.after)
        seen += [row.event_id for row in page.rows]
    assert seen == [event.event_id for event in reversed(world.told[:7])]
    for wrong in ("event_unknown", world.told[7].event_id):
        with pytest.raises(WebhookRefused) as refused:
            events.show_event(BODY, wrong)
        assert refused.value.code == "event_unknown"
    with pytest.raises(WebhookRefused) as refused:
        events.list_events(BODY, after=world.told[7].event_id)
    assert refused.value.code == "after_wrong"
    enter_body("mihon_kiko")
    assert events.list_events(BODY).rows == []


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"url": "http://hooks.example.jp:1/"}, "url_refused", "url"),
        ({"url": "https://hooks.example.jp/" + "a" * 5_000}, "url_refused", "url"),
        ({"kinds": ["payment.made_up"]}, "kinds_wrong", "kinds"),
        ({"description": "x" * 101}, "description_wrong", "description"),
        ({"description": "a\x00b"}, "description_wrong", "description"),
    ],
)
def test_a_bad_endpoint_is_refused_and_nothing_is_kept(
    world: World, receiver: Receiver, changes: dict[str, Any], code: str, field: str
) -> None:
    enter_body(BODY)
    given_facts = {"url": f"http://hooks.example.jp:{receiver.port}/", "by": "hanako"} | changes
    with pytest.raises(WebhookRefused) as refused:
        endpoints.add_endpoint(BODY, keeper=KEEPER, now=BEGAN, **given_facts)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert Endpoint.objects.count() == 0
    assert evidence_kinds() == []


def test_while_the_sender_is_away_no_address_is_taken(world: World, receiver: Receiver) -> None:
    world.sender_away = True
    with pytest.raises(WebhookRefused) as refused:
        world.add(receiver)
    assert refused.value.code == "sender_away"


def test_an_eleventh_endpoint_is_refused(world: World, receiver: Receiver) -> None:
    for _ in range(limits.MAX_ENDPOINTS_PER_BODY):
        world.add(receiver)
    with pytest.raises(WebhookRefused) as refused:
        world.add(receiver)
    assert refused.value.code == "too_many_endpoints"
    world.add(receiver, body="mihon_kiko")


def test_another_bodys_endpoint_is_unknown(world: World, receiver: Receiver) -> None:
    endpoint, _ = world.add(receiver, body="mihon_kiko")
    world.told.append(an_event(1, "mihon_kiko"))
    world.settle()
    enter_body("mihon_kiko")
    delivery = Delivery.objects.get()
    enter_body(BODY)
    asks = {"by": "hanako", "now": BEGAN}
    for ask in (
        lambda: endpoints.show_endpoint(BODY, endpoint.endpoint_id),
        lambda: endpoints.change_endpoint(BODY, endpoint.endpoint_id, url=None, by="hanako"),
        lambda: endpoints.rotate_secret(BODY, endpoint.endpoint_id, keeper=KEEPER, **asks),  # type: ignore[arg-type]
        lambda: endpoints.remove_endpoint(BODY, endpoint.endpoint_id, **asks),  # type: ignore[arg-type]
        lambda: endpoints.send_test_event(BODY, endpoint.endpoint_id, **asks),  # type: ignore[arg-type]
        lambda: log.list_deliveries(BODY, endpoint.endpoint_id),
        lambda: log.show_delivery(BODY, delivery.delivery_id),
        lambda: log.replay(BODY, delivery.delivery_id, **asks),  # type: ignore[arg-type]
        lambda: log.replay_since(BODY, endpoint.endpoint_id, BEGAN, **asks),  # type: ignore[arg-type]
    ):
        with pytest.raises(WebhookRefused) as refused:
            ask()
        assert refused.value.code in ("endpoint_unknown", "delivery_unknown")


def test_a_test_event_goes_to_one_endpoint_and_is_no_event_of_payments(
    world: World, receiver: Receiver
) -> None:
    endpoint, secret = world.add(receiver, "payout.made")
    world.add(receiver)
    enter_body(BODY)
    endpoints.send_test_event(BODY, endpoint.endpoint_id, by="hanako", now=world.moment)
    world.settle()
    (heard,) = receiver.heard
    assert verify(secret, heard)["type"] == "webhook.test"
    enter_body(BODY)
    assert events.list_events(BODY).rows == []


def test_a_removed_endpoint_is_told_nothing(world: World, receiver: Receiver) -> None:
    endpoint, _ = world.add(receiver)
    world.told.append(an_event(1))
    world.sender_away = True
    world.turn()
    enter_body(BODY)
    for _ in range(2):
        endpoints.remove_endpoint(BODY, endpoint.endpoint_id, by="hanako", now=world.moment)
    assert endpoints.list_endpoints(BODY) == []
    world.sender_away = False
    world.settle()
    assert list(states().values()) == ["stopped"]
    assert receiver.heard == []
    assert evidence_kinds().count("client_desk.webhook_removed") == 1


def test_old_rows_go_and_young_ones_stay(world: World, receiver: Receiver) -> None:
    world.add(receiver)
    world.told += [an_event(1), an_event(2)]
    world.settle()
    enter_body(BODY)
    assert Event.objects.count() == 2
    for table, column in (("webhook_try", "at"), ("webhook_delivery", "moved_at"), ("event", "at")):
        event = world.told[0].event_id
        mine = {
            "webhook_try": "delivery_id IN (SELECT delivery_id FROM client_desk.webhook_delivery"
            f" WHERE event_id = '{event}')",
        }.get(table, f"event_id = '{event}'")
        # Their clock is the database's here: nothing younger than it goes, whatever is asked.
        room.cluster.execute_sql(
            f"UPDATE client_desk.{table} SET {column} = now() - interval '200 days' WHERE {mine}"
        )
        room.cluster.execute_sql(
            f"UPDATE client_desk.{table} SET {column} = now() WHERE NOT ({mine})"
        )
    world.messenger._prune_at = 0.0
    world.moment = BEGAN + timedelta(days=4_000)
    world.messenger._prune(world.moment)
    enter_body(BODY)
    kept = list(Event.objects.values_list("event_id", flat=True))
    assert kept == [world.told[1].event_id]
    assert Delivery.objects.count() == 1


def test_every_promise_of_the_sender_is_a_deed_or_a_question() -> None:
    assert {deed.__name__ for deed in DEEDS if deed.receiver == "hook_sender"} == {
        "Deliver",
        "TakeOutcomes",
    }


# --- the terminal's doors -------------------------------------------------------------------------


def test_an_operator_sees_every_endpoint_and_sends_again(world: World, receiver: Receiver) -> None:
    endpoint, _ = world.add(receiver)
    world.add(receiver, body="mihon_kiko_test")
    world.told += [an_event(1), an_event(2)]
    receiver.say(GONE)
    world.settle()
    doors = make_doors(desk)

    def ask(message: Any, reply: Any) -> Any:
        answer = doors.answer(TERMINAL, message)
        assert isinstance(answer, Answered), answer
        return msgspec.msgpack.decode(answer.body, type=reply)

    listed = ask(ListWebhooks(client_body="*"), WebhooksListed).webhooks
    assert [(one.client_body, one.state, one.off_why, one.given_up) for one in listed] == [
        ("mihon_to", "off", "gone", 2),
        ("mihon_kiko_test", "on", "", 0),
    ]
    assert ask(ListWebhooks(client_body="mihon_kiko"), WebhooksListed).webhooks == listed[1:]
    order = ReplayWebhooks(
        client_body=BODY, endpoint_id=endpoint.endpoint_id, since=BEGAN, by="operator"
    )
    refused = doors.answer(TERMINAL, order)
    assert isinstance(refused, Refused)
    assert refused.code == "endpoint_off"
    enter_body(BODY)
    endpoints.switch_on(BODY, endpoint.endpoint_id, by="hanako")
    receiver.say(OK)
    assert ask(order, WebhooksReplayed).events == 2
    world.settle()
    assert set(states().values()) == {"delivered"}
    unknown = doors.answer(TERMINAL, ListWebhooks(client_body="nobody"))
    assert isinstance(unknown, Refused)
    assert unknown.code == "client_body_unknown"
