"""Honey cards: like any other to whoever reads tables; whoever asks for one rings the bell."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection

from sekisho.crossings.message import Refusal, Taken
from sekisho.crossings.vault import MarkHoneyCard, PlantHoneyCards
from sekisho.transport.outbox import Outbox
from sekisho.vault.errors import EnvelopeBroken, KeyStoreError
from sekisho.vault.honey_marks import FILE_NAME, HoneyMarks
from sekisho.vault.limits import HONEY_ALARMS_PER_HOUR, HONEY_RANGES
from sekisho.vault.plant_honey import PlantOne, mark_honey, order_honey, plant_one
from sekisho.vault.records.visibility import visible_to
from sekisho.vocabulary.clock import now
from sekisho.vocabulary.digits import passes_luhn
from tests.rooms.open_room import Room
from tests.rooms.vault.neighbours import BODY, NUMBER, OTHER_BODY, Neighbours
from tests.rooms.vault.test_releases import lines, refused

RELEASED, ASKED = "alarm.vault.honey_released", "alarm.vault.honey_asked_for"


def plant(place: Neighbours, number: int = 1, *, key: str = "k", hours: int = 0) -> None:
    order = PlantHoneyCards(
        key=key, client_body=BODY, number=number, within_hours=hours, by="terminal:tester"
    )
    assert order_honey(place.vault, order, now()) == Taken()
    carrier = Outbox(own={PlantOne: lambda job: plant_one(place.vault, job, now())})
    while carrier.deliver_due():
        pass


def cards(room: Room) -> list[tuple[str, str]]:
    return room.cluster.execute_sql("SELECT token, payment_id FROM vault.card ORDER BY token")


def planted(place: Neighbours, room: Room) -> list[tuple[str, str]]:
    return [row for row in cards(room) if place.vault.honey.holds(row[0])]


def ask(place: Neighbours, token: str, payment: str, **changes: object) -> str:
    """Ask for a card as payments' key allows; return the number that comes."""
    entered = place.payments.entered[0]
    facts = {"card_token": token, "payment_id": payment, "with_security_code": False, **changes}
    return place.release(place.sign(place.permit(entered, **facts))).number


def test_a_planted_card_is_released_like_any_other_and_rings(place: Neighbours, room: Room) -> None:
    place.entered_card(purpose="enrolment")
    plant(place)
    ((token, payment),) = planted(place, room)
    number = ask(place, token, payment)
    assert number[:6] in HONEY_RANGES
    assert passes_luhn(number)
    (told,) = map(json.loads, lines(room, RELEASED))
    assert told["payment"] == payment
    assert number not in str(told)
    # The line of any release is there too: a bell that changed the evidence would be a tell.
    assert len(lines(room, "vault.card_released")) == 1


def test_the_bell_and_the_release_stand_or_fall_together(place: Neighbours, room: Room) -> None:
    place.entered_card(purpose="enrolment")
    plant(place)
    ((token, payment),) = planted(place, room)
    permit = place.permit(
        place.payments.entered[0], card_token=token, payment_id=payment, with_security_code=False
    )
    signed = place.sign(permit)
    place.release(signed)
    assert refused(place, signed) == "permit_spent"
    assert len(lines(room, RELEASED)) + len(lines(room, ASKED)) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"at": now() - timedelta(hours=1)}, "permit_expired"),
        ({"client_body": OTHER_BODY}, "token_unknown"),
        ({"payment_id": "pay_another", "purpose": "authenticate"}, "permit_foreign"),
        ({"with_security_code": True}, "code_gone"),
        ({"receiver_key": b"k" * 32}, "permit_foreign"),
    ],
)
def test_a_refused_permit_for_honey_rings_and_answers_as_ever(
    place: Neighbours, room: Room, changes: dict[str, object], code: str
) -> None:
    real = place.entered_card(purpose="enrolment")
    place.vault.codes.forget(real.payment_id)
    plant(place)
    ((token, payment),) = planted(place, room)
    honey = {"card_token": token, "payment_id": payment, "with_security_code": False}
    assert refused(place, place.sign(place.permit(real, **{**honey, **changes}))) == code
    same = {"with_security_code": False, **changes}
    assert refused(place, place.sign(place.permit(real, **same))) == code
    (told,) = map(json.loads, lines(room, ASKED))
    assert (told["answer"], told["signed_by_payments"]) == (code, True)


