"""A code lives ten minutes at most, for its payment's card, in memory."""

from __future__ import annotations

import pickle

import pytest

from sekisho.card_secrets import SecurityCode
from sekisho.vault import security_codes
from sekisho.vault.limits import SECURITY_CODE_SECONDS
from sekisho.vault.security_codes import CodesFull, SecurityCodes


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def codes(clock: Clock) -> SecurityCodes:
    return SecurityCodes(clock)


def code(digits: str = "737") -> SecurityCode:
    return SecurityCode.read(digits, brand="visa")


def is_wiped(one: SecurityCode) -> bool:
    try:
        one.clear_text()
    except ValueError:
        return True
    return False


def test_it_is_taken_once_for_its_card(codes: SecurityCodes) -> None:
    codes.hold("pay_1", "card_1", code())
    assert codes.take("pay_1", "card_2") is None
    assert codes.take("pay_2", "card_1") is None
    taken = codes.take("pay_1", "card_1")
    assert taken is not None
    assert taken.clear_text() == "737"
    assert codes.take("pay_1", "card_1") is None
    taken.wipe()
    with pytest.raises(ValueError):
        taken.clear_text()


def test_ten_minutes_end_it(codes: SecurityCodes, clock: Clock) -> None:
    held = code()
    codes.hold("pay_1", "card_1", held)
    clock.seconds = SECURITY_CODE_SECONDS - 1
    assert codes.sweep() == 0
    clock.seconds = SECURITY_CODE_SECONDS
    assert codes.take("pay_1", "card_1") is None
    assert is_wiped(held)


def test_the_sweep_wipes_what_nobody_took(codes: SecurityCodes, clock: Clock) -> None:
    held = code()
    codes.hold("pay_1", "card_1", held)
    clock.seconds = SECURITY_CODE_SECONDS
    assert codes.sweep() == 1
    assert is_wiped(held)
    assert len(codes) == 0


def test_putting_back_gives_no_longer_life(codes: SecurityCodes, clock: Clock) -> None:
    codes.hold("pay_1", "card_1", code())
    clock.seconds = SECURITY_CODE_SECONDS - 1
    taken = codes.take("pay_1", "card_1")
    assert taken is not None
    taken.put_back()
    clock.seconds = SECURITY_CODE_SECONDS
    assert codes.take("pay_1", "card_1") is None


def test_a_code_forgotten_on_its_way_out_does_not_come_back(codes: SecurityCodes) -> None:
    held = code()
    codes.hold("pay_1", "card_1", held)
    taken = codes.take("pay_1", "card_1")
    assert taken is not None
    assert codes.forget("pay_1")
    taken.put_back()
    assert is_wiped(held)
    assert len(codes) == 0


def test_a_new_card_replaces_the_code(codes: SecurityCodes) -> None:
    first, second = code("111"), code("222")
    codes.hold("pay_1", "card_1", first)
    codes.hold("pay_1", "card_2", second)
    assert is_wiped(first)
    assert codes.take("pay_1", "card_1") is None


def test_an_older_code_put_back_does_not_replace_a_newer_one(codes: SecurityCodes) -> None:
    codes.hold("pay_1", "card_1", code("111"))
    taken = codes.take("pay_1", "card_1")
    assert taken is not None
    codes.hold("pay_1", "card_2", code("222"))
    taken.put_back()
    newer = codes.take("pay_1", "card_2")
    assert newer is not None
    assert newer.clear_text() == "222"


def test_there_is_a_bound_and_nobodys_code_is_lost_to_it(
    codes: SecurityCodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security_codes, "MAX_SECURITY_CODES", 2)
    late = code("333")
    codes.hold("pay_1", "card_1", code())
    codes.hold("pay_2", "card_2", code())
    with pytest.raises(CodesFull):
        codes.hold("pay_3", "card_3", late)
    assert is_wiped(late)
    assert codes.take("pay_1", "card_1") is not None


def test_the_end_wipes_all(codes: SecurityCodes) -> None:
    one, out = code(), code()
    codes.hold("pay_1", "card_1", one)
    codes.hold("pay_2", "card_2", out)
    taken = codes.take("pay_2", "card_2")
    assert taken is not None
    codes.wipe_all()
    taken.put_back()
    assert is_wiped(one)
    assert is_wiped(out)


def test_a_code_on_its_way_shows_nothing(codes: SecurityCodes) -> None:
    codes.hold("pay_1", "card_1", code())
    taken = codes.take("pay_1", "card_1")
    assert "737" not in repr(taken)
    with pytest.raises(TypeError):
        pickle.dumps(taken)
