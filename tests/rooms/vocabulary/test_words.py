"""Money, identifiers, digits and days."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.vocabulary.clock import business_date, show_era_year
from sekisho.vocabulary.digits import passes_luhn, read_digits
from sekisho.vocabulary.identifiers import new_id, new_reference, read_reference
from sekisho.vocabulary.money import MAX_AMOUNT_YEN, show_yen, yen

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@given(st.text("0123456789", min_size=1, max_size=40), st.data())
def test_digits_are_read_in_any_spacing_and_width(digits: str, data: st.DataObject) -> None:
    typed = ""
    for digit in digits:
        shown = digit.translate(FULL_WIDTH) if data.draw(st.booleans()) else digit
        typed += shown + data.draw(st.sampled_from(["", " ", "　", "-", "－", "ー"]))
    assert read_digits(typed) == digits


@pytest.mark.parametrize("typed", ["12a4", "①②", "½", "1２x", "〇一二"])
def test_what_is_no_digit_is_named_by_its_place(typed: str) -> None:
    with pytest.raises(ValueError, match="character"):
        read_digits(typed)


@given(st.text("0123456789", min_size=11, max_size=18), st.integers(0, 17))
def test_one_mistyped_digit_fails_luhn(digits: str, place: int) -> None:
    right = next(digits + check for check in "0123456789" if passes_luhn(digits + check))
    at = place % len(right)
    wrong = right[:at] + str((int(right[at]) + 1) % 10) + right[at + 1 :]
    assert passes_luhn(right)
    assert not passes_luhn(wrong)


@pytest.mark.parametrize("value", [-1, MAX_AMOUNT_YEN + 1, 1.0, True, "1"])
def test_what_is_not_a_whole_number_of_yen_in_range_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="amount"):
        yen(value)  # type: ignore[arg-type]


def test_money_is_shown_as_people_write_it() -> None:
    assert (show_yen(1234567), show_yen(1234567, "en")) == ("1,234,567円", "¥1,234,567")


def test_ids_are_ordered_by_time_and_never_repeat() -> None:
    ids = [new_id("pay") for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert [i[:10] for i in ids] == sorted(i[:10] for i in ids)


def test_a_reference_is_read_back_however_it_is_typed() -> None:
    for _ in range(200):
        reference = new_reference()
        typed = reference.lower().replace("-", " ").replace("1", "l").replace("0", "O")
        assert read_reference(typed) == reference


@given(st.integers(0, 11), st.integers(1, 30))
def test_a_mistyped_reference_is_refused(place: int, step: int) -> None:
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    reference = new_reference().replace("-", "")
    digit = alphabet.index(reference[place])
    wrong = alphabet[(digit + step) % 32]
    if (alphabet.index(wrong) - digit) % 31 == 0:
        return
    with pytest.raises(ValueError, match="mistyped"):
        read_reference(reference[:place] + wrong + reference[place + 1 :])


def test_a_business_day_is_tokyos() -> None:
    assert business_date(datetime(2026, 3, 31, 15, 0, tzinfo=UTC)) == date(2026, 4, 1)
    with pytest.raises(ValueError, match="time zone"):
        business_date(datetime(2026, 3, 31))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        (date(2019, 4, 30), "平成31年"),
        (date(2019, 5, 1), "令和元年"),
        (date(2026, 4, 1), "令和8年"),
        (date(1989, 1, 7), "昭和64年"),
    ],
)
def test_era_years_change_on_their_day(day: date, shown: str) -> None:
    assert show_era_year(day) == shown
