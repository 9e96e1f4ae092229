"""What the database itself holds: who sees which rows, what can't be undone, what has no place."""

from __future__ import annotations

import itertools

import psycopg
import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from sekisho.crossings.vault import ItemKind
from sekisho.vault.errors import EnvelopeBroken, KeyDestroyed
from sekisho.vault.forget import forget_subject
from sekisho.vault.records.models import Card, DataKey, Item, Subject
from sekisho.vault.records.visibility import client_bodies, visible_to
from sekisho.vault.records.walls import SCOPED_TABLES
from sekisho.vault.sealed_items import card_binding, open_item
from sekisho.vocabulary.clock import now
from tests.rooms.open_room import Room
from tests.rooms.vault.neighbours import BODY, OTHER_BODY, OTHER_NUMBER, SITES, Neighbours
from tests.rooms.vault.test_store_items import PERSON, compare, store


def fill(place: Neighbours) -> None:
    """Rows of two client bodies in every table that has bodies."""
    store(place, PERSON, key="a")
    box = place.box(PERSON, OTHER_BODY)
    store(place, {}, key="b", client_body=OTHER_BODY, box=box)
    place.entered_card()
    premium = SITES["group_life_premium"]
    place.entered_card(
        purpose="enrolment",
        number=OTHER_NUMBER,
        client_body=OTHER_BODY,
        site="group_life_premium",
        parent_origin=premium,
        return_url=f"{premium}/x",
    )


def test_without_a_client_body_nothing_is_seen(place: Neighbours) -> None:
    fill(place)
    with connection.cursor() as cursor:
        for table in SCOPED_TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() == (0,), table


def test_a_transaction_sees_its_own_body_alone(place: Neighbours) -> None:
    fill(place)
    for body in (BODY, OTHER_BODY):
        with visible_to(body), connection.cursor() as cursor:
            for table in ("data_key", "subject", "item", "card", "card_form", "stored_key"):
                cursor.execute(f"SELECT DISTINCT client_body FROM {table}")
                assert cursor.fetchall() == [(body,)], table
    assert client_bodies() == sorted([BODY, OTHER_BODY])


def test_a_row_is_written_for_the_named_body_alone(place: Neighbours) -> None:
    with pytest.raises(DatabaseError, match="row-level security"), visible_to(BODY):
        Subject.objects.create(
            token="sub_x", client_body=OTHER_BODY, use="kept", data_key_version=1, made_at=now()
        )


def test_a_transaction_works_for_one_body(place: Neighbours) -> None:
    with visible_to(BODY):
        with visible_to(BODY):
            pass
        with pytest.raises(ValueError), visible_to(OTHER_BODY):
            pass
    for name in ("", "*"):
        with pytest.raises(ValueError), visible_to(name):
            pass


def test_every_table_with_a_client_body_is_scoped(room: Room) -> None:
    with_body = {
        model._meta.db_table
        for model in apps.get_app_config("vault").get_models()
        if any(field.name == "client_body" for field in model._meta.fields)
    }
    assert with_body == set(SCOPED_TABLES)
    rows = room.cluster.execute_sql(
        "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE nspname = 'vault' AND relkind = 'r' AND relrowsecurity"
    )
    assert {row[0] for row in rows} == with_body


def test_the_runtime_role_can_undo_nothing(place: Neighbours) -> None:
    fill(place)
    birth = store(place, PERSON, key="birth").tokens["date_of_birth"]
    compare(place, birth, "1970-01-31")
    card = place.payments.entered[0]
    place.release(place.sign(place.permit(card)))
    for statement in (
        "DELETE FROM spent_permit",
        "UPDATE spent_permit SET permit_id = 'x'",
        "DELETE FROM release_budget",
        "UPDATE release_budget SET released = 0",
        "UPDATE release_budget SET hour = hour - interval '1 hour'",
        "UPDATE match_budget SET tried = 0",
        "UPDATE card SET payment_id = 'pay_x'",
        "UPDATE card SET kept = true",
        "DELETE FROM card",
        "DELETE FROM subject",
        "DELETE FROM data_key",
        "UPDATE item SET sealed = 'x'",
        "UPDATE card_form SET state = 'open'",
        "UPDATE card_form SET return_url = 'x'",
        "TRUNCATE item",
        "ALTER TABLE item DISABLE ROW LEVEL SECURITY",
        "SET ROLE vault_owner",
        "DELETE FROM evidence.line",
    ):
        with pytest.raises(DatabaseError), visible_to(BODY), connection.cursor() as cursor:
            cursor.execute(statement)
            if cursor.rowcount == 0:
                raise AssertionError(f"{statement}: no row to try it on")


