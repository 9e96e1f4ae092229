"""A holder gives another card by a link from a mail."""

from __future__ import annotations

import pytest

from sekisho.crossings import card_network, payments, vault
from sekisho.payments.enrolments import limits
from tests.rooms.payments.callers import PREMIUM
from tests.rooms.payments.enrolment_hands import (
    ask_link,
    change_card,
    end,
    enrolled,
    history,
    open_link,
)
from tests.rooms.payments.test_take_payment import refused
from tests.rooms.payments.world import World, rows_of, told_of


def test_a_good_card_takes_the_place_of_the_one_before(world: World) -> None:
    enrolment_id = enrolled(world)
    token = ask_link(world, enrolment_id)
    payment_id = change_card(world, token)
    asked = told_of(world, card_network.Authenticate)[-1]
    assert (asked.payment_id, asked.amount_yen, asked.purpose) == (payment_id, 0, "enrolment")
    row = rows_of("SELECT status, card_token, card_payment FROM enrolment")
    assert row == [("active", "card_change-1", payment_id)]
    (gone,) = told_of(world, vault.ForgetCard)
    assert (gone.card_token, gone.reason) == ("card_apply-1", "replaced")
    assert gone.payment_id != payment_id
    assert told_of(world, vault.SendMail)[-1].template == "card_changed"
    assert [event.event for event in history(world, enrolment_id).events][-2:] == [
        "card_change_asked",
        "card_changed",
    ]
    refused("link_unknown", lambda: open_link(world, token, "change-2"))
    assert world.books().ok


@pytest.mark.parametrize("result", ["declined", "not_sent"])
def test_a_card_that_is_not_good_changes_nothing(world: World, result: str) -> None:
    enrolment_id = enrolled(world)
    token = ask_link(world, enrolment_id)
    payment_id = change_card(world, token, result=result)
    assert rows_of("SELECT status, card_token FROM enrolment") == [("active", "card_apply-1")]
    assert [m.card_token for m in told_of(world, vault.ForgetCard)] == ["card_change-1"]
    # Another card may be tried, by the same payment or by the link again.
    world.say(
        PREMIUM,
        payments.ReopenCardForm(
            payment_id=payment_id,
            parent_origin="http://localhost:7001",
            return_url="http://localhost:7001/x",
        ),
    )
    change_card(world, token, "change-2")
    assert rows_of("SELECT status, card_token FROM enrolment") == [("active", "card_change-2")]
    assert history(world, enrolment_id).enrolment.status == "active"


def test_a_second_check_by_the_link_leaves_the_enrolment_active(world: World) -> None:
    enrolled(world)
    token = ask_link(world, rows_of("SELECT id FROM enrolment")[0][0])
    first = open_link(world, token).payment_id
    open_link(world, token, "change-2")
    assert world.show(first, PREMIUM).status == "cancelled"
    assert rows_of("SELECT status FROM enrolment") == [("active",)]


def test_the_link_is_kept_as_a_digest_and_named_to_the_vault_alone(world: World) -> None:
    enrolment_id = enrolled(world)
    token = ask_link(world, enrolment_id)
    assert len(token) == 43
    for table in ("card_link", "enrolment_event", "body_event"):
        rows = rows_of(f"SELECT t::text FROM {table} t")  # type: ignore[arg-type]
        assert rows and all(token not in row for (row,) in rows)
    mail = told_of(world, vault.SendMail)[-1]
    assert mail.template == "card_change" and token not in str(mail.facts)


def test_a_newer_link_shuts_the_one_before(world: World) -> None:
    enrolment_id = enrolled(world)
    first = ask_link(world, enrolment_id)
    assert ask_link(world, enrolment_id) == first, "said again it is the same mail"
    refused("asked_lately", lambda: ask_link(world, enrolment_id, "link-2"))
    world.moment += limits.LINK_PAUSE
    second = ask_link(world, enrolment_id, "link-2")
    refused("link_unknown", lambda: open_link(world, first))
    open_link(world, second)


def test_a_link_grows_old(world: World) -> None:
    token = ask_link(world, enrolled(world))
    world.moment += limits.LINK_OPEN
    refused("link_unknown", lambda: open_link(world, token))


def test_wrong_dates_of_birth_shut_the_link(world: World) -> None:
    token = ask_link(world, enrolled(world))
    world.date_of_birth_matches = False
    for n in range(limits.LINK_WRONG_LIMIT):
        # A fresh session and address each time: the link itself counts.
        where = {"session": f"session-{n}", "source": f"address-{n}"}
        error = refused("birth_wrong", lambda where=where: open_link(world, token, **where))
        assert error.field == "date_of_birth"
    world.date_of_birth_matches = True
    refused("link_unknown", lambda: open_link(world, token))


def test_an_ended_enrolment_takes_no_card(world: World) -> None:
    enrolment_id = enrolled(world)
    token = ask_link(world, enrolment_id)
    payment_id = open_link(world, token).payment_id
    world.enter_card(payment_id, "card_late")
    end(world, enrolment_id)
    refused("link_unknown", lambda: open_link(world, token, "change-2"))
    refused("not_active", lambda: ask_link(world, enrolment_id, "link-2"))
    shown = world.confirm(payment_id, PREMIUM)
    assert (shown.status, shown.reason) == ("cancelled", "by_client_body")
    assert rows_of("SELECT status, card_token FROM enrolment") == [("ended", "card_apply-1")]


def test_an_end_while_the_issuer_is_asked_forgets_the_new_card(world: World) -> None:
    enrolment_id = enrolled(world)
    payment_id = open_link(world, ask_link(world, enrolment_id)).payment_id
    world.enter_card(payment_id, "card_late")
    world.confirm(payment_id, PREMIUM)
    world.authenticate(payment_id)
    end(world, enrolment_id)
    world.authorise(payment_id)
    assert rows_of("SELECT status, card_token FROM enrolment") == [("ended", "card_apply-1")]
    assert [m.card_token for m in told_of(world, vault.ForgetCard)] == ["card_late"]


def test_who_has_no_mail_gets_no_link(world: World) -> None:
    enrolment_id = enrolled(world)
    world_without_mail(enrolment_id)
    refused("no_mail", lambda: ask_link(world, enrolment_id))


def world_without_mail(enrolment_id: str) -> None:
    from tests.rooms.payments.conftest import ROOM

    with ROOM.cluster.superuser_connection() as superuser:
        superuser.execute(
            "UPDATE payments.enrolment SET email_token = NULL WHERE id = %s", [enrolment_id]
        )
