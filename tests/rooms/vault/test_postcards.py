"""Postcards carry an address that nobody but the vault sees, in files that are whole or absent."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.db import connection

from sekisho.crossings.message import Refusal
from sekisho.crossings.vault import ListPostcards, PostcardShown, PrintPostcard
from sekisho.printing import FontMissing
from sekisho.transport.outbox import Outbox
from sekisho.vault.forget import forget_subject
from sekisho.vault.opened import SiteWords
from sekisho.vault.postcards import print_batch
from sekisho.vault.postcards.keep_files import keep_post
from sekisho.vault.postcards.limits import FILE_KEPT_DAYS, PRINT_TRIES, STALE_SECONDS
from sekisho.vault.postcards.order_postcard import (
    PrintPostcards,
    list_postcards,
    order_postcard,
)
from sekisho.vault.postcards.print_batch import print_waiting
from sekisho.vault.records.visibility import visible_to
from sekisho.vault.watch import check_postcards
from sekisho.vocabulary.clock import now
from sekisho.vocabulary.identifiers import new_id
from tests.rooms.open_room import Room
from tests.rooms.vault.neighbours import BODY, OTHER_BODY, Neighbours
from tests.rooms.vault.test_store_items import store

NOTICE: dict[str, str | int] = {
    "site": "group_life_premium",
    "policy_number": "12345678",
    "amount_yen": 24_600,
    "charge_month": "2026-12",
    "charge_on": "2026-12-10",
    "card": "visa **** 1111",
}
PREMIUM = SiteWords(
    name={"ja": "見本サイト", "en": "Sample site"},
    payee={"ja": "見本機構", "en": "Mihon Agency"},
    contact={"ja": "窓口 0120-000-001", "en": "help line"},
    phone="0120-000-001",
    post={"name": "見本機構 特約料係", "postal_code": "100-0000", "address": "見本都見本区1-1"},
)
PERSON = {
    "name": "𠮷田 太郎",
    "postal_code": "1640001",
    "address": "見本都葛\U000e0100飾区見本町1-2-3 見本ハイツ101",
}


@pytest.fixture
def post(place: Neighbours) -> Path:
    """A vault that prints; its folder."""
    folder = place.folder / "post"
    mail = replace(place.vault.mail, sites={"group_life_premium": PREMIUM})
    place.change(mail=mail, post_folder=folder)
    return folder


def order(place: Neighbours, subject: str, **changes: Any) -> None:
    message = PrintPostcard(
        **{
            "key": "charge_notice:1",
            "client_body": BODY,
            "subject": subject,
            "template": "charge_notice",
            "facts": NOTICE,
            **changes,
        }
    )
    order_postcard(place.vault, message, now())


def print_all(place: Neighbours, at: Any = None) -> None:
    own = {PrintPostcards: lambda job: print_waiting(place.vault, job, at or now())}
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbox SET due_at = now()")
    Outbox(own=own).deliver_due()


def person(place: Neighbours, **changes: str) -> str:
    return store(place, {**PERSON, **changes}, key=new_id("key")).subject


def shown(state: str = "") -> list[PostcardShown]:
    return list_postcards(ListPostcards(client_body=BODY, state=state)).postcards  # type: ignore[arg-type]


def pages(file: Path) -> list[str]:
    with pypdfium2.PdfDocument(file) as document:
        return [page.get_textpage().get_text_range() for page in document]


def test_a_notice_is_printed_and_addressed(place: Neighbours, post: Path, room: Room) -> None:
    order(place, person(place))
    assert not list(post.glob("**/*"))
    print_all(place)
    (card,) = shown()
    assert (card.state, card.page, card.why) == ("printed", 1, "")
    address, message = pages(post / card.batch)
    assert "郵便はがき" in address.replace("\r\n", "").replace(" ", "")
    for words in ("𠮷", "様", "100-0000", "0120-000-001", "見本機構 特約料係"):
        assert words in address
    for words in (
        "カード請求のお知らせ",
        "24,600円",
        "2026年12月（令和8年12月）",
        "2026年（令和8年）12月10日",
        "Visa ＊＊＊＊ 1111",
        "＊＊＊＊5678",
        "0120-000-001",
    ):
        assert words in message
    assert "1234" not in message
    lines = room.cluster.execute_sql(
        "SELECT facts FROM evidence.line WHERE kind = 'vault.address_released'"
    )
    (line,) = lines
    assert '"purpose": "postcard"' in line[0] or '"purpose":"postcard"' in line[0]
    assert "太郎" not in line[0] and "葛" not in line[0]
    assert check_postcards() == ""
    file = post / card.batch
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_postcards_ordered_together_are_in_one_file(
    place: Neighbours, post: Path, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(print_batch, "POSTCARDS_PER_FILE", 3)
    people = [person(place, name=f"見本 {name}") for name in "一二三四五"]
    for at, subject in enumerate(people):
        order(place, subject, key=f"charge_notice:{at}")
    ((waiting,),) = room.cluster.execute_sql("SELECT count(*) FROM vault.outbox")
    assert waiting <= 2
    print_all(place)
    print_all(place)
    cards = sorted(shown(), key=lambda card: card.number)
    assert [(card.state, card.page) for card in cards] == [
        ("printed", page) for page in (1, 3, 5, 1, 3)
    ]
    assert len({card.batch for card in cards}) == 2
    first = pages(post / cards[0].batch)
    assert ["一" in first[0], "二" in first[2], "三" in first[4]] == [True] * 3


def test_a_postcard_is_printed_once(place: Neighbours, post: Path) -> None:
    subject = person(place)
    for _ in range(3):
        order(place, subject)
    print_all(place)
    order(place, subject)
    print_all(place)
    assert len(shown()) == 1
    assert len(list(post.glob("**/*.pdf"))) == 1
    with pytest.raises(Refusal) as caught:
        order(place, subject, facts={**NOTICE, "amount_yen": 1})
    assert caught.value.code == "key_reused"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("見本 😀郎", "U+1F600"),
        ("見本 邉\U000e01ef郎", "U+9089 U+E01EF"),
        ("寿限無" * 14, "addressee.name"),
    ],
)
def test_a_name_that_cannot_be_drawn_holds_no_other_up(
    place: Neighbours, post: Path, name: str, why: str
) -> None:
    order(place, person(place, name=name), key="bad")
    order(place, person(place), key="good")
    print_all(place)
    by_key = {card.key: card for card in shown()}
    assert by_key["good"].state == "printed"
    assert by_key["bad"].state == "failed"
    assert why in by_key["bad"].why
    assert name not in by_key["bad"].why
    assert shown("failed") == [by_key["bad"]]
    assert "1 postcards" in check_postcards()
    assert len(pages(post / by_key["good"].batch)) == 2


def test_who_was_forgotten_gets_no_postcard(place: Neighbours, post: Path) -> None:
    subject = person(place)
    order(place, subject)
    with visible_to(BODY):
        forget_subject(subject, now())
    print_all(place)
    (card,) = shown()
    assert card.state == "failed"
    assert "forgotten" in card.why
    assert not list(post.glob("**/*.pdf"))


def test_a_batch_that_was_cut_off_is_the_same_file_again(
    place: Neighbours, post: Path, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    order(place, person(place))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(print_batch, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            print_waiting(place.vault, PrintPostcards(client_body=BODY), now())
    (card,) = shown("printing")
    print_waiting(place.vault, PrintPostcards(client_body=BODY), now())
    assert shown("printing") == [card]
    later = now() + timedelta(seconds=STALE_SECONDS + 2)
    print_all(place, later)
    (done,) = shown("printed")
    assert done.batch == card.batch
    assert len(pages(post / done.batch)) == 2
    ((lines,),) = room.cluster.execute_sql(
        "SELECT count(*) FROM evidence.line WHERE kind = 'vault.address_released'"
    )
    assert lines == 2


def test_a_full_disk_puts_off_and_releases_nothing(
    place: Neighbours, post: Path, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    order(place, person(place))
    with monkeypatch.context() as full:
        full.setattr(print_batch, "LEAST_FREE_BYTES", 2**62)
        with pytest.raises(OSError, match="too full"):
            print_waiting(place.vault, PrintPostcards(client_body=BODY), now())
    assert len(shown("waiting")) == 1
    assert not room.cluster.execute_sql(
        "SELECT 1 FROM evidence.line WHERE kind = 'vault.address_released'"
    )

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for _ in range(PRINT_TRIES):
        with monkeypatch.context() as full:
            full.setattr(print_batch, "_write", refuse)
            with pytest.raises(OSError, match="No space"):
                print_waiting(place.vault, PrintPostcards(client_body=BODY), now())
    print_all(place)
    (card,) = shown()
    assert (card.state, card.why) == ("failed", f"not printed in {PRINT_TRIES} tries")


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"site": "elsewhere"}, "site"),
        ({"charge_on": "2026-02-30"}, "charge_on"),
        ({"charge_month": "12/2026"}, "charge_month"),
        ({"amount_yen": "24,600"}, "amount_yen"),
        ({"product": "https://lure.example"}, "product"),
    ],
)
def test_facts_that_do_not_fit_are_refused(
    place: Neighbours, post: Path, facts: dict[str, str | int], field: str
) -> None:
    with pytest.raises(Refusal) as caught:
        order(place, person(place), facts={**NOTICE, **facts})
    assert (caught.value.code, caught.value.field) == ("message_invalid", f"facts.{field}")


def test_who_cannot_be_written_to_is_refused(place: Neighbours, post: Path) -> None:
    stored = store(place, {"name": "見本 太郎", "postal_code": "164-0001"})
    for subject in (stored.subject, stored.tokens["name"]):
        with pytest.raises(Refusal) as caught:
            order(place, subject)
        assert (caught.value.code, caught.value.field) == ("items_missing", "address")
    whole = person(place)
    for changes in ({"subject": "sub_nobody"}, {"client_body": OTHER_BODY}):
        with pytest.raises(Refusal) as caught:
            order(place, changes.pop("subject", whole), **changes)
        assert caught.value.code == "token_unknown"
    assert shown() == []


def test_old_files_are_deleted_and_late_ones_printed(
    place: Neighbours, post: Path, room: Room
) -> None:
    order(place, person(place))
    print_all(place)
    (card,) = shown()
    keep_post(place.vault, BODY, now())
    assert (post / card.batch).exists()
    old = (now() - timedelta(days=FILE_KEPT_DAYS, hours=1)).timestamp()
    os.utime(post / card.batch, (old, old))
    keep_post(place.vault, BODY, now())
    assert not (post / card.batch).exists()
    assert room.cluster.execute_sql("SELECT 1 FROM evidence.line WHERE kind = 'vault.post_deleted'")
    order(place, person(place, phone="03-0000-0000"), key="late")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM outbox")
    keep_post(place.vault, BODY, now() + timedelta(hours=1))
    print_all(place)
    assert {card.state for card in shown()} == {"printed"}


def test_a_twins_postcard_is_not_to_be_posted(place: Neighbours, post: Path) -> None:
    twin = f"{BODY}_test"
    box = place.box(PERSON, twin)
    subject = store(place, PERSON, client_body=twin, box=box).subject
    order(place, subject, client_body=twin, facts={**NOTICE, "site": "group_life_premium_test"})
    print_all(place)
    (card,) = list_postcards(ListPostcards(client_body=twin)).postcards
    assert card.batch.startswith(f"{twin}/")
    assert all("試験" in "".join(text.split()) for text in pages(post / card.batch))
    assert shown() == []


def test_health_says_that_the_fonts_are_missing(
    place: Neighbours, post: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order(place, person(place))
    with monkeypatch.context() as gone:
        gone.setenv("SEKISHO_FONTS", str(place.folder))
        assert "tools/fetch_fonts.py" in check_postcards()
        with pytest.raises(FontMissing):
            print_waiting(place.vault, PrintPostcards(client_body=BODY), now())
    assert len(shown("waiting")) == 1
    print_all(place)
    assert len(shown("printed")) == 1
