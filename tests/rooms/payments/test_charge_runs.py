"""A charge run from the plan to its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from sekisho.crossings import card_network, payments, vault
from sekisho.crossings.message import Refusal
from sekisho.payments.charge_runs.charges_section import RETRY_AFTER_DAYS
from tests.rooms.payments.callers import DESK, TERMINAL
from tests.rooms.payments.charge_hands import (
    BODY,
    MONTH,
    PREMIUM_YEN,
    Charges,
    charged_twice,
    enrol,
)
from tests.rooms.payments.conftest import ROOM
from tests.rooms.payments.test_take_payment import refused
from tests.rooms.payments.world import rows_of, told_of


@pytest.fixture
def charges(clean: None) -> Iterator[Charges]:
    world = Charges(ROOM.own_folder)
    world.enter()
    yield world
    world.leave()


def test_a_run_charges_everybody_once(charges: Charges) -> None:
    for number in (1, 2, 3):
        enrol(number)
    run_id = charges.charging()
    orders = charges.asked()
    assert len(orders) == 3
    for order in orders:
        assert (order.entry_mode, order.amount_yen) == ("recurring", PREMIUM_YEN)
        assert order.merchant_id == "MIHONKIKO000001"
        permit = order.signed_permit.permit
        assert (permit.purpose, permit.with_security_code) == ("authorise", False)
        charges.issuer_says(order, "approved")
    charges.look(2)
    shown = charges.show_run(run_id)
    assert (shown.state, shown.charged, shown.charged_yen) == ("finished", 3, 3 * PREMIUM_YEN)
    assert (shown.done, shown.items, shown.on_work_list) == (3, 3, 0)
    templates = [mail.template for mail in told_of(charges, vault.SendMail)]
    assert sorted(templates) == ["charge_done"] * 3 + ["charge_notice"] * 3
    history = charges.history(orders[0].payment_id)
    assert (history.kind, history.state) == ("charge", "captured")
    assert [event.event for event in history.events] == [
        "started", "charge_asked", "approved", "capture_asked", "captured",
    ]  # fmt: skip
    assert history.attempts[0].exemption == "recurring"
    assert history.attempts[0].issuer_bin == "41111111"
    charges.later(days=10)
    charges.look(2)
    assert told_of(charges, vault.ForgetCard) == [], "enrolments keep their cards"
    assert charges.books().ok and charged_twice() == []


def test_the_list_says_who_is_left_out_and_why(charges: Charges) -> None:
    enrol(1)
    enrol(2, first_charge_month="2027-12")
    enrol(3, joined_month=4)
    enrol(4, status="refused")
    enrol(5, premium_yen=0)
    run_id = charges.plan().run_id
    assert charges.show_run(run_id).state == "drafting"
    charges.look()
    shown = charges.show_run(run_id)
    assert (shown.state, shown.items, shown.total_yen) == ("draft", 1, PREMIUM_YEN)
    assert {(one.state, one.reason): one.items for one in shown.totals} == {
        ("waiting", ""): 1,
        ("left_out", "new"): 1,
        ("left_out", "nothing_to_charge"): 1,
    }
    assert [item.policy_number for item in charges.items(run_id, "left_out")] == [
        "20000002",
        "20000005",
    ]


def test_a_second_person_approves_what_was_seen(charges: Charges) -> None:
    enrol(1)
    run_id = charges.plan().run_id
    refused("run_not_draft", lambda: charges.approve(run_id))
    charges.look()
    refused("same_person", lambda: charges.approve(run_id, "clerk"))
    refused("totals_differ", lambda: charges.approve(run_id, total_yen=1))
    other = payments.ApproveChargeRun(
        client_body="mihon_to", run_id=run_id, items=1, total_yen=PREMIUM_YEN, by="approver"
    )
    refused("run_unknown", lambda: charges.say(DESK, other))
    charges.later(days=6)
    refused("too_late", lambda: charges.approve(run_id))
    charges.later(days=-6)
    assert charges.approve(run_id).state == "approved"
    charges.look(3)
    assert told_of(charges, vault.SendMail) == [], "not before the day of the notices"


def test_plans_that_can_not_be(charges: Charges) -> None:
    refused("date_wrong", lambda: charges.plan(charge_on=date(2026, 11, 29), month="2026-11"))
    refused("date_wrong", lambda: charges.plan(charge_on=date(2027, 1, 5)))
    refused("month_wrong", lambda: charges.plan(month="2026-13"))
    refused("no_policies", lambda: charges.plan(client_body="mihon_to"))
    refused("no_policies", lambda: charges.plan(client_body="guessed"))
    first = charges.plan()
    assert charges.plan() == first
    refused("key_reused", lambda: charges.plan(charge_on=date(2026, 12, 6)))
    refused("run_open", lambda: charges.plan("run-2"))
    charges.look()
    refused("nothing_to_charge", lambda: charges.approve(first.run_id))


def test_declines_go_by_the_table(charges: Charges) -> None:
    for number in (1, 2, 3):
        enrol(number, email=number != 2)
    run_id = charges.charging()
    charges.answer_all({"card_1": "51", "card_2": "41"})
    states = {item.item: (item.state, item.response_code) for item in charges.items(run_id)}
    assert states == {1: ("retrying", "51"), 2: ("work_list", "41"), 3: ("charged", "")}
    assert charges.look(2) == 0 and charges.asked() == []
    for days in RETRY_AFTER_DAYS:
        charges.later(days=days, seconds=-10)
        charges.look(2)
        assert charges.asked() == []
        charges.later(seconds=20)
        charges.look(2)
        charges.answer_all({"card_1": "51"})
    (one,) = [item for item in charges.items(run_id, "work_list") if item.item == 1]
    assert (one.tries, one.reason) == (len(RETRY_AFTER_DAYS) + 1, "declined")
    charges.look()
    assert charges.show_run(run_id).state == "finished"
    failed = [m for m in told_of(charges, vault.SendMail) if m.template == "charge_failed"]
    assert len(failed) == 4 and failed[0].facts["next_try_on"] == "2026-12-08"
    (card,) = [m for m in told_of(charges, vault.PrintPostcard) if m.template == "charge_failed"]
    assert card.subject == "subject_2"
    assert charges.books().ok


def test_what_nobody_knows_is_not_tried_again(charges: Charges) -> None:
    enrol(1)
    run_id = charges.charging()
    (order,) = charges.asked()
    charges.issuer_says(order, "unknown", "")
    for _ in range(5):
        charges.later(days=4)
        charges.look(2)
    assert charges.asked() == []
    assert [item.state for item in charges.items(run_id)] == ["unknown"]
    assert charges.show_run(run_id).state == "running"
    refused("run_busy", lambda: charges.stop(run_id, for_good=True))
    charges.issuer_says(order, "approved")
    charges.look()
    assert charges.show_run(run_id).charged == 1
    charges.issuer_says(order, "approved")
    assert charges.show_run(run_id).charged == 1 and charges.books().ok


def test_what_ended_meanwhile_is_skipped_and_what_changed_waits_for_a_person(
    charges: Charges,
) -> None:
    for number in range(1, 5):
        enrol(number)
    run_id = charges.approved()
    charges.later(days=5)
    charges.look(2)
    with ROOM.cluster.superuser_connection() as db:
        db.execute("SET LOCAL session_replication_role = replica")
        db.execute("UPDATE payments.policy SET ended = true WHERE id = 'policy_1'")
        db.execute(
            "UPDATE payments.enrolment SET status = 'ended', ended_by = 'body' WHERE id = 'enrol_2'"
        )
        db.execute("UPDATE payments.policy SET yearly_premium_yen = 1 WHERE id = 'policy_3'")
    charges.later(days=10)
    charges.look(3)
    assert [(item.state, item.reason) for item in charges.items(run_id)] == [
        ("skipped", "policy_ended"),
        ("skipped", "enrolment_ended"),
        ("work_list", "premium_changed"),
        ("charging", ""),
    ]
    charges.answer_all()
    refused("amount_differs", lambda: charges.retry(run_id, 3, amount_yen=1))
    refused("item_not_on_work_list", lambda: charges.retry(run_id, 1))
    charges.retry(run_id, 3)
    charges.look(2)
    (order,) = charges.answer_all()
    assert order.amount_yen == PREMIUM_YEN, "what was approved and announced"
    charges.look()
    assert charges.show_run(run_id).state == "finished"


def test_the_work_list_is_worked_by_people(charges: Charges) -> None:
    enrol(1)
    enrol(2)
    run_id = charges.charging()
    charges.answer_all({"card_1": "54", "card_2": "54"})
    charges.look()
    assert charges.show_run(run_id).state == "finished"
    message = payments.CloseChargeItem(
        client_body=BODY, run_id=run_id, item=2, reason="paid by slip", by="clerk"
    )
    closed = charges.say(DESK, message)
    assert (closed.state, closed.note) == ("closed", "client_desk:clerk, closed: paid by slip")
    assert charges.say(DESK, message) == closed
    charges.retry(run_id, 1)
    assert charges.show_run(run_id).state == "running"
    charges.look(2)
    charges.answer_all()
    charges.look()
    shown = charges.show_run(run_id)
    assert (shown.state, shown.charged, shown.on_work_list) == ("finished", 1, 0)
    number = payments.CloseChargeItem(
        client_body=BODY, run_id=run_id, item=2, reason="4111111111111111", by="clerk"
    )
    refused("reason_wrong", lambda: charges.say(DESK, number))


def test_after_a_stop_nobody_is_charged(charges: Charges) -> None:
    for number in (1, 2):
        enrol(number)
    run_id = charges.approved()
    charges.later(days=15)
    charges.look(2)
    assert charges.stop(run_id).state == "stopped"
    charges.look(3)
    assert charges.asked() == [] and charges.stop(run_id).state == "stopped"
    charges.resume(run_id)
    charges.look(3)
    # Its notices went out late: the charge waits as long as the holders were promised.
    assert charges.asked() == []
    charges.later(days=10)
    charges.look(3)
    assert len(charges.answer_all()) == 2


def test_a_withdrawn_run_frees_its_month(charges: Charges) -> None:
    enrol(1)
    first = charges.approved()
    assert charges.stop(first, for_good=True).state == "withdrawn"
    refused("run_over", lambda: charges.stop(first))
    second = charges.charging("run-2")
    charges.answer_all()
    charges.look()
    assert charges.show_run(second).charged == 1
    third = charges.plan("run-3", charge_on=date(2026, 12, 28)).run_id
    charges.look()
    assert [item.reason for item in charges.items(third)] == ["in_another_run"]


def test_a_run_keeps_under_the_vaults_budget(charges: Charges) -> None:
    for number in range(1, 8):
        enrol(number)
    charges.most = 5
    run_id = charges.charging()
    assert len(charges.answer_all()) == 4, "80 % of five"
    charges.released = 4
    charges.look(2)
    shown = charges.show_run(run_id)
    assert shown.waits_until is not None and shown.state == "running"
    charges.later(hours=1)
    charges.released = 0
    charges.look(2)
    assert len(charges.answer_all()) == 3
    assert charges.show_run(run_id).waits_until is None


def test_a_tripped_breaker_stops_the_run_and_loses_nothing(charges: Charges) -> None:
    for number in (1, 2):
        enrol(number)
    run_id = charges.approved()
    charges.later(days=5)
    charges.look(2)
    charges.later(days=10)
    charges.tripped = True
    charges.look(3)
    shown = charges.show_run(run_id)
    assert shown.state == "stopped" and "breaker" in shown.why
    assert charges.asked() == []
    alarms = ROOM.cluster.execute_sql(
        "SELECT subject FROM evidence.line WHERE kind = 'alarm.payments.charge_run_stopped'"
    )
    assert alarms == [(run_id,)]
    charges.tripped = False
    charges.resume(run_id, "approver")
    charges.later(seconds=10)
    charges.look(2)
    assert len(charges.answer_all()) == 2


def test_a_network_that_is_away_stops_the_run(charges: Charges) -> None:
    for number in range(1, 24):
        enrol(number)
    run_id = charges.charging()
    for _ in range(3):
        for order in charges.asked():
            charges.issuer_says(order, "not_sent", "")
        charges.later(seconds=2)
        charges.look(1)
    shown = charges.show_run(run_id)
    assert shown.state == "stopped" and "did not reach" in shown.why
    assert {item.state for item in charges.items(run_id)} == {"waiting"}
    charges.resume(run_id)
    for _ in range(5):
        charges.later(seconds=2)
        charges.look(1)
        charges.answer_all()
    charges.look()
    shown = charges.show_run(run_id)
    assert (shown.state, shown.charged) == ("finished", 23)


def test_holders_without_mail_get_a_postcard(charges: Charges) -> None:
    enrol(1, email=False)
    run_id = charges.approved()
    charges.later(days=6)
    charges.look(2)
    (card,) = told_of(charges, vault.PrintPostcard)
    assert (card.template, card.subject) == ("charge_notice", "subject_1")
    assert card.facts["policy_number"] == "****0001"
    assert (card.facts["charge_on"], card.facts["charge_month"]) == ("2026-12-06", MONTH)
    shown = charges.show_run(run_id)
    assert (shown.notices_printed, shown.notices_mailed, shown.notices_due) == (1, 0, 0)


def test_another_body_sees_nothing(charges: Charges) -> None:
    enrol(1)
    run_id = charges.approved()
    other: Any
    for other in (
        payments.ShowChargeRun(client_body="mihon_to", run_id=run_id),
        payments.ListChargeItems(client_body="mihon_to", run_id=run_id, state="", limit=10),
        payments.ResumeChargeRun(client_body="mihon_to", run_id=run_id, by="x"),
        payments.ShowChargeRun(client_body="*", run_id=run_id),
    ):
        with pytest.raises(Refusal) as caught:
            charges.say(DESK, other)
        assert caught.value.code == "run_unknown"
    listed = payments.ListChargeRuns(client_body="mihon_to", limit=10)
    assert charges.say(DESK, listed).runs == []
    mine = charges.say(TERMINAL, payments.ListChargeRuns(client_body="*", limit=10))
    assert [run.run_id for run in mine.runs] == [run_id]


def test_nobody_is_charged_outside_a_run(charges: Charges) -> None:
    import psycopg

    enrol(1)
    charges.approved()
    with pytest.raises(psycopg.errors.CheckViolation, match="no approved run"):
        rows_of(
            "INSERT INTO payment (id, reference, client_body, site, kind, policy_id, enrolment_id,"
            " charge_month, start_key, language, amount_yen, fee_yen, fee_tax_yen, total_yen,"
            " state, event, moved_by, started_at, expires_at) VALUES ('pay_x', 'x', 'mihon_kiko',"
            " 'group_life_premium', 'charge', 'policy_1', 'enrol_1', '2026-12', 'k', 'ja', 48000,"
            " 0, 0, 48000, 'created', 'started', 'thief', now(), now()) RETURNING id"
        )
    assert card_network.Authorise not in {type(one) for one in charges.deliver()}
