"""Cards that are about to expire: their holders are told two months ahead, once."""

from __future__ import annotations

from datetime import date

import pytest

from sekisho.crossings import payments, vault
from sekisho.payments.enrolments.warn_expiry import months_to_warn, warn_of_expiry
from sekisho.transport import CrossingUnavailable
from tests.rooms.payments.callers import DESK
from tests.rooms.payments.enrolment_hands import BODY, change_card, end, enrolled, history
from tests.rooms.payments.test_enrolments_card_change import world_without_mail
from tests.rooms.payments.world import World, rows_of, told_of


@pytest.mark.parametrize(
    ("today", "months"),
    [
        (date(2026, 11, 20), ["2026-11", "2026-12", "2027-01"]),
        (date(2026, 12, 31), ["2026-12", "2027-01", "2027-02"]),
    ],
)
def test_two_months_ahead(today: date, months: list[str]) -> None:
    assert months_to_warn(today) == months


def test_a_holder_is_warned_once_with_a_link(world: World) -> None:
    enrolment_id = enrolled(world)
    world.cards_expiring = {"2027-01": ["card_apply-1", "card_of_nobody"]}
    assert (warn_of_expiry(world.room), warn_of_expiry(world.room)) == (1, 0)
    mail = told_of(world, vault.SendMail)[-1]
    assert (mail.template, mail.facts["expires_month"]) == ("card_expires", "2027-01")
    shown = history(world, enrolment_id)
    assert shown.enrolment.expires_month == "2027-01"
    assert (shown.events[-1].event, shown.events[-1].by) == ("card_expires", "payments:expiry")
    listed = world.say(DESK, payments.ListEnrolments(client_body=BODY, expiring_only=True))
    assert [one.enrolment_id for one in listed.enrolments] == [enrolment_id]
    # The link in it is good for another card, which takes the enrolment off the list.
    change_card(world, mail.link_token)
    assert history(world, enrolment_id).enrolment.expires_month == ""
    assert warn_of_expiry(world.room) == 0


def test_who_has_no_mail_gets_a_postcard(world: World) -> None:
    enrolment_id = enrolled(world)
    world_without_mail(enrolment_id)
    world.cards_expiring = {"2026-12": ["card_apply-1"]}
    assert (warn_of_expiry(world.room), warn_of_expiry(world.room)) == (1, 0)
    (card,) = told_of(world, vault.PrintPostcard)
    assert (card.template, card.subject) == ("card_expiring", "subject_2")
    assert card.facts["policy_number"] == "****5678"
    assert [mail.template for mail in told_of(world, vault.SendMail)] == ["enrolment_done"]


def test_an_ended_enrolment_is_not_warned_of(world: World) -> None:
    enrolment_id = enrolled(world)
    end(world, enrolment_id)
    world.cards_expiring = {"2027-01": ["card_apply-1"]}
    assert warn_of_expiry(world.room) == 0


def test_a_vault_that_is_away_loses_no_warning(world: World) -> None:
    enrolled(world)
    world.cards_expiring = {"2027-01": ["card_apply-1"]}
    world.unreachable = True
    with pytest.raises(CrossingUnavailable):
        warn_of_expiry(world.room)
    world.unreachable = False
    assert warn_of_expiry(world.room) == 1
    assert rows_of("SELECT warned_card FROM enrolment") == [("card_apply-1",)]
