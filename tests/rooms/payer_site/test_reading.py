"""Pure reading of what people type."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.edge.look.accent import AccentUnreadable, accent_stylesheet, contrast_with_white
from sekisho.payer_site import read_person, read_slip
from sekisho.payer_site.errors import TypedWrong
from sekisho.payer_site.find_address import find_address

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
SPACES = st.text(alphabet=" 　-‐－\t", max_size=3)


@given(st.text(alphabet="0123456789", min_size=14, max_size=20), st.lists(SPACES, min_size=21),
       st.booleans())  # fmt: skip
def test_any_spacing_and_width_reads_the_same(digits: str, gaps: list[str], wide: bool) -> None:
    typed = "".join(digit + gap for digit, gap in zip(digits, gaps, strict=False))
    typed = typed.translate(FULL_WIDTH) if wide else typed
    assert read_slip.read_number("payment_number", typed, (14, 20)) == digits


@given(st.dates(min_value=date(1912, 8, 1), max_value=date(2026, 1, 1)))
def test_era_and_western_dates_agree(day: date) -> None:
    era, (before, _, _) = next(
        (era, facts) for era, facts in read_person.ERAS.items() if facts[1] <= day <= facts[2]
    )
    parts = str(day.month), str(day.day)
    today = date(2026, 11, 23)
    by_era = read_person.read_birth(era, str(day.year - before), *parts, today=today)
    assert by_era == read_person.read_birth("western", str(day.year), *parts, today=today) == day


def test_the_first_year_is_gannen() -> None:
    assert read_person.read_birth("heisei", "元", "1", "8", today=date(2026, 1, 1)) == date(
        1989, 1, 8
    )


@pytest.mark.parametrize(
    "email", ["a@b.jp", "first.last+tag@sub.example.co.jp", "ｔａｒｏ＠ｅｘａｍｐｌｅ．ｊｐ"]
)
def test_good_addresses_are_taken(email: str) -> None:
    assert "@" in read_person.read_email(email)


@pytest.mark.parametrize(
    "email",
    ["", "a", "a@", "@b.jp", "a@b", "a b@c.jp", "a@b..jp", ".a@b.jp", "a@-b.jp", "a@b.jp\nBcc: c",
     "x" * 65 + "@b.jp", "a@" + "b" * 250 + ".jp"],
)  # fmt: skip
def test_bad_addresses_are_refused(email: str) -> None:
    with pytest.raises(TypedWrong):
        read_person.read_email(email)


@pytest.mark.parametrize(
    "name", ["見本 太郎", "𠮷田 花子", "葛󠄀城", "Anne-Marie O'Brien", "佐々木 ゆう"]
)
def test_names_of_all_kinds_are_taken(name: str) -> None:
    assert read_person.read_name(name) == name


@pytest.mark.parametrize("name", ["太郎1", "---", "a\u202eb", "\ue000", "あ" * 101])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(TypedWrong):
        read_person.read_name(name)


@given(st.text(max_size=60))
def test_reading_kana_gives_kana_or_refuses(typed: str) -> None:
    try:
        kana = read_person.read_kana(typed)
    except TypedWrong:
        return
    assert read_person.read_kana(kana) == kana


@pytest.mark.parametrize("phone", ["03-1234-5678", "（090）1234ー5678", "+81 90 1234 5678"])
def test_phones_are_read(phone: str) -> None:
    assert read_person.read_phone(phone).startswith("0")


@pytest.mark.parametrize("phone", ["110", "1234567890", "090-1234-567x", "+1 212 555 0100"])
def test_what_is_no_japanese_phone_is_refused(phone: str) -> None:
    with pytest.raises(TypedWrong):
        read_person.read_phone(phone)


def test_addresses_are_found_as_far_as_the_code_tells() -> None:
    assert find_address("1000001") == "東京都千代田区千代田"
    assert find_address("0600000") == "北海道札幌市中央区"
    assert find_address("1008926") == "東京都千代田区霞が関2丁目1-2"
    assert find_address("9999999") is None


@given(st.integers(0, 0xFFFFFF))
def test_an_accent_is_readable_or_refused(number: int) -> None:
    colour = f"#{number:06x}"
    try:
        sheet = accent_stylesheet(colour)
    except AccentUnreadable:
        assert contrast_with_white(colour) < 4.5
        return
    assert contrast_with_white(colour) >= 4.5 and colour.encode() in sheet