def test_a_forged_permit_for_honey_rings_too(place: Neighbours, room: Room) -> None:
    real = place.entered_card(purpose="enrolment")
    plant(place)
    ((token, _),) = planted(place, room)
    forged = place.sign(place.permit(real, card_token=token), Ed25519PrivateKey.generate())
    for _ in range(5):
        assert refused(place, forged) == "permit_forged"
    (told,) = map(json.loads, lines(room, ASKED))
    assert told["signed_by_payments"] is False


def test_other_cards_ring_nothing(place: Neighbours, room: Room) -> None:
    real = place.entered_card(purpose="enrolment")
    plant(place)
    place.release(place.sign(place.permit(real)))
    assert refused(place, place.sign(place.permit(real, card_token="card_none"))) == "token_unknown"
    assert lines(room, RELEASED) == lines(room, ASKED) == []


def test_tables_do_not_tell_honey_from_others(place: Neighbours, room: Room) -> None:
    """Every column that could tell is compared as a reader of all of the vault's tables would."""
    for _ in range(2):
        real = place.entered_card(purpose="enrolment")
        for purpose in ("authenticate", "authorise"):
            permit = place.permit(real, purpose=purpose, with_security_code=False)
            place.release(place.sign(permit))
    plant(place, 2)
    shapes = room.cluster.execute_sql(
        "SELECT c.token, c.kept, c.site, c.client_body, c.forgotten_at, s.use, s.data_key_version,"
        " s.subject_key_version, length(s.wrapped_key), length(c.token), length(c.payment_id),"
        " length(s.token), f.state, f.tries, f.kept, f.site, f.language, f.parent_origin,"
        " f.accepted_brands::text, length(f.return_url), length(f.token_digest),"
        " (SELECT array_agg(i.kind || length(i.token) || length(i.fingerprint)"
        "   || i.fingerprint_key_version ORDER BY i.kind) FROM vault.item i"
        "   WHERE i.subject_id = s.token),"
        " (SELECT length(i.sealed) FROM vault.item i"
        "   WHERE i.subject_id = s.token AND i.kind = 'card_number'),"
        " (SELECT array_agg(p.purpose ORDER BY p.purpose) FROM vault.spent_permit p"
        "   WHERE p.card_token = c.token)"
        " FROM vault.card c JOIN vault.subject s ON s.token = c.subject_id"
        " JOIN vault.card_form f ON f.card_token = c.token AND f.payment_id = c.payment_id"
    )
    assert len(shapes) == 4
    assert len(planted(place, room)) == 2
    assert len({str(shape[1:]) for shape in shapes}) == 1
    taken = lines(room, "vault.card_taken")
    assert len({tuple(json.loads(line)) for line in taken}) == 1
    assert len(taken) == 4


def test_no_table_holds_a_mark_and_the_file_no_token(place: Neighbours, room: Room) -> None:
    place.entered_card()
    plant(place)
    ((token, _),) = planted(place, room)
    content = (place.folder / FILE_NAME).read_text()
    marks = content.split()[1:]
    assert token not in content
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    for table in tables:
        rows = room.cluster.execute_sql(f"SELECT t::text FROM vault.{table} t")
        assert not [row for row in rows if any(mark in row[0] for mark in marks)], table
    # Nor does what is left of the order: its messages are delivered and gone.
    assert room.cluster.execute_sql("SELECT count(*) FROM vault.outbox") == [(0,)]
    ordered = lines(room, "vault.honey_ordered")
    assert token not in str(ordered)


def test_marks_outlive_the_process_and_belong_to_one_vault(place: Neighbours, room: Room) -> None:
    place.entered_card()
    plant(place)
    place.restart()
    ((token, payment),) = planted(place, room)
    ask(place, token, payment)
    assert len(lines(room, RELEASED)) == 1
    path = place.folder / FILE_NAME
    assert path.stat().st_mode & 0o077 == 0
    wrapped, mark = path.read_text().split()
    path.write_text(f"{wrapped[:-2]}00\n{mark}\n")
    with pytest.raises(EnvelopeBroken):
        HoneyMarks(place.folder, place.vault.keystore)
    path.write_text(f"{wrapped}\nxyz\n")
    with pytest.raises(KeyStoreError, match=r"honey\.marks"):
        HoneyMarks(place.folder, place.vault.keystore)


