"""Canaries: planted card numbers, codes and persons are found nowhere in clear in what was written:
database pages, write-ahead log, logs, key folders, evidence; the code was not even encrypted."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from sekisho.crossings.message import Refusal
from sekisho.crossings.vault import ForgetCard, MatchItem, SendMail
from sekisho.vault import envelope
from sekisho.vault.forget import forget_card
from sekisho.vault.jobs import DeliverMail, keep_house
from sekisho.vault.match_items import match_item
from sekisho.vault.rotate_keys import begin_rotation
from sekisho.vault.send_mail import deliver_ordered, order_mail
from sekisho.vocabulary.clock import now
from tests.rooms.open_room import Room
from tests.rooms.vault.neighbours import AMEX, BODY, Neighbours
from tests.rooms.vault.test_mails import RECEIPT
from tests.rooms.vault.test_store_items import store

NUMBER = "4929123412341232"
CONTROL = "4000056655665556"
CODE = "8642"
PERSON = {
    "name": "鸛宮 鼯次郎",
    "email": "kanarienvogel@example.jp",
    "phone": "090-7654-3219",
    "address": "見本都鸚鵡区９８７番地",
    "date_of_birth": "1931-12-30",
}


def shapes(text: str) -> Iterator[bytes]:
    """Ways in which a text may lie in a file."""
    digits = "".join(character for character in text if character.isdigit())
    yield from (text.encode(), text.encode("utf-16-le"), text.encode("shift_jis", "ignore"))
    yield base64.b64encode(text.encode())[:-4]
    if len(digits) >= 12:
        yield from (digits.encode(), b" ".join(_fours(digits)), b"-".join(_fours(digits)))
        yield bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)


def _fours(digits: str) -> list[bytes]:
    return [digits[at : at + 4].encode() for at in range(0, len(digits), 4)]


def found_in(folder: Path, needles: dict[str, bytes]) -> list[str]:
    return [
        f"{name} in {path.relative_to(folder)}"
        for path in folder.rglob("*")
        if path.is_file() and not path.is_socket()
        for content in [path.read_bytes()]
        for name, needle in needles.items()
        if needle in content
    ]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Everything that was ever encrypted, in clear."""
    sealed: list[bytes] = []
    seal = envelope.seal

    def spy(key: Any, clear: bytes, place: Any) -> bytes:
        sealed.append(clear)
        return seal(key, clear, place)

    monkeypatch.setattr(envelope, "seal", spy)
    return sealed


def exercise(place: Neighbours) -> None:
    """Every act of the vault, the refused ones too."""
    card = place.entered_card(number=AMEX, code=CODE)
    number = place.entered_card(number=" ".join(NUMBER[at : at + 4] for at in range(0, 16, 4)))
    place.enter(place.open_form(), number=NUMBER[:-1] + "6", code=CODE)
    place.enter(place.open_form(), number=NUMBER, code=CODE)
    place.release(place.sign(place.permit(card)))
    place.release(
        place.sign(place.permit(number, purpose="authenticate", with_security_code=False))
    )
    with pytest.raises(Refusal):
        place.release(place.sign(place.permit(card)))
    stored = store(place, PERSON)
    with pytest.raises(Refusal):
        store(place, {**PERSON, "email": PERSON["email"] + "@"}, key="bad")
    box = place.box({"date_of_birth": PERSON["date_of_birth"]})
    token = stored.tokens["date_of_birth"]
    match_item(
        place.vault,
        MatchItem(token=token, client_body=BODY, kind="date_of_birth", box=box),
        now(),
    )
    order_mail(
        SendMail(
            key="k",
            token=stored.tokens["email"],
            client_body=BODY,
            template="payment_receipt",
            language="ja",
            facts=RECEIPT,
        ),
        now(),
    )
    deliver_ordered(place.vault, DeliverMail(client_body=BODY, key="k"), now())
    begin_rotation(place.vault, BODY, now())
    keep_house(place.vault, now())
    forget_card(
        place.vault,
        ForgetCard(payment_id=card.payment_id, card_token=card.card_token, reason="settled"),
        now(),
    )


def test_nothing_planted_is_found_in_clear(
    place: Neighbours, room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    room.cluster.execute_sql("SELECT 'needle-that-must-be-found'")
    exercise(place)
    room.cluster.execute_sql("CHECKPOINT")
    needles = {
        f"{name} ({at})": shape
        for name, text in {"number": NUMBER, "amex": AMEX, **PERSON}.items()
        for at, shape in enumerate(shapes(text))
        if len(shape) >= 8
    }
    mails = place.folder / "mail"
    for mail in mails.iterdir():
        # The one place where an address belongs; nothing else of the person is in it.
        content = mail.read_bytes().replace(PERSON["email"].encode(), b"")
        assert not any(needle in content for needle in needles.values())
        mail.unlink()
    assert found_in(room.folder, needles) == []
    assert found_in(place.folder, needles) == []
    assert not any(needle in caplog.text.encode() for needle in needles.values())


def test_the_search_finds_what_lies_in_clear(room: Room, place: Neighbours) -> None:
    """The search itself can fail: a number written in clear is found in page and log."""
    room.cluster.execute_sql("CREATE TABLE leak AS SELECT %s::text AS said", [CONTROL])
    room.cluster.execute_sql("CHECKPOINT")
    try:
        assert found_in(room.folder, {"number": CONTROL.encode()})
    finally:
        room.cluster.execute_sql("DROP TABLE leak")
        room.cluster.execute_sql("CHECKPOINT")


def test_a_code_is_neither_encrypted_nor_sent_to_the_database(
    place: Neighbours, seen: list[bytes]
) -> None:
    sent: list[str] = []

    def spy(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.extend(str(value) for value in (params or ()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(spy):
        card = place.entered_card(number=AMEX, code=CODE)
        place.release(place.sign(place.permit(card)))
    assert AMEX.encode() in seen
    assert CODE.encode() not in b" ".join(clear for clear in seen if clear.isascii())
    assert sent
    words = {word for value in sent for word in value.replace('"', " ").split()}
    assert CODE not in words
    assert AMEX not in " ".join(sent)