def test_a_budget_only_counts_up(place: Neighbours, room: Room) -> None:
    card = place.entered_card()
    place.release(place.sign(place.permit(card)))
    with pytest.raises(psycopg.Error, match="only counts up"):
        room.cluster.execute_sql("UPDATE vault.release_budget SET released = 0")


def test_a_forgotten_subject_stays_forgotten(place: Neighbours, room: Room) -> None:
    stored = store(place, PERSON)
    with visible_to(BODY):
        before = bytes(Subject.objects.get(token=stored.subject).wrapped_key or b"")
        forget_subject(stored.subject, now())
        row = Subject.objects.get(token=stored.subject)
        with pytest.raises(KeyDestroyed):
            place.vault.keyring.open_subject(row)
    with pytest.raises(DatabaseError, match="does not come back"), visible_to(BODY):
        Subject.objects.filter(token=stored.subject).update(wrapped_key=before)
    assert room.cluster.execute_sql("SELECT count(*) FROM vault.item") == [(0,)]


def test_a_security_code_has_no_place(room: Room) -> None:
    """PCI DSS 3.3.1: no column is for it, no kind of item is it, the database refuses one."""
    for model in apps.get_app_config("vault").get_models():
        for field in model._meta.fields:
            assert not any(
                word in field.name for word in ("cvv", "cvc", "csc", "security_code", "secret")
            ), field
            if isinstance(field, models.CharField):
                assert field.name != "code"
    assert "security_code" not in ItemKind.__args__  # type: ignore[attr-defined]
    rows = room.cluster.execute_sql(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'item_kind'"
    )
    assert "security_code" not in rows[0][0]
    for kind in ItemKind.__args__:  # type: ignore[attr-defined]
        assert f"'{kind}'" in rows[0][0]


def test_the_database_refuses_an_item_of_another_kind(place: Neighbours) -> None:
    stored = store(place, PERSON)
    with pytest.raises(DatabaseError, match="item_kind"), visible_to(BODY):
        Item.objects.create(
            token="itm_x",
            subject_id=stored.subject,
            client_body=BODY,
            kind="security_code",
            sealed=b"x",
            fingerprint=b"x",
            made_at=now(),
        )


# --- swapping what is sealed -----------------------------------------------------------------


def opened(place: Neighbours, item: Item) -> str:
    card = Card.objects.filter(subject=item.subject).first()
    bound_to = card_binding(card.payment_id, kept=card.kept) if card else ""
    subject = place.vault.keyring.open_subject(item.subject)
    return open_item(item, subject, bound_to=bound_to)


def swap(room: Room, table: str, key: str, column: str, one: str, other: str) -> None:
    with room.cluster.superuser_connection() as database:
        database.execute(
            f"UPDATE vault.{table} t SET {column} = o.{column} FROM vault.{table} o"
            f" WHERE (t.{key} = %(one)s AND o.{key} = %(other)s)"
            f" OR (t.{key} = %(other)s AND o.{key} = %(one)s)",
            {"one": one, "other": other},
        )