def test_an_order_is_planted_once_and_bit_by_bit(place: Neighbours, room: Room) -> None:
    place.entered_card()
    for _ in range(2):
        plant(place, 5, hours=100)
    waiting = room.cluster.execute_sql("SELECT due_at > now() FROM vault.outbox")
    assert len(waiting) + len(planted(place, room)) == 5
    with pytest.raises(Refusal) as caught:
        plant(place, 6, hours=100)
    assert caught.value.code == "key_reused"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": 0}, "number"),
        ({"number": 201}, "number"),
        ({"within_hours": -1}, "within_hours"),
        ({"within_hours": 169}, "within_hours"),
        ({"client_body": "x y"}, "client_body"),
    ],
)
def test_a_bad_order_changes_nothing(
    place: Neighbours, room: Room, changes: dict[str, object], field: str
) -> None:
    place.entered_card()
    good = {"key": "k", "client_body": BODY, "number": 1, "within_hours": 0, "by": "terminal:t"}
    with pytest.raises(Refusal) as caught:
        order_honey(place.vault, PlantHoneyCards(**{**good, **changes}), now())
    assert (caught.value.code, caught.value.field) == ("message_invalid", field)
    assert room.cluster.execute_sql("SELECT count(*) FROM vault.outbox") == [(0,)]


def test_a_body_without_cards_has_nothing_to_resemble(place: Neighbours) -> None:
    with pytest.raises(Refusal) as caught:
        plant(place)
    assert caught.value.code == "nothing_to_resemble"


def mark(place: Neighbours, payment: str) -> None:
    message = MarkHoneyCard(client_body=BODY, payment_id=payment, by="terminal:tester")
    assert mark_honey(place.vault, message, now()) == Taken()


def test_ones_own_test_card_becomes_honey(place: Neighbours, room: Room) -> None:
    number = next(
        f"40009900000000{end:02d}" for end in range(100) if _ends(f"40009900000000{end:02d}")
    )
    card = place.entered_card(purpose="enrolment", number=number)
    place.release(place.sign(place.permit(card)))
    for _ in range(2):
        mark(place, card.payment_id)
    assert len(lines(room, "vault.honey_ordered")) == 1
    assert ask(place, card.card_token, card.payment_id) == number
    assert len(lines(room, RELEASED)) == 1


def _ends(number: str) -> bool:
    return len(number) == 16 and passes_luhn(number)


def test_a_card_that_buys_something_is_never_honey(place: Neighbours) -> None:
    card = place.entered_card(purpose="enrolment", number=NUMBER)
    for payment, code in ((card.payment_id, "card_real"), ("pay_none", "token_unknown")):
        with pytest.raises(Refusal) as caught:
            mark(place, payment)
        assert caught.value.code == code
    assert not place.vault.honey.holds(card.card_token)


def test_the_bell_has_a_limit_an_hour(place: Neighbours) -> None:
    marks, at = place.vault.honey, now()
    for number in range(HONEY_ALARMS_PER_HOUR + 1):
        marks.add(f"card_{number}")
    rung = 0
    for number in range(HONEY_ALARMS_PER_HOUR + 1):
        if marks.rings(f"card_{number}", at):
            marks.told(f"card_{number}", at)
            rung += 1
    assert rung == HONEY_ALARMS_PER_HOUR
    assert marks.rings("card_0", at + timedelta(hours=1))


def test_an_intruder_with_payments_key_who_takes_everything_is_heard(
    place: Neighbours, room: Room
) -> None:
    """The wall: signing key, tables of payments, a seat in card_network. What comes out is what the
    budget lets out, and two bells ring."""
    place.change(default_releases_per_hour=12)
    for _ in range(20):
        place.entered_card(purpose="enrolment")
    plant(place, 6)
    with visible_to(BODY), connection.cursor() as cursor:
        cursor.execute("SELECT token, payment_id FROM card ORDER BY md5(token)")
        booty = cursor.fetchall()
    loot = []
    for token, payment in booty:
        try:
            loot.append(ask(place, token, payment))
        except Refusal as refusal:
            assert refusal.code == "budget_spent"
    assert len(loot) == 12
    assert len(lines(room, "vault.card_released")) == 12
    assert len(lines(room, "alarm.vault.budget_spent")) == 1
    honey = [number for number in loot if number[:6] in HONEY_RANGES]
    told = lines(room, RELEASED)
    assert len(told) == len(honey)
    # Six of 26 are honey: refused or released, asking for each of them rang.
    assert len(told) + len(lines(room, ASKED)) == 6
