"""A card leaves on a good permit alone, once, counted, and after its line of evidence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sekisho.crossings.message import Refusal
from sekisho.crossings.vault import ForgetCard, ForgetSecurityCode, Release, SignedPermit
from sekisho.vault.forget import forget_card, forget_security_code
from sekisho.vault.records.visibility import visible_to
from sekisho.vault.release_items import release_card
from sekisho.vocabulary.clock import now
from tests.rooms.open_room import Room
from tests.rooms.vault.neighbours import (
    BODY,
    CODE,
    NUMBER,
    OTHER_BODY,
    SITES,
    Neighbours,
)


def lines(room: Room, kind: str) -> list[str]:
    return [
        row[0]
        for row in room.cluster.execute_sql(
            "SELECT facts FROM evidence.line WHERE kind = %s ORDER BY id", [kind]
        )
    ]


def refused(place: Neighbours, signed: SignedPermit, **more: Any) -> str:
    with pytest.raises(Refusal) as caught:
        place.release(signed, **more)
    return caught.value.code


def test_a_good_permit_releases_the_card_with_its_code(
    either_place: Neighbours, room: Room
) -> None:
    place = either_place
    card = place.entered_card()
    first = place.release(
        place.sign(place.permit(card, purpose="authenticate", with_security_code=False))
    )
    assert (first.number, first.expiry_yymm) == (NUMBER, "2908")
    assert first.cardholder_name == "TARO MIHON"
    assert first.security_code is None
    second = place.release(place.sign(place.permit(card)))
    assert (second.number, second.security_code) == (NUMBER, CODE)
    assert second.cardholder_name is None
    assert len(place.vault.codes) == 0
    told = lines(room, "vault.card_released")
    assert len(told) == 2
    assert all(NUMBER not in line and CODE + '"' not in line for line in told)


def test_a_permit_is_good_once(place: Neighbours, room: Room) -> None:
    card = place.entered_card()
    signed = place.sign(place.permit(card, with_security_code=False))
    place.release(signed)
    assert refused(place, signed) == "permit_spent"
    assert len(lines(room, "vault.card_released")) == 1
    assert len(lines(room, "vault.release_refused")) == 1


def test_a_permit_that_payments_did_not_sign_is_forged(place: Neighbours, room: Room) -> None:
    card = place.entered_card()
    permit = place.permit(card)
    assert refused(place, place.sign(permit, Ed25519PrivateKey.generate())) == "permit_forged"
    good = place.sign(permit)
    for change in (
        {"payment_id": "pay_other"},
        {"with_security_code": False},
        {"expires_at": permit.expires_at + timedelta(seconds=1)},
        {"client_body": OTHER_BODY},
    ):
        changed = SignedPermit(
            permit=place.permit(card, **{**_facts(permit), **change}), signature=good.signature
        )
        assert refused(place, changed) == "permit_forged"
    assert lines(room, "vault.card_released") == []
    assert all(card.card_token not in line for line in lines(room, "vault.release_refused"))


def _facts(permit: Any) -> dict[str, Any]:
    return {name: getattr(permit, name) for name in permit.__struct_fields__}


def test_permits_that_do_not_fit_are_refused(place: Neighbours) -> None:
    card, other = place.entered_card(), place.entered_card()
    stranger = X25519PrivateKey.generate().public_key().public_bytes_raw()
    for changes, code in (
        ({"receiver_key": stranger}, "permit_foreign"),
        ({"payment_id": other.payment_id}, "permit_foreign"),
        ({"client_body": OTHER_BODY}, "token_unknown"),
        ({"card_token": "card_none"}, "token_unknown"),
        ({"purpose": "authenticate"}, "permit_foreign"),
        ({"at": now() - timedelta(minutes=6)}, "permit_expired"),
        ({"at": now() + timedelta(minutes=1)}, "permit_expired"),
        ({"expires_at": now() + timedelta(days=1)}, "permit_expired"),
        ({"card_token": "4111 1111 1111 1111"}, "message_invalid"),
    ):
        assert refused(place, place.sign(place.permit(card, **changes))) == code, changes
    # None of these cost the card anything: the right permit still works, code and all.
    assert place.release(place.sign(place.permit(card))).security_code == CODE


def test_only_card_network_may_ask(place: Neighbours) -> None:
    card = place.entered_card()
    message = Release(signed_permit=place.sign(place.permit(card)))
    for caller in ("payments", "payer_site", "console"):
        with pytest.raises(Refusal) as caught:
            release_card(place.vault, caller, message, now())
        assert caught.value.code == "permit_foreign"


def test_the_budget_stops_a_bulk_read(place: Neighbours, room: Room) -> None:
    place.change(default_releases_per_hour=3)
    cards = [place.entered_card() for _ in range(4)]
    for card in cards[:3]:
        place.release(place.sign(place.permit(card)))
    late = place.sign(place.permit(cards[3]))
    assert refused(place, late) == "budget_spent"
    assert len(lines(room, "vault.card_released")) == 3
    # The permit was not spent and the code not lost: it is good again in the next hour.
    with place_at_next_hour(place, cards[3]) as (signed, at):
        assert place.release(signed, at=at).security_code == CODE


def place_at_next_hour(place: Neighbours, card: Any) -> Any:
    from contextlib import nullcontext

    at = now() + timedelta(hours=1)
    return nullcontext((place.sign(place.permit(card, at=at)), at))


def test_the_budget_of_all_bodies_together_holds(place: Neighbours) -> None:
    place.change(all_releases_per_hour=2)
    card = place.entered_card()
    premium = SITES["group_life_premium"]
    other = place.entered_card(
        client_body=OTHER_BODY,
        site="group_life_premium",
        parent_origin=premium,
        return_url=f"{premium}/x",
    )
    place.release(place.sign(place.permit(card)))
    place.release(place.sign(place.permit(other, client_body=OTHER_BODY)))
    last = place.permit(card, purpose="authenticate", with_security_code=False)
    assert refused(place, place.sign(last)) == "budget_spent"


def test_a_code_is_released_once(place: Neighbours) -> None:
    card = place.entered_card()
    place.release(place.sign(place.permit(card)))
    assert refused(place, place.sign(place.permit(card))) == "code_gone"
    again = place.release(place.sign(place.permit(card, with_security_code=False)))
    assert again.security_code is None


def test_a_code_is_gone_after_a_restart(place: Neighbours) -> None:
    card = place.entered_card()
    place.restart()
    assert refused(place, place.sign(place.permit(card))) == "code_gone"


def test_a_code_is_gone_when_payments_says_so(place: Neighbours) -> None:
    card = place.entered_card()
    for _ in range(2):
        forget_security_code(place.vault, ForgetSecurityCode(payment_id=card.payment_id))
    assert refused(place, place.sign(place.permit(card))) == "code_gone"


def test_an_authorisation_without_code_ends_the_code_too(place: Neighbours) -> None:
    card = place.entered_card()
    place.release(place.sign(place.permit(card, with_security_code=False)))
    assert len(place.vault.codes) == 0


def test_a_kept_card_serves_later_charges_without_code(place: Neighbours) -> None:
    card = place.entered_card(purpose="enrolment")
    later = place.permit(card, payment_id="pay_next_year", with_security_code=False)
    assert place.release(place.sign(later)).number == NUMBER
    for changes in (
        {"with_security_code": True},
        {"purpose": "authenticate", "with_security_code": False},
    ):
        permit = place.permit(card, payment_id="pay_next_year", **changes)
        code = refused(place, place.sign(permit))
        assert code == "permit_foreign"


def test_a_one_off_card_serves_its_own_payment_alone(place: Neighbours) -> None:
    card = place.entered_card()
    later = place.permit(card, payment_id="pay_next_year", with_security_code=False)
    assert refused(place, place.sign(later)) == "permit_foreign"


def test_a_forgotten_card_is_gone(place: Neighbours, room: Room) -> None:
    card = place.entered_card()
    message = ForgetCard(payment_id=card.payment_id, card_token=card.card_token, reason="settled")
    for _ in range(2):
        forget_card(place.vault, message, now())
    permit = place.permit(card, with_security_code=False)
    assert refused(place, place.sign(permit)) == "token_unknown"
    assert len(lines(room, "vault.card_forgotten")) == 1
    assert room.cluster.execute_sql("SELECT count(*) FROM vault.item") == [(0,)]
    kept = room.cluster.execute_sql("SELECT wrapped_key FROM vault.subject")
    assert kept == [(None,)]


def test_a_settled_payment_leaves_a_kept_card(place: Neighbours) -> None:
    card = place.entered_card(purpose="enrolment")
    settled = ForgetCard(payment_id=card.payment_id, card_token=card.card_token, reason="settled")
    forget_card(place.vault, settled, now())
    assert place.release(place.sign(place.permit(card, with_security_code=False))).number == NUMBER


def test_a_replaced_card_leaves_the_new_cards_code(place: Neighbours) -> None:
    old, new = place.entered_card("pay_1"), place.entered_card("pay_1", number="5555555555554444")
    replaced = ForgetCard(payment_id="pay_1", card_token=old.card_token, reason="replaced")
    forget_card(place.vault, replaced, now())
    permit = place.permit(old, with_security_code=False)
    assert refused(place, place.sign(permit)) == "token_unknown"
    assert place.release(place.sign(place.permit(new))).security_code == CODE


def test_a_payment_that_ended_leaves_nothing(place: Neighbours, room: Room) -> None:
    card = place.entered_card("pay_1", purpose="enrolment")
    path = place.open_form("pay_1")
    ended = ForgetCard(payment_id="pay_1", card_token=None, reason="ended")
    forget_card(place.vault, ended, now())
    assert place.enter(path).status_code == 410
    assert room.cluster.execute_sql("SELECT count(*) FROM vault.item") == [(0,)]
    permit = place.permit(card, with_security_code=False)
    assert refused(place, place.sign(permit)) == "token_unknown"
    assert len(place.vault.codes) == 0


def test_a_payment_forgets_no_other_payments_card(place: Neighbours) -> None:
    card, other = place.entered_card(), place.entered_card()
    for payment in (other.payment_id, "pay_never_seen"):
        with pytest.raises(Refusal) as caught:
            forget_card(
                place.vault,
                ForgetCard(payment_id=payment, card_token=card.card_token, reason="ended"),
                now(),
            )
        assert caught.value.code == "token_unknown"
    assert place.release(place.sign(place.permit(card))).number == NUMBER


def test_the_line_of_evidence_stands_before_anything_is_opened(
    place: Neighbours, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sekisho.vault import release_items

    card = place.entered_card()
    seen: list[int] = []

    def look_then_fail(*_: Any, **__: Any) -> str:
        seen.append(len(lines(room, "vault.card_released")))
        raise RuntimeError("cut off while opening")

    monkeypatch.setattr(release_items, "open_item", look_then_fail)
    with pytest.raises(RuntimeError):
        place.release(place.sign(place.permit(card)))
    assert seen == [1]
    assert len(place.vault.codes) == 0


def test_a_connection_that_died_costs_no_release(place: Neighbours, room: Room) -> None:
    card = place.entered_card()
    for _ in range(2):
        place.release(place.sign(place.permit(card, with_security_code=False)))
        room.cluster.execute_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'vault'"
        )
    assert len(lines(room, "vault.card_released")) == 2


def test_nothing_is_opened_inside_somebody_elses_transaction(place: Neighbours) -> None:
    """Its commit would come after the card has left."""
    card = place.entered_card()
    with visible_to(BODY), pytest.raises(RuntimeError, match="outside of a transaction"):
        place.release(place.sign(place.permit(card)))


def test_no_evidence_no_release(place: Neighbours, room: Room) -> None:
    card = place.entered_card()
    signed = place.sign(place.permit(card))
    with room.cluster.superuser_connection() as database:
        database.execute(
            "ALTER TABLE evidence.line ADD CONSTRAINT full_disk CHECK (false) NOT VALID"
        )
    try:
        with pytest.raises(psycopg.Error, match="full_disk"):
            place.release(signed)
    finally:
        with room.cluster.superuser_connection() as database:
            database.execute("ALTER TABLE evidence.line DROP CONSTRAINT full_disk")
    assert place.release(signed).security_code == CODE


def test_rewriting_rows_gives_no_other_payments_card(place: Neighbours, room: Room) -> None:
    """A stolen database role that writes rows as it likes, with a signed permit of its own."""
    victim, mine = place.entered_card(number="5555555555554444"), place.entered_card()
    permit = place.permit(mine, with_security_code=False)
    for change in (
        "UPDATE vault.card SET payment_id = %(mine)s WHERE token = %(victim)s",
        "UPDATE vault.card SET kept = true WHERE token = %(victim)s",
    ):
        with room.cluster.superuser_connection() as database:
            database.execute(change, {"mine": mine.payment_id, "victim": victim.card_token})
        turned = place.permit(mine, card_token=victim.card_token, with_security_code=False)
        assert refused(place, place.sign(turned)) == "token_unknown"
    assert place.release(place.sign(permit)).number == NUMBER
    assert permit.client_body == BODY
