"""The desk's pages of webhooks, as staff use them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from sekisho import transport
from sekisho.client_desk.pages.page_rules import page_rules
from sekisho.client_desk.records.models import Person
from sekisho.client_desk.records.scope import enter_body
from sekisho.client_desk.records.webhook_models import Delivery, Endpoint
from sekisho.client_desk.webhooks.send import Messenger
from sekisho.sign_in.second_factor import code_at
from tests.rooms.client_desk.hook_world import BODY, World, an_event
from tests.rooms.client_desk.staff import desk, evidence_kinds, factor_of, later, signed_in
from tests.rooms.hook_sender.receiver import Receiver, receiving

pytestmark = pytest.mark.usefixtures("clean")

ATTACK = b"HTTP/1.1 500 No\r\n\r\n<script>alert('owned')</script>"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def world(receiver: Receiver) -> Iterator[World]:
    one = World(receiver)
    one.messenger = Messenger(desk.sign_in.gate.keeper, chance=lambda: 0.5)
    yield one
    transport.use(None)
    enter_body("")


@pytest.fixture
def chief(world: World) -> Client:
    return signed_in("chief", roles=("administrator",))


def code(steps: int = 1, name: str = "chief") -> str:
    """A code that nobody typed yet."""
    return code_at(factor_of(name, BODY), later(steps))


def add(visitor: Client, receiver: Receiver, **changes: Any) -> Any:
    facts = {
        "url": f"http://hooks.example.jp:{receiver.port}/in",
        "description": "会計システム",
        "kinds": ["payment.captured"],
        "code": code(),
        **changes,
    }
    return visitor.post("/webhooks?lang=en", facts)


def the_endpoint() -> Endpoint:
    enter_body(BODY)
    found = Endpoint.objects.get()
    enter_body("")
    return found


def test_an_endpoint_is_added_and_its_secret_shown_once(
    chief: Client, world: World, receiver: Receiver
) -> None:
    answer = add(chief, receiver)
    assert answer.status_code == 201, answer.content.decode()
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", answer.content.decode())
    assert secret
    assert answer.headers["Cache-Control"] == "no-store"
    place = f"/webhooks/{the_endpoint().endpoint_id}"
    for address in ("/webhooks", place):
        page = chief.get(address).content.decode()
        assert "hooks.example.jp" in page
        assert "whsec_" not in page
    world.told.append(an_event(1))
    world.settle()
    page = chief.get(place + "?lang=en").content.decode()
    assert "payment.captured" in page
    assert "delivered" in page
    assert "client_desk.webhook_added" in evidence_kinds()


def test_without_a_fresh_code_nothing_is_added(chief: Client, receiver: Receiver) -> None:
    answer = add(chief, receiver, code="000000")
    assert answer.status_code == 403
    assert "会計システム" in answer.content.decode()
    enter_body(BODY)
    assert Endpoint.objects.count() == 0


def test_a_bad_address_is_said_beside_the_form(chief: Client, receiver: Receiver) -> None:
    answer = add(chief, receiver, url="https://localhost:22/")
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "can&#x27;t be sent to this address" in page
    assert "https://localhost:22/" in page


def fresh_code() -> str:
    """A code after earlier ones were typed: the memory of them is taken away."""
    enter_body(BODY)
    Person.objects.filter(name="chief").update(factor_step=0)
    enter_body("")
    return code(0)


def test_changed_given_a_new_secret_and_removed(
    chief: Client, world: World, receiver: Receiver
) -> None:
    add(chief, receiver)
    place = f"/webhooks/{the_endpoint().endpoint_id}"
    url = f"http://hooks.example.jp:{receiver.port}/other"
    for deed in ("change", "rotate", "remove"):
        wrong = chief.post(f"{place}/{deed}", {"code": "000000", "url": url})
        assert wrong.status_code == 403, deed
    changed = chief.post(place + "/change", {"url": url, "kinds": [], "code": fresh_code()})
    assert changed.status_code == 302, changed.content.decode()
    endpoint = the_endpoint()
    assert (endpoint.url, endpoint.kinds, endpoint.description) == (url, [], "")
    bad = chief.post(place + "/change", {"url": "ftp://localhost/", "code": fresh_code()})
    assert bad.status_code == 409
    assert the_endpoint().url == url
    rotated = chief.post(place + "/rotate", {"code": fresh_code()})
    assert rotated.status_code == 201
    assert "whsec_" in rotated.content.decode()
    assert the_endpoint().former_until is not None
    removed = chief.post(place + "/remove", {"code": fresh_code()})
    assert removed.headers["Location"] == "/webhooks"
    assert chief.get(place).status_code == 404
    kinds = evidence_kinds()
    for kind in ("changed", "secret_changed", "removed"):
        assert f"client_desk.webhook_{kind}" in kinds


def test_switched_off_and_on_by_hand(chief: Client, world: World, receiver: Receiver) -> None:
    add(chief, receiver)
    place = f"/webhooks/{the_endpoint().endpoint_id}"
    assert chief.post(place + "/off").status_code == 302
    assert "停止" in chief.get(place + "?lang=ja").content.decode()
    assert chief.post(place + "/test").status_code == 409
    assert chief.post(place + "/on").status_code == 302
    assert chief.post(place + "/sideways").status_code == 404
    assert chief.post(place + "/test").status_code == 302
    world.settle()
    assert len(receiver.heard) == 1


def test_what_a_receiver_said_is_shown_as_text(
    chief: Client, world: World, receiver: Receiver
) -> None:
    add(chief, receiver)
    receiver.say(ATTACK)
    world.told.append(an_event(1))
    world.settle()
    enter_body(BODY)
    delivery = Delivery.objects.get()
    enter_body("")
    page = chief.get(f"/webhooks/deliveries/{delivery.delivery_id}?lang=en").content.decode()
    assert "500" in page
    assert "&lt;script&gt;alert(" in page
    assert "<script>alert(" not in page
    assert "7K3M-9QXD-2F4H-T" in page


def test_a_clerk_sends_again_and_changes_nothing(
    chief: Client, world: World, receiver: Receiver
) -> None:
    add(chief, receiver)
    world.told.append(an_event(1))
    world.settle()
    enter_body(BODY)
    delivery = Delivery.objects.get()
    enter_body("")
    clerk = signed_in("jiro", roles=("clerk",))
    viewer = signed_in("saburo", roles=("viewer",))
    place = f"/webhooks/{delivery.endpoint_id}"
    again = f"/webhooks/deliveries/{delivery.delivery_id}/replay"
    for visitor in (clerk, viewer):
        assert visitor.get("/webhooks").status_code == 200
        assert visitor.get(place).status_code == 200
        assert add(visitor, receiver).status_code == 403
        for deed in ("change", "rotate", "remove", "on", "off"):
            assert visitor.post(f"{place}/{deed}").status_code == 403, deed
    assert viewer.post(again).status_code == 403
    assert viewer.post(place + "/replay", {"since": "2026-12-01T00:00"}).status_code == 403
    assert clerk.post(again).status_code == 302
    world.settle()
    assert clerk.post(place + "/replay", {"since": "2026-12-01T00:00"}).status_code == 302
    world.settle()
    assert clerk.post(place + "/replay", {"since": "soon"}).status_code == 400
    assert len(receiver.heard) == 3


def test_another_bodys_pages_are_not_there(chief: Client, world: World, receiver: Receiver) -> None:
    add(chief, receiver)
    world.told.append(an_event(1))
    world.settle()
    enter_body(BODY)
    delivery = Delivery.objects.get()
    enter_body("")
    stranger = signed_in("chief", "mihon_kiko", roles=("administrator",))
    place = f"/webhooks/{delivery.endpoint_id}"
    assert stranger.get(place).status_code == 404
    assert stranger.get(f"/webhooks/deliveries/{delivery.delivery_id}").status_code == 404
    assert stranger.post(f"/webhooks/deliveries/{delivery.delivery_id}/replay").status_code == 404
    for deed in ("on", "off", "test"):
        assert stranger.post(f"{place}/{deed}").status_code == 404
    assert "hooks.example.jp:" not in stranger.get("/webhooks").content.decode()


def test_test_and_live_are_two_lists(chief: Client, world: World, receiver: Receiver) -> None:
    add(chief, receiver)
    chief.cookies["sekisho_desk_view"] = "test"
    assert f"hooks.example.jp:{receiver.port}" not in chief.get("/webhooks").content.decode()
    del chief.cookies["sekisho_desk_view"]
    assert f"hooks.example.jp:{receiver.port}" in chief.get("/webhooks").content.decode()


def test_what_was_switched_off_is_said_at_home(
    chief: Client, world: World, receiver: Receiver
) -> None:
    add(chief, receiver)
    receiver.say(b"HTTP/1.1 410 Gone\r\n\r\n")
    world.told.append(an_event(1))
    world.settle()
    page = chief.get("/webhooks?lang=en").content.decode()
    assert "Nothing is sent to this address any more" in page
    assert "410" in page


def test_the_edge_knows_every_page() -> None:
    rules = [rule for rule in page_rules(desk) if rule.path.startswith("/webhooks")]
    assert len(rules) == 8