def test_any_two_items_swapped_do_not_open(place: Neighbours, room: Room) -> None:
    store(place, PERSON, key="a")
    store(place, PERSON, key="c")
    place.entered_card()
    place.entered_card(number=OTHER_NUMBER)
    with visible_to(BODY):
        tokens = list(Item.objects.values_list("token", flat=True))
        for token in tokens:
            opened(place, Item.objects.select_related("subject").get(token=token))
    for one, other in itertools.combinations(tokens, 2):
        swap(room, "item", "token", "sealed", one, other)
        with visible_to(BODY):
            for token in (one, other):
                item = Item.objects.select_related("subject").get(token=token)
                with pytest.raises(EnvelopeBroken):
                    opened(place, item)
        swap(room, "item", "token", "sealed", one, other)


def test_any_two_subject_keys_swapped_do_not_open(place: Neighbours, room: Room) -> None:
    fill(place)
    store(place, PERSON, key="more")
    place.entered_card()
    rows = room.cluster.execute_sql("SELECT token, client_body FROM vault.subject")
    for (one, body), (other, other_body) in itertools.combinations(rows, 2):
        swap(room, "subject", "token", "wrapped_key", one, other)
        for token, client_body in ((one, body), (other, other_body)):
            with visible_to(client_body), pytest.raises(EnvelopeBroken):
                place.vault.keyring.open_subject(Subject.objects.get(token=token))
        swap(room, "subject", "token", "wrapped_key", one, other)


def test_any_two_data_keys_swapped_do_not_open(place: Neighbours, room: Room) -> None:
    fill(place)
    rows = room.cluster.execute_sql("SELECT id FROM vault.data_key")
    assert len(rows) >= 5
    for (one,), (other,) in itertools.combinations(rows, 2):
        with room.cluster.superuser_connection() as database:
            kept = database.execute(
                "SELECT id, wrapped, wrapped_by FROM vault.data_key WHERE id IN (%s, %s)",
                [one, other],
            ).fetchall()
        swap(room, "data_key", "id", "wrapped", one, other)
        swap(room, "data_key", "id", "wrapped_by", one, other)
        place.restart()
        for body in (BODY, OTHER_BODY):
            with visible_to(body):
                for row in DataKey.objects.filter(id__in=[one, other]):
                    from sekisho.vault.envelope import DataKeyPlace

                    with pytest.raises(EnvelopeBroken):
                        where = DataKeyPlace(row.client_body, row.use, row.version)
                        place.vault.keyring.data_key(where)
        with room.cluster.superuser_connection() as database:
            for row_id, wrapped, wrapped_by in kept:
                database.execute(
                    "UPDATE vault.data_key SET wrapped = %s, wrapped_by = %s WHERE id = %s",
                    [wrapped, wrapped_by, row_id],
                )


def test_an_item_moved_to_another_subject_or_kind_does_not_open(
    place: Neighbours, room: Room
) -> None:
    first, second = store(place, PERSON, key="a"), store(place, PERSON, key="c")
    token = first.tokens["email"]
    for change, back in (
        (f"subject_id = '{second.subject}'", f"subject_id = '{first.subject}'"),
        ("kind = 'phone'", "kind = 'email'"),
    ):
        with room.cluster.superuser_connection() as database:
            database.execute(f"UPDATE vault.item SET {change} WHERE token = %s", [token])
        with visible_to(BODY), pytest.raises(EnvelopeBroken):
            opened(place, Item.objects.select_related("subject").get(token=token))
        with room.cluster.superuser_connection() as database:
            database.execute(f"UPDATE vault.item SET {back} WHERE token = %s", [token])
    with visible_to(BODY):
        assert opened(place, Item.objects.select_related("subject").get(token=token))


def test_a_stolen_database_without_the_key_store_opens_nothing(place: Neighbours) -> None:
    from sekisho.vault.keyring import Keyring
    from sekisho.vault.keystore import open_keystore

    stored = store(place, PERSON)
    thief = Keyring(open_keystore(place.folder / "thief", {}))
    with visible_to(BODY), pytest.raises(EnvelopeBroken):
        thief.open_subject(Subject.objects.get(token=stored.subject))
    assert transaction.get_connection().in_atomic_block is False
