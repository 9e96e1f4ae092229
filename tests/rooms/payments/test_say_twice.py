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
from tests.rooms.payments import enrolment_hands as enrolments
from tests.rooms.payments import test_enrolments_paper as papers
from tests.rooms.payments.business_hands import link, put
from tests.rooms.payments.charge_hands import BODY, Charges, enrol
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.payout_hands import CONSOLE as PAYING
from tests.rooms.payments.payout_hands import Days
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

Story = Callable[[Any], Any]


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


def run_drafted(world: Charges) -> str:
    enrol(1)
    run_id = world.plan().run_id
    world.look()
    return run_id


def run_stopped(world: Charges) -> str:
    run_id = run_drafted(world)
    world.stop(run_id)
    return run_id


def on_work_list(world: Charges) -> str:
    enrol(1)
    run_id = world.charging()
    world.answer_all({"card_1": "54"})
    return run_id


def item_closed(world: Charges) -> Any:
    return world.say(
        DESK,
        payments.CloseChargeItem(
            client_body=BODY, run_id=on_work_list(world), item=1, reason="by slip", by="clerk"
        ),
    )


def day_ended(world: World) -> Days:
    days = Days(world)
    days.name(days.pay(), "refund", "net-x", 5_000)
    days.end()
    return days


def payout_approved(world: World) -> Any:
    days = day_ended(world)
    return days, days.approve(days.prepare())


def payout_made(world: World) -> Any:
    days, payout = payout_approved(world)
    return days.made(payout)


def payout_returned(world: World) -> Any:
    days, payout = payout_approved(world)
    return days.returned(payout)


def payout_dropped(world: World) -> Any:
    days = day_ended(world)
    return days.drop(days.prepare())


def difference_taken(world: World) -> Any:
    (found,) = day_ended(world).differences()
    message = payments.TakeDifference(difference_id=found.difference_id, by="sora")
    return world.say(PAYING, message)


def difference_closed(world: World) -> Any:
    (found,) = day_ended(world).differences()
    message = payments.CloseDifference(
        difference_id=found.difference_id, reason="the network's mistake", by="sora"
    )
    return world.say(PAYING, message)


def enrolment_back(world: World) -> Any:
    enrolment_id = enrolments.enrolled(world)
    enrolments.end(world, enrolment_id)
    return enrolments.reinstate(world, enrolment_id)


def paper_card(world: World) -> Any:
    return papers.change_card(world, enrolments.enrolled(world))


def paper_looked_at(world: World) -> Any:
    return papers.check(world, papers.entered(world))


SAID_TWICE: dict[type[Any], Story] = {
    payments.EndEnrolment: lambda world: enrolments.end(world, enrolments.enrolled(world)),
    payments.ReinstateEnrolment: enrolment_back,
    payments.AskCardChange: lambda world: enrolments.ask_link(world, enrolments.enrolled(world)),
    payments.StartCardChange: lambda world: enrolments.open_link(
        world, enrolments.ask_link(world, enrolments.enrolled(world))
    ),
    payments.StartPaper: lambda world: (world.add_policy(), papers.first(world)),
    payments.StartPaperCardChange: paper_card,
    payments.CheckPaper: paper_looked_at,
    payments.WithdrawPaper: lambda world: papers.withdraw(world, papers.entered(world)),
    payments.CardCompared: papers.checked,
    payments.NoteClearing: day_ended,
    payments.PreparePayout: lambda world: day_ended(world).prepare(),
    payments.ApprovePayout: payout_approved,
    payments.DropPayout: payout_dropped,
    payments.MarkPayoutMade: payout_made,
    payments.MarkPayoutReturned: payout_returned,
    payments.TakeDifference: difference_taken,
    payments.CloseDifference: difference_closed,
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
    payments.PutBill: put,
    payments.WithdrawBill: lambda world: world.say(
        DESK,
        payments.WithdrawBill(client_body="mihon_to", bill_id=put(world).bill_id, by="hana"),
    ),
    payments.CreateLink: link,
    payments.CancelLink: lambda world: world.say(
        DESK,
        payments.CancelLink(client_body="mihon_to", link_id=link(world).link_id, by="hana"),
    ),
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
    payments.PlanChargeRun: lambda world: (enrol(1), world.plan()),
    payments.ApproveChargeRun: lambda world: world.approve(run_drafted(world)),
    payments.StopChargeRun: run_stopped,
    payments.ResumeChargeRun: lambda world: world.resume(run_stopped(world)),
    payments.RetryChargeItem: lambda world: world.retry(on_work_list(world)),
    payments.CloseChargeItem: item_closed,
}

DELAYED = {payments.CapturePayment, payments.VoidPayment}
FRESH_FIELDS = {"card_form_url"}
"""A form of the vault is opened anew; the earlier one is closed."""


def test_every_deed_of_payments_has_a_story() -> None:
    assert set(SAID_TWICE) == {deed for deed in DEEDS if deed.receiver == "payments"}


class Listening(Charges):
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
    looks = {"paper_check": "second_person"} if deed is payments.CheckPaper else {}
    world = Listening(ROOM.own_folder, metropolitan_tax=delayed, group_life_premium=looks)
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
