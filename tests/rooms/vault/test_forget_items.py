"""What was typed for a payment that ended without money is forgotten, once, and no card with it."""

from __future__ import annotations

import json

import pytest

from sekisho.crossings.message import Refusal, Taken
from sekisho.crossings.vault import ForgetItems
from sekisho.vault.forget import forget_items
from sekisho.vault.records.models import Subject
from sekisho.vault.records.visibility import visible_to
from sekisho.vocabulary.clock import now
from tests.rooms.open_room import Room
from tests.rooms.vault.neighbours import BODY, OTHER_BODY, Neighbours
from tests.rooms.vault.test_releases import lines
from tests.rooms.vault.test_store_items import PERSON, read_back, store


def forget(token: str, client_body: str = BODY) -> Taken:
    return forget_items(
        ForgetItems(client_body=client_body, payment_id="pay_1", token=token), now()
    )


def test_by_the_token_of_an_item(place: Neighbours, room: Room) -> None:
    stored, other = store(place, PERSON, key="a"), store(place, PERSON, key="b")
    for _ in range(2):
        assert forget(stored.tokens["email"]) == Taken()
    left = room.cluster.execute_sql("SELECT DISTINCT subject_id FROM vault.item")
    assert left == [(other.subject,)]
    with visible_to(BODY):
        assert Subject.objects.get(token=stored.subject).wrapped_key is None
    (told,) = map(json.loads, lines(room, "vault.items_forgotten"))
    assert (told["payment"], told["reason"]) == ("pay_1", "ended")
    assert read_back(place, other) == PERSON


def test_by_the_token_of_the_person(place: Neighbours, room: Room) -> None:
    stored = store(place, PERSON)
    forget(stored.subject)
    assert room.cluster.execute_sql("SELECT count(*) FROM vault.item") == [(0,)]


def test_not_of_another_body_and_no_card(place: Neighbours, room: Room) -> None:
    stored = store(place, PERSON)
    forget(stored.subject, OTHER_BODY)
    assert read_back(place, stored) == PERSON
    card = place.entered_card()
    with pytest.raises(Refusal) as caught:
        forget(card.subject)
    assert caught.value.code == "token_unknown"
    assert lines(room, "vault.items_forgotten") == []
