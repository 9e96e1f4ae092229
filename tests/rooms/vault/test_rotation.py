"""Keys change while everything runs; days that are over can't be opened again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sekisho.crossings.vault import ForgetCard
from sekisho.vault import rotate_keys
from sekisho.vault.errors import KeyMissing
from sekisho.vault.forget import forget_card
from sekisho.vault.jobs import keep_house
from sekisho.vault.keyring import KEPT, Keyring
from sekisho.vault.keystore.interface import epoch_wrap
from sekisho.vault.limits import EPOCH_KEPT_DAYS
from sekisho.vault.records.models import Subject
from sekisho.vault.records.visibility import visible_to
from sekisho.vault.rotate_keys import begin_rotation, progress, rewrap_batch
from sekisho.vocabulary.clock import business_date, now
from tests.rooms.open_room import Room
from tests.rooms.vault.neighbours import BODY, NUMBER, Neighbours
from tests.rooms.vault.test_store_items import PERSON, read_back, store


def test_a_rotation_moves_every_subject_and_no_item(
    either_place: Neighbours, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = either_place
    monkeypatch.setattr(rotate_keys, "REWRAP_BATCH_SUBJECTS", 2)
    people = [store(place, PERSON, key=f"k{at}") for at in range(5)]
    before = room.cluster.execute_sql("SELECT token, sealed FROM vault.item ORDER BY token")
    assert begin_rotation(place.vault, BODY, now()) == 2
    assert progress(place.vault, BODY, KEPT, now()) == (0, 5)
    assert rewrap_batch(place.vault, BODY, KEPT, now()) == 2
    assert progress(place.vault, BODY, KEPT, now()) == (2, 3)
    # Half way: old and new both open, and what comes in goes under the new key.
    newest = store(place, PERSON, key="new")
    for stored in (*people, newest):
        assert read_back(place, stored) == PERSON
    place.restart()
    while rewrap_batch(place.vault, BODY, KEPT, now()):
        pass
    assert progress(place.vault, BODY, KEPT, now()) == (6, 0)
    for stored in (*people, newest):
        assert read_back(place, stored) == PERSON
    after = dict(room.cluster.execute_sql("SELECT token, sealed FROM vault.item"))
    assert all(bytes(after[token]) == bytes(sealed) for token, sealed in before)
    versions = room.cluster.execute_sql("SELECT DISTINCT data_key_version FROM vault.subject")
    assert versions == [(2,)]


def test_a_rotation_cut_off_goes_on(place: Neighbours, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotate_keys, "REWRAP_BATCH_SUBJECTS", 2)
    people = [store(place, PERSON, key=f"k{at}") for at in range(5)]
    begin_rotation(place.vault, BODY, now())

    def cut_off(*_: object, **__: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(rotate_keys.evidence, "append", cut_off)
        with pytest.raises(RuntimeError):
            rewrap_batch(place.vault, BODY, KEPT, now())
    assert progress(place.vault, BODY, KEPT, now()) == (0, 5)
    place.restart()
    while rewrap_batch(place.vault, BODY, KEPT, now()):
        pass
    assert progress(place.vault, BODY, KEPT, now()) == (5, 0)
    assert all(read_back(place, stored) == PERSON for stored in people)


def test_one_off_cards_of_a_day_cannot_be_opened_once_its_key_is_destroyed(
    either_place: Neighbours, room: Room
) -> None:
    """A copy of the database from that day, with the key store of today."""
    place = either_place
    card = place.entered_card()
    day = f"{business_date(now()):%Y%m%d}"
    kept = room.cluster.execute_sql(
        "SELECT token, wrapped_key FROM vault.subject WHERE use = 'one_off'"
    )
    forget_card(
        place.vault,
        ForgetCard(payment_id=card.payment_id, card_token=card.card_token, reason="settled"),
        now(),
    )
    keep_house(place.vault, now())
    assert place.vault.keystore.has(epoch_wrap(day))
    keep_house(place.vault, now() + timedelta(days=EPOCH_KEPT_DAYS + 1))
    assert not place.vault.keystore.has(epoch_wrap(day))
    ((token, wrapped),) = kept
    with visible_to(BODY):
        row = Subject.objects.get(token=token)
        row.wrapped_key = bytes(wrapped)
        for keyring in (place.vault.keyring, Keyring(place.vault.keystore)):
            with pytest.raises(KeyMissing):
                keyring.open_subject(row)
    told = room.cluster.execute_sql(
        "SELECT subject FROM evidence.line WHERE kind = 'vault.epoch_key_destroyed'"
    )
    assert (day,) in told


def test_a_card_that_is_still_needed_outlives_its_day(place: Neighbours) -> None:
    card = place.entered_card()
    day = f"{business_date(now()):%Y%m%d}"
    later = now() + timedelta(days=EPOCH_KEPT_DAYS + 1)
    keep_house(place.vault, later)
    assert not place.vault.keystore.has(epoch_wrap(day))
    permit = place.permit(card, with_security_code=False, at=later)
    assert place.release(place.sign(permit), at=later).number == NUMBER
    place.restart()
    permit = place.permit(card, with_security_code=False, at=later)
    assert place.release(place.sign(permit), at=later).number == NUMBER


def test_a_key_under_which_something_lives_is_not_destroyed(
    place: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = place.entered_card()
    later = now() + timedelta(days=EPOCH_KEPT_DAYS + 1)
    assert rotate_keys.destroy_old_epochs(place.vault, later) == []
    permit = place.permit(card, with_security_code=False)
    assert place.release(place.sign(permit)).number == NUMBER


def test_kept_cards_lie_under_the_bodys_standing_key(place: Neighbours, room: Room) -> None:
    place.entered_card(purpose="enrolment")
    assert room.cluster.execute_sql("SELECT use FROM vault.subject") == [(KEPT,)]
