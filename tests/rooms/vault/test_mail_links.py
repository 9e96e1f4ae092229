"""Links in mails: made by the vault of a site's own origin and a token of fixed shape."""

from __future__ import annotations

from typing import Any

import pytest

from sekisho.crossings.message import Refusal
from sekisho.vault.records.models import MailOutgoing
from sekisho.vault.records.visibility import visible_to
from sekisho.vault.write_mail import LINK_PAGES, REQUIRED_FACTS
from tests.rooms.open_room import Room
from tests.rooms.vault.neighbours import BODY, SITES, Neighbours
from tests.rooms.vault.test_mails import address, deliver_all, mails, order

TOKEN = "T0ken-_" + "a" * 36
FACTS: dict[str, str | int] = {
    "site": "group_life_premium",
    "product": "団体信用生命保険",
    "card": "visa **** 1111",
    "expires_month": "2027-01",
    "link_until_at": "2026-12-07T03:00:00+00:00",
}


def order_link(place: Neighbours, **changes: Any) -> None:
    fields = {"template": "card_change", "facts": FACTS, "link_token": TOKEN, **changes}
    order(place, address(place), key=f"link:{changes.get('template', '')}", **fields)


@pytest.mark.parametrize("template", sorted(LINK_PAGES))
@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_link_leads_to_the_site_alone(place: Neighbours, template: str, language: str) -> None:
    order_link(place, template=template, language=language)
    deliver_all(place)
    (mail,) = mails(place)
    text = mail.get_content()
    link = f"{SITES['group_life_premium']}/card/{TOKEN}?lang={language}"
    assert [line for line in text.splitlines() if "://" in line] == [link]
    with visible_to(BODY):
        row = MailOutgoing.objects.get()
    assert (row.state, row.link_token) == ("sent", ""), "the token is wiped once it left"


@pytest.mark.parametrize(
    "token", ["", "short", TOKEN + "a", "a/../evil" + "a" * 34, "//evil.example/" + "a" * 28]
)
def test_a_token_has_its_one_shape(place: Neighbours, token: str) -> None:
    with pytest.raises(Refusal) as refused:
        order_link(place, link_token=token)
    assert (refused.value.code, refused.value.field) == ("message_invalid", "facts.link_token")


def test_a_site_without_pages_gets_no_mail(place: Neighbours) -> None:
    order_link(place, facts={**FACTS, "site": "evil"})
    deliver_all(place)
    assert mails(place) == []
    with visible_to(BODY):
        assert MailOutgoing.objects.get().state == "failed"


def test_an_address_in_a_fact_is_refused_as_ever(place: Neighbours) -> None:
    with pytest.raises(Refusal):
        order_link(place, facts={**FACTS, "product": "見て www.evil.example"})


def test_other_mails_have_no_link(place: Neighbours) -> None:
    with pytest.raises(Refusal) as refused:
        order(place, address(place), link_token=TOKEN)
    assert refused.value.field == "facts.link_token"


@pytest.mark.parametrize("template", ["card_changed", "enrolment_ended", "enrolment_reinstated"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_other_words_are_whole(place: Neighbours, template: Any, language: str) -> None:
    facts = {**FACTS, "reference": "7K3M-9QXD-2F4H-T"}
    order(place, address(place), key=template, template=template, language=language, facts=facts)
    deliver_all(place)
    (mail,) = mails(place)
    assert "{" not in mail.get_content() and "団体信用" in mail.get_content()
    assert set(REQUIRED_FACTS[template]) <= facts.keys()


def test_the_token_is_on_no_evidence(place: Neighbours, room: Room) -> None:
    order_link(place)
    deliver_all(place)
    with room.cluster.superuser_connection() as superuser:
        lines = superuser.execute("SELECT facts FROM evidence.line").fetchall()
    assert lines and all(TOKEN not in facts for (facts,) in lines)
