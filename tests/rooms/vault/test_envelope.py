"""A ciphertext opens in its own place and nowhere else."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.vault.envelope import (
    DataKeyPlace,
    ItemPlace,
    Place,
    SubjectKeyPlace,
    associated_data,
    new_key,
    seal,
    unseal,
)
from sekisho.vault.errors import EnvelopeBroken

words = st.text(max_size=8)
numbers = st.integers(min_value=0, max_value=3)
places = st.one_of(
    st.builds(ItemPlace, words, words, words, words, numbers, words),
    st.builds(SubjectKeyPlace, words, words, words, numbers, numbers),
    st.builds(DataKeyPlace, words, words, numbers),
)


@given(clear=st.binary(max_size=300), place=places)
def test_what_was_sealed_opens(clear: bytes, place: Place) -> None:
    key = new_key()
    assert unseal(key, seal(key, clear, place), place) == clear


@given(one=places, other=places)
def test_no_two_places_share_their_data(one: Place, other: Place) -> None:
    same = one == other and type(one) is type(other)
    assert (associated_data(one) == associated_data(other)) == same


@given(one=places, other=places)
def test_a_ciphertext_opens_nowhere_else(one: Place, other: Place) -> None:
    if type(one) is type(other) and one == other:
        return
    key = new_key()
    with pytest.raises(EnvelopeBroken):
        unseal(key, seal(key, b"item", one), other)


@given(at=st.integers(min_value=0, max_value=10_000), bit=st.integers(min_value=0, max_value=7))
def test_a_changed_bit_breaks_it(at: int, bit: int) -> None:
    key, place = new_key(), DataKeyPlace("mihon_to", "kept", 1)
    sealed = bytearray(seal(key, b"an item of some length", place))
    sealed[at % len(sealed)] ^= 1 << bit
    with pytest.raises(EnvelopeBroken):
        unseal(key, bytes(sealed), place)


@given(length=st.integers(min_value=0, max_value=60))
def test_what_is_no_ciphertext_is_broken(length: int) -> None:
    with pytest.raises(EnvelopeBroken):
        unseal(new_key(), os.urandom(length), DataKeyPlace("mihon_to", "kept", 1))


def test_the_same_text_is_never_the_same_ciphertext() -> None:
    key, place = new_key(), DataKeyPlace("mihon_to", "kept", 1)
    assert len({seal(key, b"4111111111111111", place) for _ in range(100)}) == 100
