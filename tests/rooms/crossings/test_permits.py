"""The table of permits is whole, and a sealed box opens only where and for what it was sealed."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

import sekisho.crossings
from sekisho.crossings import payments, vault
from sekisho.crossings.message import Answer, Crossing
from sekisho.crossings.permits import PERMITS, may_send
from sekisho.crossings.sealing import SealBroken, items_purpose, open_sealed, seal

ABSTRACT = {"Crossing", "Order"}


def _every_message() -> list[type[Crossing[Any]]]:
    found = []
    for module in pkgutil.iter_modules(sekisho.crossings.__path__):
        for value in vars(importlib.import_module(f"sekisho.crossings.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Crossing):
                found.append(value)
    return [message for message in found if message.__name__ not in ABSTRACT]


def test_every_message_has_a_row_a_receiver_and_a_reply() -> None:
    messages = set(_every_message())
    assert messages == set(PERMITS)
    for message in messages:
        assert issubclass(message.reply, Answer), message.__name__
        assert message.receiver


def test_no_two_messages_of_one_receiver_share_a_tag() -> None:
    tags = [(m.receiver, m.__struct_config__.tag) for m in PERMITS]
    assert len(tags) == len(set(tags))


def test_a_payer_site_can_ask_payments_alone() -> None:
    may = {m for m in PERMITS if may_send("payer_site", m)}
    assert {m.receiver for m in may} == {"payments"}


def test_only_the_card_network_can_ask_for_a_release() -> None:
    assert PERMITS[vault.Release] == {"card_network"}


def test_no_answer_but_the_sealed_one_carries_more_of_a_card_than_brand_and_last_four() -> None:
    for message in PERMITS:
        names = {field.name for field in msgspec.structs.fields(message.reply)}
        assert not names & {"number", "card_number", "security_code", "expiry", "expiry_yymm"}


@given(st.dictionaries(st.sampled_from(["email", "name"]), st.text(max_size=50)))
def test_a_box_opens_with_its_key_for_its_purpose_only(items: dict[str, str]) -> None:
    key, other = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    purpose = items_purpose("mihon_to")
    box = seal(key.public_key().public_bytes_raw(), items, purpose=purpose)
    assert open_sealed(key, box, purpose=purpose, as_type=dict[str, str]) == items
    for wrong_key, wrong_purpose in ((other, purpose), (key, items_purpose("mihon_kiko"))):
        with pytest.raises(SealBroken):
            open_sealed(wrong_key, box, purpose=wrong_purpose, as_type=dict[str, str])


@given(st.binary(max_size=300))
def test_what_is_no_box_does_not_open(box: bytes) -> None:
    with pytest.raises(SealBroken):
        open_sealed(X25519PrivateKey.generate(), box, purpose="x", as_type=dict[str, str])


def test_a_released_card_does_not_print_itself() -> None:
    card = vault.ReleasedCard(
        number="4111111111111111", expiry_yymm="3012", cardholder_name=None, security_code="123"
    )
    assert "4111" not in f"{card!r} {card}"


def test_a_message_with_an_unknown_field_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"type": "ShowPayment", "payment_id": "x", "more": 1}, payments.ShowPayment)
