"""A subject erased on request: nothing of it opens again, and the evidence says who and why."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sekisho.crossings.message import Refusal
from sekisho.crossings.vault import EraseSubject, SendMail, StoreItems, SubjectErased
from sekisho.vault.erase_subject import erase_subject
from sekisho.vault.errors import KeyDestroyed
from sekisho.vault.records.models import MailOutgoing, Subject
from sekisho.vault.records.visibility import visible_to
from sekisho.vault.send_mail import order_mail
from sekisho.vault.store_items import store_items
from sekisho.vocabulary.clock import now
from tests.rooms.open_room import Room
from tests.rooms.vault.neighbours import BODY, NUMBER, OTHER_BODY, Neighbours
from tests.rooms.vault.test_releases import lines, refused
from tests.rooms.vault.test_store_items import PERSON, read_back, store


def erase(place: Neighbours, subject: str, **changes: Any) -> SubjectErased:
    order = {
        "client_body": BODY,
        "subject": subject,
        "reason": "asked by letter of 3 May",
        "by": "terminal:tester",
        **changes,
    }
    return erase_subject(place.vault, EraseSubject(**order), now())


def erasure_refused(place: Neighbours, subject: str, **changes: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        erase(place, subject, **changes)
    return caught.value


def test_a_person_is_erased_and_nobody_else(place: Neighbours, room: Room) -> None:
    stored, other = store(place, PERSON, key="a"), store(place, PERSON, key="b")
    copy = room.cluster.execute_sql(
        "SELECT count(*) FROM vault.item WHERE subject_id = %s", [stored.subject]
    )
    assert copy == [(len(PERSON),)]
    erased = erase(place, stored.subject)
    assert erased.items == dict.fromkeys(PERSON, 1)
    assert erased.needed_by == []
    left = room.cluster.execute_sql("SELECT DISTINCT subject_id FROM vault.item")
    assert left == [(other.subject,)]
    assert read_back(place, other) == PERSON
    with visible_to(BODY):
        row = Subject.objects.get(token=stored.subject)
        assert row.wrapped_key is None
        with pytest.raises(KeyDestroyed):
            place.vault.keyring.open_subject(row)
    (told,) = map(json.loads, lines(room, "vault.subject_erased"))
    assert (told["by"], told["reason"]) == ("terminal:tester", "asked by letter of 3 May")
    assert not any(value in str(told) for value in PERSON.values())


def test_the_token_of_an_item_or_card_finds_its_subject(place: Neighbours) -> None:
    stored = store(place, PERSON)
    assert erase(place, stored.tokens["email"], dry_run=True).subject == stored.subject
    card = place.entered_card()
    found = erase(place, card.card_token, dry_run=True)
    assert (found.card_token, found.payment_id) == (card.card_token, card.payment_id)


def test_a_payment_leads_to_its_card_and_the_address_of_its_mails(place: Neighbours) -> None:
    stored = store(place, PERSON)
    card = place.entered_card()
    mail = SendMail(
        key=f"payment_failed:{card.payment_id}",
        token=stored.tokens["email"],
        client_body=BODY,
        template="payment_failed",
        language="ja",
        facts={"reference": "7K3M"},
    )
    order_mail(mail, now())
    refusal = erasure_refused(place, card.payment_id)
    assert refusal.code == "several_subjects"
    assert card.subject in refusal.detail
    assert stored.subject in refusal.detail
    erase(place, card.subject, even_if_needed=True)
    assert erase(place, card.payment_id, dry_run=True).subject == stored.subject
    erase(place, card.payment_id, even_if_needed=True)
    assert erase(place, card.payment_id).erased_before is not None


def test_a_dry_run_shows_and_changes_nothing(place: Neighbours, room: Room) -> None:
    stored = store(place, PERSON)
    shown = erase(place, stored.subject, dry_run=True)
    assert shown.dry_run
    assert shown.items == dict.fromkeys(PERSON, 1)
    assert read_back(place, stored) == PERSON
    assert lines(room, "vault.subject_erased") == []


def test_said_again_it_says_when_it_was(place: Neighbours, room: Room) -> None:
    stored = store(place, PERSON)
    erase(place, stored.subject)
    for dry_run in (False, True):
        again = erase(place, stored.subject, dry_run=dry_run)
        assert again.erased_before is not None
        assert again.items == {}
    assert len(lines(room, "vault.subject_erased")) == 1


def test_a_card_of_an_enrolment_is_needed_unless_said(place: Neighbours, room: Room) -> None:
    card = place.entered_card(purpose="enrolment")
    refusal = erasure_refused(place, card.subject)
    assert (refusal.code, refusal.field) == ("subject_needed", "subject")
    assert "enrolment" in refusal.detail
    release = place.permit(card, purpose="authenticate", with_security_code=False)
    assert place.release(place.sign(release)).number == NUMBER
    erased = erase(place, card.subject, even_if_needed=True)
    assert len(erased.needed_by) == 1
    later = place.permit(card, with_security_code=False)
    assert refused(place, place.sign(later)) == "token_unknown"
    assert len(place.vault.codes) == 0
    (told,) = map(json.loads, lines(room, "vault.subject_erased"))
    assert told["card"] == card.card_token
    assert told["needed_by"] == erased.needed_by


def test_a_card_of_a_payment_under_way_is_needed(place: Neighbours) -> None:
    card = place.entered_card()
    assert erasure_refused(place, card.subject).code == "subject_needed"
    assert place.release(place.sign(place.permit(card))).number == NUMBER


def test_waiting_mails_are_named_and_dropped(place: Neighbours) -> None:
    stored = store(place, PERSON)
    mail = SendMail(
        key="m",
        token=stored.tokens["email"],
        client_body=BODY,
        template="payment_failed",
        language="ja",
        facts={"reference": "7K3M"},
    )
    order_mail(mail, now())
    refusal = erasure_refused(place, stored.subject)
    assert "1 mails" in refusal.detail
    assert erase(place, stored.subject, even_if_needed=True).mails_waiting == 1
    with visible_to(BODY):
        assert MailOutgoing.objects.get().state == "failed"


def test_what_is_not_there_or_another_bodys_is_unknown(place: Neighbours) -> None:
    stored = store(place, PERSON)
    assert erasure_refused(place, "sub_none").code == "token_unknown"
    assert erasure_refused(place, stored.subject, client_body=OTHER_BODY).code == "token_unknown"
    for changes, field in (
        ({"reason": ""}, "reason"),
        ({"by": "a b"}, "by"),
        ({"subject": "4111 1111 1111 1111"}, "subject"),
    ):
        order = {"subject": stored.subject, **changes}
        with pytest.raises(Refusal) as caught:
            erase(place, **order)
        assert (caught.value.code, caught.value.field) == ("message_invalid", field)
    assert read_back(place, stored) == PERSON


def test_nothing_more_is_stored_for_an_erased_person(place: Neighbours) -> None:
    stored = store(place, PERSON)
    erase(place, stored.subject)
    more = StoreItems(
        key="more",
        client_body=BODY,
        box=place.box({"email": "again@example.jp"}),
        subject=stored.subject,
    )
    with pytest.raises(Refusal) as caught:
        store_items(place.vault, "payments", more, now())
    assert caught.value.code == "token_unknown"
