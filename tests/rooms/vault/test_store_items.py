"""What is typed goes in and a token comes out; said twice it is one."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from sekisho.crossings.message import Refusal
from sekisho.crossings.vault import (
    MAX_SUBJECTS_PER_MESSAGE,
    ItemsStored,
    MatchItem,
    StoreItems,
    StoreSubjects,
)
from sekisho.vault.keyring import KEPT
from sekisho.vault.limits import MATCH_TRIES_PER_HOUR
from sekisho.vault.match_items import match_item
from sekisho.vault.records.models import Item, Subject
from sekisho.vault.records.visibility import visible_to
from sekisho.vault.sealed_items import open_item
from sekisho.vault.store_items import store_items, store_subjects
from sekisho.vocabulary.clock import now
from tests.rooms.open_room import Room
from tests.rooms.vault.neighbours import BODY, NUMBER, OTHER_BODY, Neighbours

PERSON = {
    "name": "見本 太郎",
    "kana": "ミホン タロウ",
    "date_of_birth": "1970-01-31",
    "postal_code": "123-4567",
    "address": "見本都見本区１－２－３ 見本荘１０１",
    "phone": "03-0000-0000",
    "email": "taro@example.jp",
}


def store(place: Neighbours, items: dict[str, str], **changes: Any) -> ItemsStored:
    message = StoreItems(
        **{"key": "key_1", "client_body": BODY, "box": place.box(items), **changes}
    )
    return store_items(place.vault, "payments", message, now())


def read_back(place: Neighbours, stored: ItemsStored, body: str = BODY) -> dict[str, str]:
    with visible_to(body):
        found = Item.objects.select_related("subject").filter(subject=stored.subject)
        return {
            item.kind: open_item(item, place.vault.keyring.open_subject(item.subject))
            for item in found
        }


def refusal(place: Neighbours, items: dict[str, str], **changes: Any) -> tuple[str, str | None]:
    with pytest.raises(Refusal) as caught:
        store(place, items, **changes)
    for value in items.values():
        assert len(value) < 4 or value not in str(caught.value)
    return caught.value.code, caught.value.field


def test_items_are_kept_each_under_its_own_token(either_place: Neighbours) -> None:
    stored = store(either_place, PERSON)
    assert set(stored.tokens) == set(PERSON)
    assert len(set(stored.tokens.values())) == len(PERSON)
    assert read_back(either_place, stored) == PERSON


def test_equal_items_have_different_tokens_and_ciphertexts(place: Neighbours, room: Room) -> None:
    first = store(place, {"email": "taro@example.jp"}, key="a")
    second = store(place, {"email": "taro@example.jp"}, key="b")
    assert first.tokens != second.tokens
    rows = room.cluster.execute_sql("SELECT sealed, fingerprint FROM vault.item")
    assert len({bytes(sealed) for sealed, _ in rows}) == 2
    assert len({bytes(print_) for _, print_ in rows}) == 1


def test_two_bodies_cannot_join_their_people(place: Neighbours, room: Room) -> None:
    store(place, {"email": "taro@example.jp"})
    box = place.box({"email": "taro@example.jp"}, OTHER_BODY)
    store(place, {}, client_body=OTHER_BODY, box=box)
    rows = room.cluster.execute_sql("SELECT fingerprint FROM vault.item")
    assert len({bytes(row[0]) for row in rows}) == 2


def test_said_again_it_is_the_same(place: Neighbours, room: Room) -> None:
    box = place.box(PERSON)
    first, second = store(place, {}, box=box), store(place, {}, box=box)
    assert first == second
    assert room.cluster.execute_sql("SELECT count(*) FROM vault.subject") == [(1,)]


def test_said_at_once_by_many_it_is_the_same(place: Neighbours, room: Room) -> None:
    from django.db import connection

    box, answers = place.box(PERSON), []

    def say() -> None:
        answers.append(store(place, {}, box=box))
        connection.close()

    threads = [threading.Thread(target=say) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6
    assert all(answer == answers[0] for answer in answers)
    assert room.cluster.execute_sql("SELECT count(*) FROM vault.subject") == [(1,)]


def test_a_key_is_for_one_message(place: Neighbours) -> None:
    store(place, PERSON)
    assert refusal(place, {"email": "other@example.jp"})[0] == "key_reused"


def test_more_items_join_a_known_subject(place: Neighbours) -> None:
    first = store(place, {"email": "taro@example.jp"})
    more = store(place, {"phone": "03-0000-0000"}, key="key_2", subject=first.subject)
    assert more.subject == first.subject
    assert read_back(place, first) == {"email": "taro@example.jp", "phone": "03-0000-0000"}


def test_a_subject_of_another_body_is_unknown(place: Neighbours) -> None:
    first = store(place, {"email": "taro@example.jp"})
    box = place.box({"phone": "03-0000-0000"}, OTHER_BODY)
    wrong = refusal(place, {}, key="key_2", client_body=OTHER_BODY, box=box, subject=first.subject)
    assert wrong == ("token_unknown", "subject")


@pytest.mark.parametrize(
    ("items", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"email": "a@b\r\nBcc: c@d"}, "email"),
        ({"email": f"{'a' * 65}@example.jp"}, "email"),
        ({"date_of_birth": "31.1.1970"}, "date_of_birth"),
        ({"date_of_birth": "2970-01-31"}, "date_of_birth"),
        ({"date_of_birth": "1870-01-31"}, "date_of_birth"),
        ({"postal_code": "12345"}, "postal_code"),
        ({"phone": "call me"}, "phone"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"card_number": NUMBER}, "card_number"),
        ({"security_code": "7371"}, "security_code"),
        ({NUMBER: "x"}, "?"),
    ],
)
def test_a_bad_item_is_named_by_kind_and_nothing_is_kept(
    place: Neighbours, room: Room, items: dict[str, str], field: str
) -> None:
    assert refusal(place, {"name": "見本 太郎", **items}) == ("item_invalid", field)
    assert room.cluster.execute_sql("SELECT count(*) FROM vault.subject") == [(0,)]
    assert room.cluster.execute_sql("SELECT count(*) FROM evidence.line") == [(0,)]


def test_a_box_for_another_body_does_not_open(place: Neighbours) -> None:
    assert refusal(place, {}, box=place.box(PERSON, OTHER_BODY))[0] == "box_broken"
    for box in (b"", b"x" * 100, place.box(PERSON)[:-1], b"x" * 20_000):
        assert refusal(place, {}, box=box)[0] == "box_broken"
    assert refusal(place, {}, box=place.box({}))[0] == "item_invalid"


def test_a_file_of_people_goes_in_whole_or_not_at_all(place: Neighbours, room: Room) -> None:
    boxes = [place.box({"date_of_birth": f"1970-01-{day:02d}"}) for day in range(1, 29)]
    message = StoreSubjects(key="file_1", client_body=BODY, boxes=boxes)
    first = store_subjects(place.vault, "payments", message, now())
    assert store_subjects(place.vault, "payments", message, now()) == first
    assert len({one.subject for one in first.subjects}) == 28
    assert read_back(place, first.subjects[4]) == {"date_of_birth": "1970-01-05"}
    bad = [*boxes[:3], place.box({"email": "none"})]
    with pytest.raises(Refusal) as caught:
        store_subjects(
            place.vault,
            "payments",
            StoreSubjects(key="file_2", client_body=BODY, boxes=bad),
            now(),
        )
    assert (caught.value.code, caught.value.field) == ("item_invalid", "boxes.3.email")
    assert room.cluster.execute_sql("SELECT count(*) FROM vault.subject") == [(28,)]


@pytest.mark.parametrize("count", [0, MAX_SUBJECTS_PER_MESSAGE + 1])
def test_a_file_message_is_bounded(place: Neighbours, count: int) -> None:
    message = StoreSubjects(key="file_1", client_body=BODY, boxes=[b""] * count)
    with pytest.raises(Refusal) as caught:
        store_subjects(place.vault, "payments", message, now())
    assert (caught.value.code, caught.value.field) == ("message_invalid", "boxes")


# --- comparing ---


def compare(place: Neighbours, token: str, birth: str, **changes: Any) -> bool:
    message = MatchItem(
        **{
            "token": token,
            "client_body": BODY,
            "kind": "date_of_birth",
            "box": place.box({"date_of_birth": birth}),
            **changes,
        }
    )
    return match_item(place.vault, message, changes.pop("at", now())).matches


def test_an_item_is_compared_without_being_read(place: Neighbours, room: Room) -> None:
    token = store(place, {"date_of_birth": "1970-01-31"}).tokens["date_of_birth"]
    assert compare(place, token, "1970-01-31")
    assert not compare(place, token, "1970-01-30")
    told = room.cluster.execute_sql(
        "SELECT facts FROM evidence.line WHERE kind = 'vault.item_compared' ORDER BY id"
    )
    assert [('"same"' in row[0], '"other"' in row[0]) for row in told] == [
        (True, False),
        (False, True),
    ]


def test_comparing_is_limited_by_the_hour(place: Neighbours) -> None:
    token = store(place, {"date_of_birth": "1970-01-31"}).tokens["date_of_birth"]
    for _ in range(MATCH_TRIES_PER_HOUR):
        assert not compare(place, token, "1970-01-30")
    with pytest.raises(Refusal) as caught:
        compare(place, token, "1970-01-31")
    assert caught.value.code == "too_many_tries"
    message = MatchItem(
        token=token,
        client_body=BODY,
        kind="date_of_birth",
        box=place.box({"date_of_birth": "1970-01-31"}),
    )
    assert match_item(place.vault, message, now() + timedelta(hours=1)).matches


def test_only_a_bodys_own_item_of_that_kind_is_compared(place: Neighbours) -> None:
    tokens = store(place, {"date_of_birth": "1970-01-31", "email": "a@example.jp"}).tokens
    other = place.box({"date_of_birth": "1970-01-31"}, OTHER_BODY)
    for changes in (
        {"token": tokens["email"]},
        {"token": "itm_none"},
        {"client_body": OTHER_BODY, "box": other},
    ):
        with pytest.raises(Refusal) as caught:
            compare(
                place,
                **{"token": tokens["date_of_birth"], "birth": "1970-01-31", **changes},
            )
        assert caught.value.code == "token_unknown"


def test_a_changed_key_version_still_compares(place: Neighbours) -> None:
    token = store(place, {"date_of_birth": "1970-01-31"}).tokens["date_of_birth"]
    with visible_to(BODY):
        place.vault.keyring.add_version(BODY, "fingerprint", now())
    assert compare(place, token, "1970-01-31")


def test_a_rolled_back_first_key_leaves_nothing_behind(place: Neighbours) -> None:
    """The first data key of a body is made in a transaction that fails: the next one must not use
    what was never written down."""
    with pytest.raises(Refusal):
        store(place, {"name": "ok", "email": "bad"})
    with pytest.raises(RuntimeError), visible_to(BODY):
        place.vault.keyring.new_subject(BODY, KEPT, now())
        raise RuntimeError("cut off")
    stored = store(place, PERSON)
    place.restart()
    assert read_back(place, stored) == PERSON
    with visible_to(BODY):
        assert Subject.objects.count() == 1
