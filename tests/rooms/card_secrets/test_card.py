"""Card values read what people type, and refuse to show it."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.card_secrets import CardExpiry, CardNumber, SecurityCode, brand_of
from sekisho.card_secrets.card import _Secret

NUMBER, CODE = "4111111111111111", "9173"
TODAY = date(2026, 11, 23)


def secrets() -> list[_Secret]:
    return [
        CardNumber.read(NUMBER),
        SecurityCode.read(CODE, brand="amex"),
        CardExpiry.read("08", "29", today=TODAY),
    ]


def clear(secret: _Secret) -> str:
    return secret.clear_text()


@pytest.mark.parametrize("secret", secrets(), ids=lambda one: type(one).__name__)
def test_no_way_of_showing_shows_it(secret: _Secret, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").error("value %s %r", secret, secret)
    logging.getLogger("test").error("{} {!r} {:>20}".format(*[secret] * 3))  # noqa: G001
    holder = {"card": [secret]}
    for shown in (str(secret), repr(secret), f"{secret:x>30}", repr(holder), "%s" % secret):  # noqa: UP031
        assert clear(secret) not in shown
    assert clear(secret) not in caplog.text


@pytest.mark.parametrize("secret", secrets(), ids=lambda one: type(one).__name__)
def test_no_way_of_carrying_carries_it(secret: _Secret) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError):
            pickle.dumps(secret, protocol)
    for carry in (copy.copy, copy.deepcopy, json.dumps, msgspec.json.encode, hash):
        with pytest.raises(TypeError):
            carry(secret)
    with pytest.raises((TypeError, AttributeError)):
        vars(secret)


@pytest.mark.parametrize("secret", secrets(), ids=lambda one: type(one).__name__)
def test_a_wiped_value_is_gone(secret: _Secret) -> None:
    buffer = secret._clear
    secret.wipe()
    secret.wipe()
    assert not buffer
    with pytest.raises(ValueError):
        secret.clear_text()


def test_two_of_one_number_are_equal_and_a_code_is_no_number() -> None:
    assert CardNumber.read(NUMBER) == CardNumber.read("4111 1111 1111 1111")
    assert CardNumber.read(NUMBER) != CardNumber.read("5555555555554444")
    assert CardNumber.read(NUMBER) != NUMBER


@given(st.text(max_size=40))
def test_an_error_never_holds_what_was_typed(typed: str) -> None:
    for read in (
        lambda: CardNumber.read(typed),
        lambda: SecurityCode.read(typed, brand="visa"),
        lambda: CardExpiry.read(typed, typed, today=TODAY),
    ):
        try:
            read()
        except ValueError as error:
            assert str(error) in {
                "not_digits", "length", "check_digit", "month", "year", "past",
            }  # fmt: skip
            told = "".join(traceback.format_exception(error, chain=True))
            assert error.__cause__ is None
            assert len(typed) < 12 or typed not in told


def test_the_trace_of_a_refused_number_does_not_hold_it() -> None:
    typed = "4111 1111 1111 1112"
    try:
        CardNumber.read(typed)
    except ValueError as error:
        assert typed not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        ("4111111111111111", "visa"),
        ("4222222222222", "visa"),
        ("5555555555554444", "mastercard"),
        ("2223003122003222", "mastercard"),
        ("2720992222222222", "mastercard"),
        ("2721000000000000", "unknown"),
        ("3530111333300000", "jcb"),
        ("378282246310005", "amex"),
        ("371449635398431", "amex"),
        ("30569309025904", "diners"),
        ("36006666333344", "diners"),
        ("6011111111111117", "unknown"),
        ("411111111111", "unknown"),
    ],
)
def test_the_brand_is_known_by_prefix_and_length(number: str, brand: str) -> None:
    assert brand_of(number) == brand


def test_what_may_be_shown_of_a_number() -> None:
    number = CardNumber.read(NUMBER)
    assert (number.last_four, number.issuer_bin) == ("1111", "41111111")
    assert CardNumber.read("378282246310005").issuer_bin == "378282"
    assert str(number) == "************1111"


@pytest.mark.parametrize(
    ("month", "year", "kept"),
    [("8", "29", "2908"), ("08", "2029", "2908"), ("１１", "２６", "2611"), ("12", "46", "4612")],
)
def test_an_expiry_is_read(month: str, year: str, kept: str) -> None:
    assert CardExpiry.read(month, year, today=TODAY).clear_text() == kept


@pytest.mark.parametrize(
    ("month", "year", "fault"),
    [
        ("10", "26", "past"),
        ("13", "29", "month"),
        ("0", "29", "month"),
        ("8", "47", "year"),
        ("8", "1999", "year"),
        ("x", "29", "not_digits"),
        ("", "", "not_digits"),
    ],
)
def test_a_wrong_expiry_says_why(month: str, year: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        CardExpiry.read(month, year, today=TODAY)


@pytest.mark.parametrize(("brand", "digits"), [("visa", 3), ("amex", 4), ("jcb", 3)])
def test_a_code_has_its_brands_length(brand: str, digits: int) -> None:
    assert SecurityCode.read("1" * digits, brand=brand).clear_text() == "1" * digits
    for length in {2, 3, 4, 5} - {digits}:
        with pytest.raises(ValueError, match="length"):
            SecurityCode.read("1" * length, brand=brand)
