"""Every deed that the vault is asked for, said twice: the same answer, and nothing more happens.

Compared are every row of every table and the evidence; what is the same in words may be sealed
anew in no row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from psycopg import sql

from sekisho.crossings import vault as said
from sekisho.crossings.message import Refusal
from sekisho.crossings.repeating import DEEDS, IN_FLIGHT, KEY_KEPT_HOURS, KEY_REUSED
from sekisho.transport import Caller
from sekisho.vault import answered
from sekisho.vault.doors import make_doors
from tests.rooms.open_room import Room
from tests.rooms.vault.neighbours import BODY, Neighbours
from tests.rooms.vault.test_honey import _ends
from tests.rooms.vault.test_mails import RECEIPT
from tests.rooms.vault.test_postcards import NOTICE, PREMIUM
from tests.rooms.vault.test_store_items import PERSON, store

PAYMENTS = Caller("payments", "payments", None)
TERMINAL = Caller("terminal", "terminal", None)
EMAIL = {"email": "taro@example.jp"}

Making = Callable[[Neighbours], Any]


def items(place: Neighbours) -> said.StoreItems:
    return said.StoreItems(key="key_1", client_body=BODY, box=place.box(PERSON))


def subjects(place: Neighbours) -> said.StoreSubjects:
    boxes = [place.box(EMAIL), place.box(PERSON)]
    return said.StoreSubjects(key="key_1", client_body=BODY, boxes=boxes)


def mail(place: Neighbours) -> said.SendMail:
    return said.SendMail(
        key="payment_receipt:pay_1",
        token=store(place, EMAIL).tokens["email"],
        client_body=BODY,
        template="payment_receipt",
        language="ja",
        facts=RECEIPT,
    )


def forgotten_card(place: Neighbours) -> said.ForgetCard:
    card = place.entered_card()
    return said.ForgetCard(payment_id=card.payment_id, card_token=card.card_token, reason="settled")


def forgotten_items(place: Neighbours) -> said.ForgetItems:
    token = store(place, EMAIL).tokens["email"]
    return said.ForgetItems(client_body=BODY, payment_id="pay_1", token=token)


def erased(place: Neighbours) -> said.EraseSubject:
    return said.EraseSubject(
        client_body=BODY,
        subject=store(place, PERSON).subject,
        reason="asked by letter of 3 May",
        by="terminal:tester",
    )


def planted(place: Neighbours) -> said.PlantHoneyCards:
    place.entered_card()
    return said.PlantHoneyCards(
        key="key_1", client_body=BODY, number=3, within_hours=100, by="terminal:tester"
    )


def marked(place: Neighbours) -> said.MarkHoneyCard:
    number = next(n for n in (f"40009900000000{end:02d}" for end in range(100)) if _ends(n))
    card = place.entered_card(purpose="enrolment", number=number)
    return said.MarkHoneyCard(client_body=BODY, payment_id=card.payment_id, by="terminal:tester")


def printed(place: Neighbours) -> said.PrintPostcard:
    person = {"name": "見本 太郎", "postal_code": "164-0001", "address": "見本都見本区1-2-3"}
    place.change(mail=replace(place.vault.mail, sites={"group_life_premium": PREMIUM}))
    return said.PrintPostcard(
        key="charge_notice:1",
        client_body=BODY,
        subject=store(place, person).subject,
        template="charge_notice",
        facts=NOTICE,
    )


SAID_TWICE: dict[type[Any], Making] = {
    said.StoreItems: items,
    said.StoreSubjects: subjects,
    said.SendMail: mail,
    said.PrintPostcard: printed,
    said.ForgetCard: forgotten_card,
    said.ForgetItems: forgotten_items,
    said.ForgetSecurityCode: lambda place: said.ForgetSecurityCode(
        payment_id=place.entered_card().payment_id
    ),
    said.EraseSubject: erased,
    said.PlantHoneyCards: planted,
    said.MarkHoneyCard: marked,
}

TOLD_APART = {"items", "erased_before"}
"""Of an erasure: what went then, and since when it is gone."""


def test_every_deed_of_the_vault_has_a_story() -> None:
    assert set(SAID_TWICE) == {deed for deed in DEEDS if deed.receiver == "vault"}


def say(place: Neighbours, message: Any) -> Any:
    zone = TERMINAL if "Honey" in type(message).__name__ else PAYMENTS
    return make_doors(place.vault)._handlers[type(message)](zone, message)


def everything(room: Room) -> dict[str, Any]:
    tables = room.cluster.execute_sql(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = 'vault'"
        " OR (schemaname, tablename) = ('evidence', 'line')"
    )
    found = {}
    for schema, table in tables:
        rows = sql.SQL(
            "SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
            " FROM {} t"
        ).format(sql.Identifier(schema, table))
        found[table] = room.cluster.execute_sql(rows)[0]
    return found


@pytest.mark.parametrize("deed", SAID_TWICE, ids=lambda deed: deed.__name__)
def test_said_twice_it_is_done_once(place: Neighbours, room: Room, deed: type[Any]) -> None:
    message = SAID_TWICE[deed](place)
    first = msgspec.to_builtins(say(place, message))
    before = everything(room)
    second = msgspec.to_builtins(say(place, message))
    assert {k: v for k, v in second.items() if k not in TOLD_APART} == {
        k: v for k, v in first.items() if k not in TOLD_APART
    }
    after = everything(room)
    assert {table for table in after if after[table] != before[table]} == set()


@pytest.mark.parametrize(
    ("deed", "changes"),
    [
        (said.StoreItems, lambda place: {"box": place.box(EMAIL)}),
        (said.StoreSubjects, lambda place: {"boxes": [place.box(EMAIL)]}),
        (said.SendMail, lambda place: {"facts": RECEIPT | {"total_yen": 1}}),
        (said.SendMail, lambda place: {"language": "en"}),
        (said.PrintPostcard, lambda place: {"facts": NOTICE | {"amount_yen": 1}}),
        (said.PlantHoneyCards, lambda place: {"number": 4}),
    ],
)
def test_a_key_is_for_one_body(
    place: Neighbours, room: Room, deed: type[Any], changes: Callable[[Neighbours], Any]
) -> None:
    message = SAID_TWICE[deed](place)
    say(place, message)
    before = everything(room)
    with pytest.raises(Refusal) as refusal:
        say(place, msgspec.structs.replace(message, **changes(place)))
    assert (refusal.value.code, refusal.value.field) == (KEY_REUSED, "key")
    assert everything(room) == before


def test_a_twin_under_way_is_told(
    place: Neighbours, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answered, "IN_FLIGHT_WAIT_SECONDS", 0.0)
    message = items(place)
    with room.cluster.superuser_connection() as other:
        other.execute("BEGIN")
        other.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"{BODY}\x1fpayments\x1f{message.key}"],
        )
        with pytest.raises(Refusal) as refusal:
            say(place, message)
        assert (refusal.value.code, refusal.value.field) == (IN_FLIGHT, "key")
        other.execute("ROLLBACK")
    assert say(place, message).tokens


def test_a_key_is_kept_long_enough() -> None:
    assert answered.KEPT_HOURS >= KEY_KEPT_HOURS
