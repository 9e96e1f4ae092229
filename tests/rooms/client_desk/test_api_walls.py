"""What belongs to another client body, or to the other side of the same one, can't be seen, touched
or told from what does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sekisho.client_desk.api import limit_keys
from sekisho.client_desk.api.frame import document
from sekisho.client_desk.records.models import Event
from sekisho.client_desk.records.scope import enter_body
from sekisho.vocabulary.clock import now
from sekisho.vocabulary.identifiers import new_id
from tests.rooms import open_room
from tests.rooms.client_desk.machines import BILL, ROOT, Machine, at_work, new_key
from tests.rooms.client_desk.paying import PayingBodies
from tests.rooms.client_desk.test_api_keys import PLACES

SIDES = [("mihon_to", True), ("mihon_to", False), ("mihon_kiko", True), ("mihon_kiko", False)]
Side = tuple[str, bool]

BODIES: dict[str, Any] = {
    "withdraw_bill": None,
    "cancel_payment_link": None,
    "capture_payment": None,
    "void_payment": {"reason": "x"},
    "refund_payment": {"amount_yen": 1, "left_yen": 34_267, "reason": "x"},
    "answer_dispute": {"answer": "accept"},
    "change_webhook_endpoint": {"kinds": []},
    "rotate_webhook_secret": None,
    "switch_webhook_on": None,
    "switch_webhook_off": None,
    "send_webhook_test": None,
    "replay_webhooks": {"since": "2026-11-01T00:00:00Z"},
    "replay_webhook_delivery": None,
}
KEPT = ("bill_id", "link_id", "payment_id", "refund_id", "case_number", "endpoint_id",
        "delivery_id", "event_id")  # fmt: skip
"""Places of things that the tests' payments and the desk keep apart by body."""

OPERATIONS = [
    (operation["operationId"], method, path, place)
    for path, methods in document()["paths"].items()
    for method, operation in methods.items()
    for place in re.findall(r"\{(\w+)\}", path)
    if place in KEPT and operation["operationId"] != "remove_webhook_endpoint"
]
"""Every operation about one thing. A removal answers the same however often, and whatever for."""


class World:
    """Four sides with one of each thing, and a machine for each."""

    def __init__(self, payments: PayingBodies) -> None:
        self.payments = payments
        self.machines: dict[Side, Machine] = {}
        self.things: dict[Side, dict[str, str]] = {}
        for number, side in enumerate(SIDES):
            self.machines[side] = Machine(new_key(side[0], live=side[1])[0])
            self.things[side] = self._things(side, self.machines[side], f"CB-{number}")

    def _things(self, side: Side, machine: Machine, case_number: str) -> dict[str, str]:
        acting = side[0] if side[1] else side[0] + "_test"
        paid = self.payments.add_payment(acting).payment_id
        self.payments.add_dispute(acting, case_number)
        bill = machine.post("/bills", BILL).json()
        link = machine.post("/payment-links", {"bill_id": bill["bill_id"]}).json()
        refund = machine.post(f"/payments/{paid}/refunds", BODIES["refund_payment"]).json()
        hook = machine.post("/webhook-endpoints", {"url": "https://hooks.mihon.example/"}).json()
        endpoint_id = hook["endpoint"]["endpoint_id"]
        test = machine.post(f"/webhook-endpoints/{endpoint_id}/test").json()
        event_id = new_id("event")
        enter_body(acting)
        Event.objects.create(
            event_id=event_id, client_body=acting, kind="payment.captured", object_id=paid,
            at=now(), facts={},
        )  # fmt: skip
        return {
            "payment_id": paid,
            "case_number": case_number,
            "bill_id": bill["bill_id"],
            "link_id": link["link_id"],
            "refund_id": refund["refund_id"],
            "endpoint_id": endpoint_id,
            "delivery_id": test["delivery_id"],
            "event_id": event_id,
        }

    def ask(self, side: Side, operation: tuple[str, str, str, str], thing: str) -> Any:
        name, method, path, place = operation
        filled = path.removeprefix(ROOT).replace("{" + place + "}", thing)
        machine = self.machines[side]
        return machine.post(filled, BODIES[name]) if method == "post" else machine.get(filled)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    for opened in open_room.opened:
        opened.clean()
    with at_work() as (_, payments):
        yield World(payments)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    asker=st.sampled_from(SIDES),
    owner=st.sampled_from(SIDES),
    operation=st.sampled_from(OPERATIONS),
)
def test_another_s_thing_looks_like_none(
    world: World, asker: Side, owner: Side, operation: tuple[str, str, str, str]
) -> None:
    limit_keys.buckets.forget()
    world.payments.said.clear()
    place = operation[3]
    answer = world.ask(asker, operation, world.things[owner][place])
    acting = asker[0] if asker[1] else asker[0] + "_test"
    assert {getattr(one, "client_body", acting) for one in world.payments.said} <= {acting}
    if asker == owner:
        assert answer.status_code in (200, 201, 409), answer.content
        return
    assert answer.status_code == 404
    nothing = world.ask(asker, operation, PLACES[place])
    assert answer.json() == nothing.json()


@pytest.mark.parametrize("side", SIDES)
def test_lists_show_one_s_own_alone(world: World, side: Side) -> None:
    limit_keys.buckets.forget()
    others = {
        thing
        for owner, things in world.things.items()
        for thing in things.values()
        if owner != side
    }
    for path in ("/bills", "/payment-links", "/payments", "/refunds", "/disputes", "/events",
                 "/webhook-endpoints"):  # fmt: skip
        text = world.machines[side].get(path).content.decode()
        assert not [thing for thing in others if f'"{thing}"' in text], path
        assert any(f'"{thing}"' in text for thing in world.things[side].values()), path


def test_an_idempotency_key_of_another_body_says_nothing(world: World) -> None:
    limit_keys.buckets.forget()
    first, other = world.machines[SIDES[0]], world.machines[SIDES[2]]
    answered = first.post("/bills", BILL, "same")
    answer = other.post("/bills", BILL, "same")
    assert "Idempotency-Replayed" not in answer.headers
    assert answer.json()["bill_id"] != answered.json()["bill_id"]
