"""Applications on paper: entered by one, checked by another, then the issuer is asked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from sekisho.crossings import card_network, payments, vault
from sekisho.crossings.message import Refusal
from sekisho.payments.enrolments import limits
from sekisho.payments.expire import sweep
from sekisho.payments.records.session import EVERY_BODY, acting_for
from tests.rooms.payments.callers import DESK, PREMIUM, VAULT
from tests.rooms.payments.enrolment_hands import BODY, end, enrolled, history
from tests.rooms.payments.test_take_payment import refused, world_folder
from tests.rooms.payments.world import BROWSER, World, rows_of, told_of

DESK_ORIGIN = "http://localhost:7004"
PLACE: dict[str, Any] = {
    "language": "ja",
    "parent_origin": DESK_ORIGIN,
    "return_url": DESK_ORIGIN + "/paper/{application_id}",
}
APPLIED = date(2026, 11, 16)


def first(world: World, key: str = "paper-1", **changed: Any) -> payments.PaperFormOpened:
    fields: dict[str, Any] = {
        "key": key,
        "client_body": BODY,
        "policy_number": "12345678",
        "box": b"first entry",
        "applied_on": APPLIED,
        "by": "hanako",
        **PLACE,
    }
    opened: payments.PaperFormOpened = world.say(DESK, payments.StartPaper(**{**fields, **changed}))
    return opened


def again(world: World, application_id: str, **changed: Any) -> payments.PaperFormOpened:
    fields: dict[str, Any] = {
        "client_body": BODY,
        "application_id": application_id,
        "box": b"second entry",
        "applied_on": APPLIED,
        "by": "taro",
        **PLACE,
    }
    opened: payments.PaperFormOpened = world.say(
        DESK, payments.EnterPaperAgain(**{**fields, **changed})
    )
    return opened


def form(world: World, application_id: str, by: str = "hanako") -> payments.PaperFormOpened:
    asked = payments.OpenPaperForm(client_body=BODY, application_id=application_id, by=by, **PLACE)
    opened: payments.PaperFormOpened = world.say(DESK, asked)
    return opened


def check(world: World, application_id: str, by: str = "taro") -> payments.PaperShown:
    asked = payments.CheckPaper(client_body=BODY, application_id=application_id, by=by)
    shown: payments.PaperShown = world.say(DESK, asked)
    return shown


def withdraw(world: World, application_id: str) -> payments.PaperShown:
    asked = payments.WithdrawPaper(
        client_body=BODY, application_id=application_id, reason="wrong form", by="taro"
    )
    withdrawn: payments.PaperShown = world.say(DESK, asked)
    return withdrawn


def change_card(world: World, enrolment_id: str, key: str = "change-1") -> payments.PaperFormOpened:
    asked = payments.StartPaperCardChange(
        key=key, client_body=BODY, enrolment_id=enrolment_id, by="hanako", **PLACE
    )
    opened: payments.PaperFormOpened = world.say(DESK, asked)
    return opened


def shown(world: World, application_id: str) -> payments.PaperShown:
    asked = payments.ShowPaper(client_body=BODY, application_id=application_id)
    found: payments.PaperShown = world.say(DESK, asked)
    return found


def compared(world: World, token: str, *, number: bool = True, expiry: bool = True) -> None:
    message = payments.CardCompared(
        payment_id=payment_of(), card_token=token, number_same=number, expiry_same=expiry
    )
    world.say(VAULT, message)


def payment_of() -> str:
    return str(rows_of("SELECT payment_id FROM paper_application ORDER BY id DESC")[0][0])


def entered(world: World, key: str = "paper-1", token: str = "card_paper") -> str:
    """Return an application whose first entry is whole."""
    world.add_policy()
    application_id = first(world, key).paper.application_id
    world.enter_card(payment_of(), token)
    return application_id


def checked(world: World) -> str:
    application_id = entered(world)
    assert again(world, application_id).card_form_url.startswith("http://localhost:7003/card/again")
    compared(world, "card_paper")
    return application_id


def papers(world: World, **filters: Any) -> list[str]:
    asked = payments.ListPapers(client_body=BODY, **filters)
    return [paper.status for paper in world.say(DESK, asked).papers]


def test_two_entries_that_agree_have_the_card_checked_without_a_code(world: World) -> None:
    application_id = checked(world)
    (order,) = told_of(world, card_network.Authorise)
    assert (order.entry_mode, order.amount_yen) == ("moto", 0)
    assert not order.signed_permit.permit.with_security_code
    assert told_of(world, card_network.Authenticate) == []
    assert shown(world, application_id).status == "at_network"
    world.authorise(payment_of())
    paper = shown(world, application_id)
    assert (paper.status, paper.entered_by, paper.checked_by) == (
        "active",
        "client_desk:hanako",
        "client_desk:taro",
    )
    found = history(world, paper.enrolment_id)
    assert (found.enrolment.status, found.enrolment.channel) == ("active", "paper")
    assert found.enrolment.applied_on == APPLIED and found.enrolment.card_last_four == "1111"
    assert [(e.event, e.by) for e in found.events] == [
        ("applied", "client_desk:hanako"),
        ("paper_checked", "client_desk:taro"),
        ("card_good", "card_network"),
    ]
    assert rows_of("SELECT exemption FROM attempt") == [("moto",)]
    assert told_of(world, vault.ForgetCard) == [] and world.books().ok
    assert papers(world) == [] and papers(world, open_only=False) == ["active"]


def test_fields_that_differ_are_named_and_nobody_is_asked(world: World) -> None:
    application_id = entered(world)
    world.items_differ = ("kana", "phone")
    opened = again(world, application_id, applied_on=date(2026, 11, 6))
    assert opened.card_form_url == "" and opened.paper.status == "differs"
    assert opened.paper.differs == ["kana", "phone", "applied_on"]
    refused("items_first", lambda: form(world, application_id, "taro"))
    world.items_differ = ()
    assert again(world, application_id).card_form_url
    compared(world, "card_paper", number=False)
    assert shown(world, application_id).differs == ["card_number"]
    assert told_of(world, card_network.Authorise) == []
    form(world, application_id, "taro")
    compared(world, "card_paper")
    assert shown(world, application_id).status == "at_network"


def test_a_first_card_that_was_mistyped_is_typed_anew(world: World) -> None:
    application_id = entered(world)
    again(world, application_id)
    compared(world, "card_paper", expiry=False)
    assert shown(world, application_id).differs == ["card_expiry"]
    assert form(world, application_id, "hanako").card_form_url.endswith(f"paper-{payment_of()}")
    world.enter_card(payment_of(), "card_right")
    with pytest.raises(Refusal):
        compared(world, "card_paper")
    form(world, application_id, "taro")
    compared(world, "card_right")
    world.authorise(payment_of(), attempt=2)
    assert rows_of("SELECT status, card_token FROM enrolment") == [("active", "card_right")]
    assert [m.card_token for m in told_of(world, vault.ForgetCard)] == ["card_paper"]


def test_a_clerk_alone_activates_nothing(world: World) -> None:
    application_id = entered(world)
    refused("same_person", lambda: again(world, application_id, by="hanako"))
    refused("check_other", lambda: check(world, application_id))
    refused("items_first", lambda: form(world, application_id, "taro"))
    with pytest.raises(Refusal):
        compared(world, "card_paper")
    # Nor with the help of a payer site that was taken over.
    confirm = payments.ConfirmPayment(
        payment_id=payment_of(), notification_url="http://localhost:7001/x", browser=BROWSER
    )
    world.say(PREMIUM, confirm)
    assert told_of(world, card_network.Authenticate) == []
    assert told_of(world, card_network.Authorise) == []
    assert rows_of("SELECT status FROM enrolment") == [("refused",)]


@pytest.mark.parametrize(
    "lie",
    [
        "UPDATE enrolment SET status = 'active', step = step + 1, event = 'card_good',"
        " card_token = 'card_paper', card_payment = %s",
        "UPDATE enrolment SET status = 'active', step = step + 1, event = 'card_good',"
        " card_token = 'card_x', card_payment = 'pay_invented' || left(%s, 0)",
        "UPDATE paper_application SET checked_by = entered_by WHERE payment_id = %s",
    ],
)
def test_the_database_holds_the_second_person(world: World, lie: Any) -> None:
    entered(world)
    payment_id = payment_of()
    with pytest.raises(psycopg.errors.CheckViolation) as caught, acting_for(EVERY_BODY) as rows:
        rows.do(lie, [payment_id])
    assert caught.value.diag.constraint_name == "paper_second_person"


def test_a_body_may_have_a_second_person_look(world: World) -> None:
    looking = World(world_folder(), group_life_premium={"paper_check": "second_person"})
    looking.enter()
    application_id = entered(looking)
    refused("same_person", lambda: check(looking, application_id, "hanako"))
    refused("check_other", lambda: again(looking, application_id))
    refused("check_other", lambda: form(looking, application_id, "taro"))
    assert check(looking, application_id).status == "at_network"
    assert check(looking, application_id).status == "at_network", "said again it is the same"
    assert len(told_of(looking, card_network.Authorise)) == 1


def test_a_refused_card_stands_on_the_list_and_may_be_replaced(world: World) -> None:
    application_id = checked(world)
    world.authorise(payment_of(), "declined")
    paper = shown(world, application_id)
    assert (paper.status, paper.reason) == ("refused", "declined_by_issuer")
    assert papers(world) == ["refused"]
    assert history(world, paper.enrolment_id).enrolment.status == "refused"
    refused("other_person", lambda: form(world, application_id, "taro"))
    form(world, application_id)
    world.enter_card(payment_of(), "card_2")
    assert shown(world, application_id).checked_by == "", "another card is checked anew"
    form(world, application_id, "taro")
    compared(world, "card_2")
    world.authorise(payment_of(), attempt=2)
    assert shown(world, application_id).status == "active"


def test_what_a_paper_may_say(world: World) -> None:
    world.add_policy()
    today = date(2026, 11, 20)
    assert refused("policy_unknown", lambda: first(world, policy_number="99999999")).field == (
        "policy_number"
    )
    late = refused("date_wrong", lambda: first(world, applied_on=today + timedelta(days=1)))
    assert late.field == "applied_on"
    old = today - timedelta(days=limits.MAX_PAPER_AGE_DAYS + 1)
    refused("date_wrong", lambda: first(world, applied_on=old))
    world.date_of_birth_matches = False
    assert refused("birth_differs", lambda: first(world)).field == "date_of_birth"
    world.date_of_birth_matches = True
    refused("address_wrong", lambda: first(world, return_url="http://elsewhere.invalid/x"))
    refused("client_body_unknown", lambda: first(world, client_body="mihon_to"))
    world.add_policy("11111111", ended=True)
    refused("policy_ended", lambda: first(world, policy_number="11111111"))
    assert rows_of("SELECT id FROM enrolment") == []
    opened = first(world)
    assert first(world) == opened, "said again it is the same application"
    refused("key_reused", lambda: first(world, policy_number="11111111"))
    assert rows_of("SELECT count(*) FROM enrolment") == [(1,)]


def test_the_first_charge_lies_ahead_however_old_the_paper_is(world: World) -> None:
    world.add_policy(joined_month=11)
    first(world, applied_on=date(2026, 9, 1))
    assert rows_of("SELECT first_charge_month FROM enrolment") == [("2027-11",)]


def test_a_withdrawn_application_is_forgotten(world: World) -> None:
    application_id = entered(world)
    assert withdraw(world, application_id).status == "withdrawn"
    assert withdraw(world, application_id).status == "withdrawn", "said again it is the same"
    sweep(world.room)
    assert told_of(world, vault.ForgetCard) and told_of(world, vault.ForgetItems)
    refused("paper_over", lambda: form(world, application_id))
    refused("paper_over", lambda: again(world, application_id))
    assert papers(world) == []


def test_nobody_comes_back_to_it_and_it_is_forgotten(world: World) -> None:
    application_id = entered(world)
    world.moment += limits.PAPER_OPEN
    sweep(world.room)
    assert shown(world, application_id).status == "refused"
    assert shown(world, application_id).reason == "time_over"
    sweep(world.room)
    assert told_of(world, vault.ForgetCard) and told_of(world, vault.ForgetItems)


def test_another_card_from_paper_changes_an_enrolment(world: World) -> None:
    enrolment_id = enrolled(world)
    application_id = change_card(world, enrolment_id).paper.application_id
    assert change_card(world, enrolment_id).paper.application_id == application_id
    world.enter_card(payment_of(), "card_new")
    assert form(world, application_id, "taro").card_form_url
    compared(world, "card_new")
    world.authorise(payment_of())
    assert rows_of("SELECT status, card_token FROM enrolment") == [("active", "card_new")]
    assert [m.card_token for m in told_of(world, vault.ForgetCard)] == ["card_apply-1"]
    events = [event.event for event in history(world, enrolment_id).events]
    assert events == ["applied", "card_good", "paper_checked", "card_changed"]
    end(world, enrolment_id)
    refused("not_active", lambda: change_card(world, enrolment_id, "change-2"))


def test_another_body_sees_no_application(world: World) -> None:
    application_id = entered(world)
    ask = payments.ShowPaper(client_body="mihon_to", application_id=application_id)
    refused("paper_unknown", lambda: world.say(DESK, ask))
    listed = payments.ListPapers(client_body="mihon_to", open_only=False)
    assert world.say(DESK, listed).papers == []
