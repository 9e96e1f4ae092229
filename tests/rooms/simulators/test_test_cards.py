"""The table of test cards is right and complete."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from sekisho.card_secrets import brand_of
from sekisho.simulators import test_cards
from sekisho.vocabulary.digits import passes_luhn


def test_every_number_is_a_card_number_of_its_brand() -> None:
    for card in test_cards.describe():
        assert passes_luhn(card.number), card.number
        assert brand_of(card.number) == card.brand, card.number


def test_no_number_is_in_the_table_twice() -> None:
    numbers = [card.number for card in test_cards.describe()]
    assert len(numbers) == len(set(numbers))


def test_every_behaviour_has_a_card_and_every_card_its_words() -> None:
    cards = test_cards.describe()
    assert {card.network for card in cards} == set(get_args(test_cards.NetworkBehaviour))
    assert {card.authentication for card in cards} == set(
        get_args(test_cards.AuthenticationBehaviour)
    )
    assert {card.brand for card in cards} == {"visa", "mastercard", "jcb", "amex", "diners"}
    assert {"51", "05", "41", "43", "54", "N7", "61", "59", "91"} <= {
        card.response_code for card in cards
    }
    assert all(card.what_it_does_ja and card.what_it_does_en for card in cards)


@given(st.integers(0, 10**6), st.sampled_from(["visa", "mastercard", "jcb", "amex", "diners"]))
def test_load_numbers_are_approving_test_cards(serial: int, brand: str) -> None:
    number = test_cards.load_number(serial, brand)
    card = test_cards.find(number)
    assert card is not None
    assert (card.brand, card.network, card.response_code) == (brand, "answer", "00")
    assert brand_of(number) == brand


@given(st.text("0123456789", min_size=12, max_size=19))
def test_any_other_number_is_no_test_card(number: str) -> None:
    known = {card.number for card in test_cards.describe()}
    if number not in known and number[:6] not in test_cards.LOAD_PREFIXES:
        assert test_cards.find(number) is None


def test_the_reference_shows_the_table() -> None:
    reference = Path(__file__).parents[3] / "docs" / "reference" / "test-cards.md"
    rows = [line for line in reference.read_text("utf-8").splitlines() if line[:3] in _ROW_STARTS]
    assert rows == [
        f"| {card.number} | {card.brand} | {card.what_it_does_en} | {card.what_it_does_ja} |"
        for card in test_cards.describe()
    ]


_ROW_STARTS = ("| 3", "| 4", "| 5")
