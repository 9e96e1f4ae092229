"""Events for client bodies: one for each end, in the order of the commits, each read once."""

from __future__ import annotations

import threading

import psycopg
import pytest

from sekisho.crossings import payments
from sekisho.crossings.message import Refusal
from sekisho.payments.body_events import tell_body
from sekisho.payments.records.session import acting_for
from tests.rooms.payments.business_hands import events, link, of_body, pay_by_link
from tests.rooms.payments.test_after_payment_capture import authorised
from tests.rooms.payments.world import DESK, World, rows_of


def kinds(shown: payments.EventsShown) -> list[str]:
    return [event.kind for event in shown.events]


def test_a_payment_tells_its_end_with_what_it_is_about(world: World) -> None:
    made = link(world)
    payment_id = pay_by_link(world, made)
    (event,) = events(world).events
    shown = of_body(world, payment_id).payment
    assert (event.kind, event.object_id, event.client_body) == (
        "payment.captured",
        payment_id,
        "mihon_to",
    )
    assert event.facts == {
        "payment_id": payment_id,
        "reference": shown.reference,
        "bill_id": shown.bill_id,
        "payment_number": "R-link-1",
        "link_id": made.link_id,
        "amount_yen": 5_000,
        "fee_yen": 55,
        "total_yen": 5_055,
        "status": "succeeded",
        "reason": "",
    }


def test_what_was_read_is_not_read_again_and_reads_the_same(world: World) -> None:
    for key in ("a", "b", "c"):
        pay_by_link(world, link(world, key), key)
    all_of_them = events(world)
    first = events(world, limit=2)
    rest = events(world, first.after)
    assert first.events + rest.events == all_of_them.events
    assert events(world, rest.after) == payments.EventsShown(events=[], after=rest.after)


def test_every_end_without_money_tells_its_reason(world: World) -> None:
    world.authenticate(world.confirmed(key="1"), "failed")
    declined = world.confirmed(key="2")
    world.authenticate(declined)
    world.authorise(declined, "declined")
    unknown = world.confirmed(key="3")
    world.authenticate(unknown)
    world.authorise(unknown, "unknown")
    world.authorise(unknown, "reversed")
    shown = events(world)
    assert [
        (event.kind, event.facts["status"], event.facts["reason"]) for event in shown.events
    ] == [
        ("payment.failed", "failed", "authentication_failed"),
        ("payment.failed", "declined", "declined_by_issuer"),
        ("payment.unknown", "unknown", ""),
        ("payment.failed", "failed", "network_unavailable"),
    ]


def test_an_authorisation_is_told_only_where_the_body_captures(clean: None) -> None:
    from tests.rooms.payments.conftest import ROOM

    world = World(ROOM.own_folder, metropolitan_tax={"capture": "delayed"})
    world.enter()
    authorised(world)
    assert kinds(events(world)) == ["payment.authorised"]
    world.leave()


def test_refunds_and_disputes_are_told(world: World) -> None:
    payment_id = world.captured()
    refund = world.refund(payment_id)
    world.refunded(payment_id, refund.refund_id)
    other = world.captured(key="key-2")
    world.charge_back(other)
    world.answer(answer="accept")
    shown = events(world)
    assert kinds(shown) == [
        "payment.captured",
        "refund.done",
        "payment.captured",
        "dispute.opened",
        "dispute.closed",
    ]
    done, opened, closed = (shown.events[at] for at in (1, 3, 4))
    assert done.facts["amount_yen"] == refund.amount_yen
    assert done.facts["payment_id"] == payment_id
    assert opened.object_id == closed.object_id == "CB-1"
    assert (opened.facts["status"], closed.facts["status"]) == ("open", "accepted")


def test_other_kinds_are_told_by_hand(world: World) -> None:
    with acting_for("mihon_kiko") as rows:
        facts = {"policy_number": "123", "card": None, "amount_yen": 5}
        tell_body(rows, "mihon_kiko", "enrolment.active", "enrolment_1", facts)
    (event,) = events(world).events
    assert (event.client_body, event.facts) == ("mihon_kiko", facts)


def test_nothing_is_read_past_a_transaction_that_is_still_open(world: World) -> None:
    """Else its event would come behind ``after`` and never be read."""
    told, ended = threading.Event(), threading.Event()

    def slow() -> None:
        with acting_for("mihon_to") as rows:
            tell_body(rows, "mihon_to", "payout.made", "slow", {})
            rows.one("SELECT 1")
            told.set()
            ended.wait(30)

    slowly = threading.Thread(target=slow)
    slowly.start()
    assert told.wait(30)
    with acting_for("mihon_to") as rows:
        tell_body(rows, "mihon_to", "payout.made", "quick", {})
    assert events(world).events == []
    ended.set()
    slowly.join()
    assert [event.object_id for event in events(world).events] == ["slow", "quick"]


def test_an_event_is_never_changed(world: World) -> None:
    pay_by_link(world, link(world))
    for statement in ("UPDATE body_event SET kind = 'x'", "DELETE FROM body_event"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), acting_for("*") as rows:
            rows.do(statement)


@pytest.mark.parametrize("after", ["x", "1", "1.2.3", "-1.0", "9" * 21 + ".1", f"{2**64}.1"])
def test_a_made_up_place_is_refused(world: World, after: str) -> None:
    with pytest.raises(Refusal, match="after_wrong"):
        events(world, after)


def test_a_body_acting_for_itself_reads_no_event_of_another(world: World) -> None:
    pay_by_link(world, link(world))
    assert rows_of("SELECT count(*) FROM body_event", bodies="mihon_kiko") == [(0,)]
    assert world.say(DESK, payments.NewEvents(after="", limit=1)).events
