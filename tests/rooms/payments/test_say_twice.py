"""Every deed that payments is asked for, said twice: the same answer, and nothing more happens.

Compared are every row of every table, the evidence, and what the neighbours were told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from psycopg import sql

from sekisho.crossings import payments
from sekisho.crossings.message import Refusal
from sekisho.crossings.repeating import DEEDS, IN_FLIGHT, KEY_REUSED
from sekisho.payments.in_flight import alone
from sekisho.transport.doors import Caller
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.test_after_payment_capture import authorised
from tests.rooms.payments.test_after_payment_capture import capture as capture_delayed
from tests.rooms.payments.test_after_payment_capture import void as void_delayed
from tests.rooms.payments.test_cases import CONSOLE, unknown_case, word
from tests.rooms.payments.world import (
    DESK,
    TAX,
    TERMINAL,
    World,
    make_bill,
    make_policy,
    next_number,
)

Story = Callable[[World], Any]


def started(world: World) -> str:
    (bill,) = world.add_bills(1, payment_number=next_number())
    payment_id: str = world.start(world.find(bill)).payment_id
    return payment_id


def entered(world: World) -> str:
    payment_id = started(world)
    world.enter_card(payment_id)
    return payment_id


def extended(world: World) -> Any:
    payment_id = started(world)
    world.later(minutes=5)
    return world.say(TAX, payments.ExtendPayment(payment_id=payment_id))


def challenged(world: World) -> Any:
    payment_id = world.confirmed()
    world.authenticate(payment_id, "challenge")
    return world.say(TAX, payments.FinishChallenge(payment_id=payment_id, cres="e30"))


def given_back(world: World) -> None:
    payment_id = authorised(world)
    world.capture(payment_id, "refused")
    world.reverse(payment_id)


def refund_done(world: World) -> None:
    payment_id = world.captured()
    world.refunded(payment_id, world.refund(payment_id).refund_id)


def disputed(world: World) -> str:
    payment_id = world.captured()
    world.charge_back(payment_id)
    return payment_id


def dispute_won(world: World) -> None:
    payment_id = disputed(world)
    world.answer()
    world.decide(payment_id, "won")


def settled(world: World) -> Any:
    return world.settle(world.clearing(world.captured()))


def applied(world: World) -> Any:
    return world.apply(world.find_policy(world.add_policy()).policy_id)


def site_closed(world: World) -> Any:
    message = payments.SetCardEntry(
        site="metropolitan_tax", open=False, reason="tested from everywhere", by="sora"
    )
    return world.say(CONSOLE, message)


def both_said(world: World) -> None:
    payment_id = unknown_case(world)
    word(world, payment_id, "taken", "sora")
    word(world, payment_id, "taken", "kai")


SAID_TWICE: dict[type[Any], Story] = {
    payments.StartPayment: started,
    payments.ConfirmPayment: lambda world: world.confirmed(),
    payments.FinishChallenge: challenged,
    payments.CancelPayment: lambda world: world.say(
        TAX, payments.CancelPayment(payment_id=entered(world))
    ),
    payments.ExtendPayment: extended,
    payments.StartEnrolment: applied,
    payments.CardEntered: entered,
    payments.AuthenticationOutcome: lambda world: world.authenticate(world.confirmed()),
    payments.AuthorisationOutcome: authorised,
    payments.CaptureOutcome: lambda world: world.captured(),
    payments.ReversalOutcome: given_back,
    payments.ImportBills: lambda world: world.import_rows("bills", [make_bill(2)], dry_run=True),
    payments.ImportPolicies: lambda world: world.import_rows(
        "policies", [make_policy(2)], dry_run=True
    ),
    payments.CommitImport: lambda world: world.add_bills(),
    payments.CapturePayment: lambda world: capture_delayed(world, authorised(world)),
    payments.VoidPayment: lambda world: void_delayed(world, authorised(world)),
    payments.RefundPayment: lambda world: world.refund(world.captured()),
    payments.RefundOutcome: refund_done,
    payments.ChargebackReceived: disputed,
    payments.DisputeEnded: dispute_won,
    payments.AnswerDispute: lambda world: (disputed(world), world.answer()),
    payments.SettleRows: settled,
    payments.DecideCase: both_said,
    payments.SetCardEntry: site_closed,
}

DELAYED = {payments.CapturePayment, payments.VoidPayment}
FRESH_FIELDS = {"card_form_url"}
"""A form of the vault is opened anew; the earlier one is closed."""


def test_every_deed_of_payments_has_a_story() -> None:
    assert set(SAID_TWICE) == {deed for deed in DEEDS if deed.receiver == "payments"}


class Listening(World):
    """A world that remembers what was said last, by whom, and what was answered."""

    def __init__(self, *folders: Any, **sections: Any) -> None:
        self.last: dict[type[Any], tuple[Caller, Any, Any]] = {}
        super().__init__(*folders, **sections)

    def say(self, caller: Caller, message: Any) -> Any:
        reply = super().say(caller, message)
        self.last[type(message)] = (caller, message, reply)
        return reply


def everything() -> dict[str, Any]:
    """A digest of every table of payments and of the evidence."""
    found = {}
    tables = ROOM.cluster.execute_sql(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = 'payments'"
        " OR (schemaname, tablename) = ('evidence', 'line')"
    )
    for schema, table in tables:
        rows = sql.SQL(
            "SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
            " FROM {} t"
        ).format(sql.Identifier(schema, table))
        found[table] = ROOM.cluster.execute_sql(rows)[0]
    return found


def plain(reply: Any) -> Any:
    fields = msgspec.to_builtins(reply)
    return {name: value for name, value in fields.items() if name not in FRESH_FIELDS}


@pytest.mark.parametrize("deed", SAID_TWICE, ids=lambda deed: deed.__name__)
def test_said_twice_it_is_done_once(clean: None, deed: type[Any]) -> None:
    delayed = {"capture": "delayed", "capture_within_hours": 48} if deed in DELAYED else {}
    world = Listening(ROOM.own_folder, metropolitan_tax=delayed)
    world.enter()
    SAID_TWICE[deed](world)
    caller, message, first = world.last[deed]
    world.deliver()
    before, told = everything(), len(world.told)
    world.later(seconds=1)
    second = World.say(world, caller, message)
    world.deliver()
    if deed is payments.SettleRows:
        assert (second.settled, second.settled_before) == (0, first.settled)
    else:
        assert plain(second) == plain(first)
    after = everything()
    assert {table for table in after if after[table] != before[table]} == set()
    assert len(world.told) == told
    world.leave()


@pytest.mark.parametrize(
    ("deed", "changes"),
    [
        (payments.StartPayment, {"bill_id": ""}),
        (payments.StartEnrolment, {"policy_id": ""}),
        (payments.RefundPayment, {"amount_yen": 1}),
        (payments.RefundPayment, {"fee_yen": 1}),
        (payments.RefundPayment, {"reason": "another reason"}),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "-".join(value),
)
def test_a_key_is_for_one_body(clean: None, deed: type[Any], changes: dict[str, Any]) -> None:
    world = Listening(ROOM.own_folder)
    world.enter()
    SAID_TWICE[deed](world)
    caller, message, _ = world.last[deed]
    if deed is payments.StartPayment:
        (bill,) = world.add_bills(1, payment_number=next_number())
        changes = {"bill_id": world.find(bill).bill_id}
    elif deed is payments.StartEnrolment:
        changes = {"policy_id": world.find_policy(world.add_policy("87654321")).policy_id}
    before = everything()
    with pytest.raises(Refusal) as refusal:
        World.say(world, caller, msgspec.structs.replace(message, **changes))
    assert (refusal.value.code, refusal.value.field) == (KEY_REUSED, "key")
    assert everything() == before
    world.leave()


def test_a_twin_waits_and_is_told_when_it_takes_too_long() -> None:
    began, may_end = threading.Event(), threading.Event()

    def first() -> None:
        with alone("start", "site", "key-1"):
            began.set()
            may_end.wait(30)

    worker = threading.Thread(target=first)
    worker.start()
    began.wait(30)
    with pytest.raises(Refusal) as refusal, alone("start", "site", "key-1", wait_seconds=0):
        pass
    assert (refusal.value.code, refusal.value.field) == (IN_FLIGHT, "key")
    with alone("start", "site", "key-2", wait_seconds=0), alone("refund", "site", "key-1"):
        pass
    may_end.set()
    with alone("start", "site", "key-1", wait_seconds=30):
        pass
    worker.join()


@pytest.mark.parametrize(
    ("caller", "what", "message"),
    [
        (TAX, "start", payments.StartPayment),
        (DESK, "refund", payments.RefundPayment),
        (TERMINAL, "import", payments.CommitImport),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_doors_hold_twins_apart(
    clean: None,
    monkeypatch: pytest.MonkeyPatch,
    caller: Caller,
    what: str,
    message: type[Any],
) -> None:
    world = Listening(ROOM.own_folder)
    world.enter()
    SAID_TWICE[message](world)
    _, said, _ = world.last[message]
    held = {
        "start": ("start", "payer_site:metropolitan_tax", getattr(said, "key", "")),
        "refund": ("refund", "mihon_to", getattr(said, "key", "")),
        "import": ("import", getattr(said, "import_id", "")),
    }[what]
    monkeypatch.setattr("sekisho.payments.in_flight._under_way", {held})
    monkeypatch.setattr("threading.Condition.wait_for", lambda *_, **__: False)
    with pytest.raises(Refusal) as refusal:
        World.say(world, caller, said)
    assert refusal.value.code == IN_FLIGHT
    world.leave()
