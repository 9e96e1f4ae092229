"""The site writes and never reads: what its process holds opens no box; its rows show nothing."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from django.conf import settings
from django.test import Client

from sekisho.crossings import payments as p
from sekisho.crossings.sealing import SealBroken, items_purpose, open_sealed
from sekisho.payer_site.records.models import Errand, Visit
from tests.rooms.open_room import Room
from tests.rooms.payer_site.fake_payments import FakePayments
from tests.rooms.payer_site.walk import at, find_bill, send, to_card, to_premium_card


def everything_the_process_holds(room: Room) -> list[bytes]:
    """Bytes that code inside the process could use as a key: its folder, its settings, its site,
    its own rows."""
    held = [path.read_bytes() for path in room.own_folder.rglob("*") if path.is_file()]
    held += [str(value).encode() for value in vars(settings._wrapped).values()]
    held += [settings.SECRET_KEY.encode(), vars(settings.SEKISHO_SITE.sealer)["_public_key"]]
    for row in [*Visit.objects.values(), *Errand.objects.values()]:
        held += [bytes(v) if isinstance(v, memoryview) else str(v).encode() for v in row.values()]
    return held


def test_no_sealed_draft_opens_with_what_the_site_holds(
    premium: FakePayments, browser: Client, room: Room
) -> None:
    to_premium_card(browser)
    box = bytes(Errand.objects.get().sealed)
    purpose = items_purpose("mihon_kiko")
    assert premium.opened(box)["name"] == "見本 太郎"
    tried = 0
    for held in everything_the_process_holds(room):
        for start in range(max(1, min(len(held) - 31, 400))):
            raw = held[start : start + 32]
            if len(raw) == 32:
                tried += 1
                with pytest.raises(SealBroken):
                    key = X25519PrivateKey.from_private_bytes(raw)
                    open_sealed(key, box, purpose=purpose, as_type=dict[str, str])
    assert tried > 50


def test_no_row_holds_a_readable_personal_item(
    premium: FakePayments, browser: Client, room: Room
) -> None:
    to_premium_card(browser)
    dump = b"\n".join(everything_the_process_holds(room))
    for value in ("太郎", "タロウ", "taro@example.jp", "1234-5678", "0312345678", "千代田", "1980"):
        assert value.encode() not in dump
    assert b"20010001" not in dump and b"0001" in dump


def test_the_box_is_gone_when_the_errand_is_done(premium: FakePayments, browser: Client) -> None:
    card = to_premium_card(browser)
    premium.succeed()
    browser.get(at(card, "outcome"))
    assert Errand.objects.get().sealed is None


def test_nothing_is_stored_when_the_crossing_fails(premium: FakePayments, browser: Client) -> None:
    premium.down.add(p.StartEnrolment)
    from tests.rooms.payer_site.walk import PERSON, to_person

    response = send(browser, browser.get(to_person(browser)), "/person", **PERSON)
    assert response.status_code == 503 and Errand.objects.get().sealed is None


def test_cookie_and_handle_are_kept_as_hashes(
    tax: FakePayments, browser: Client, room: Room
) -> None:
    card = to_card(browser)
    token = browser.cookies["sekisho_metropolitan_tax"].value
    dump = b"\n".join(everything_the_process_holds(room))
    assert token.encode() not in dump and card.split("/")[2].encode() not in dump


def test_another_browser_with_the_address_sees_nothing(tax: FakePayments, browser: Client) -> None:
    card = to_card(browser, email="taro@example.jp")
    stranger = Client(enforce_csrf_checks=True)
    find_bill(stranger)
    for page in ("bill", "card", "confirm", "progress", "state", "challenge", "outcome"):
        assert Client().get(at(card, page)).status_code == 410
        assert stranger.get(at(card, page)).status_code == 410


def test_source_and_session_are_keyed_hashes(tax: FakePayments, browser: Client) -> None:
    to_card(browser)
    (asked,) = tax.messages(p.FindBill)
    (started,) = tax.messages(p.StartPayment)
    assert len(asked.source) == len(asked.session) == 64
    assert (asked.source, asked.session) == (started.source, started.session)
    token = browser.cookies["sekisho_metropolitan_tax"].value
    from sekisho.payer_site.keep_visit import digest

    assert asked.session not in (token, digest(token).hex())


def test_a_visit_that_ended_takes_its_errands_along(tax: FakePayments, browser: Client) -> None:
    from datetime import timedelta

    from sekisho.vocabulary.clock import now

    card = to_card(browser, email="taro@example.jp")
    # The runtime role may not lengthen a visit; only the owner can move its end here.
    from tests.rooms.payer_site.conftest import ROOM

    moment: Any = now() - timedelta(minutes=1)
    ROOM.cluster.execute_sql(f'UPDATE "{ROOM.facts.schema}".visit SET ends_at = %s', [moment])
    assert browser.get(card).status_code == 410
    to_card(Client())
    assert Visit.objects.count() == 1 and Errand.objects.count() == 1
