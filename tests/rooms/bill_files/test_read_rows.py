"""One row: every value is read as people write it, or refused by field and code."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.bill_files.check_file import check_file
from sekisho.bill_files.errors import ValueRefused
from sekisho.bill_files.read_dates import read_date, read_fiscal_year, read_moment
from sekisho.bill_files.read_values import read_amount, read_number, read_text, read_yes_no
from sekisho.bill_files.sentences import tell
from tests.rooms.bill_files.files import HEADINGS, file_of, reading, with_fields


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-04-01", date(2026, 4, 1)),
        ("2026/4/1", date(2026, 4, 1)),
        ("20260401", date(2026, 4, 1)),
        ("２０２６年４月１日", date(2026, 4, 1)),
        ("令和8年4月1日", date(2026, 4, 1)),
        ("R8.4.1", date(2026, 4, 1)),
        ("r08/04/01", date(2026, 4, 1)),
        ("㋿元年5月1日", date(2019, 5, 1)),
        ("平成31年4月30日", date(2019, 4, 30)),
        ("昭和64年1月7日", date(1989, 1, 7)),
        ("大正15年12月24日", date(1926, 12, 24)),
        ("2028-02-29", date(2028, 2, 29)),
    ],
)
def test_a_date_is_read_as_offices_write_it(text: str, day: date) -> None:
    assert read_date(text) == day


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-02-29", "date_impossible"),
        ("2026-13-01", "date_impossible"),
        ("令和1年4月30日", "era_impossible"),
        ("平成31年5月1日", "era_impossible"),
        ("令和0年5月1日", "era_impossible"),
        ("昭和64年1月8日", "era_impossible"),
        ("1/4/2026", "date_unreadable"),
        ("04-01", "date_unreadable"),
        ("2026-4", "date_unreadable"),
        ("0001-01-01", "date_out_of_bounds"),
        ("9999-12-31", "date_out_of_bounds"),
        ("2" * 100, "date_unreadable"),
        ("", "date_unreadable"),
    ],
)
def test_a_day_that_is_none_is_refused(text: str, code: str) -> None:
    with pytest.raises(ValueRefused) as refused:
        read_date(text)
    assert refused.value.code == code


def test_a_moment_is_tokyo_time_and_a_day_alone_means_its_edge() -> None:
    assert read_moment("2026-04-01 09:30", end_of_day=False) == datetime(
        2026, 4, 1, 0, 30, tzinfo=UTC
    )
    assert read_moment("令和8年4月1日 9時", end_of_day=False) == datetime(2026, 4, 1, tzinfo=UTC)
    assert read_moment("2026-04-01", end_of_day=True) == datetime(
        2026, 4, 1, 14, 59, 59, tzinfo=UTC
    )
    for text in ("2026-04-01 25:00", "2026-04-01 9:75", "soon"):
        with pytest.raises(ValueRefused, match="moment_unreadable"):
            read_moment(text, end_of_day=False)


def test_a_fiscal_year_is_read_in_both_calendars() -> None:
    assert [read_fiscal_year(t) for t in ("2026", "２０２６年度", "令和8", "R8", "令和元年度")] == [
        2026, 2026, 2026, 2026, 2019,
    ]  # fmt: skip
    for text, code in (("26", "year_unreadable"), ("平成99", "era_impossible"), ("1900", "number")):
        with pytest.raises(ValueRefused, match=code):
            read_fiscal_year(text)


@pytest.mark.parametrize(
    "text", ["12345", "12,345", "１２，３４５円", "¥12,345", " 12345 ", "￥12345"]
)
def test_an_amount_is_read_as_offices_write_it(text: str) -> None:
    assert read_amount(text) == 12345


@pytest.mark.parametrize(
    "text", ["12.50", "1,23", "-5", "1e3", "十円", "12 345", "0x10", "", "1,2345", "9" * 5000]
)
def test_an_amount_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueRefused, match="amount_unreadable"):
        read_amount(text)


def test_an_amount_has_bounds() -> None:
    assert read_amount("99,999,999") == 99_999_999
    for text in ("0", "100000000"):
        with pytest.raises(ValueRefused, match="amount_out_of_bounds"):
            read_amount(text)


def test_zeros_that_a_spreadsheet_dropped_are_noticed() -> None:
    assert read_number("００１-234", 6, 6) == "001234"
    with pytest.raises(ValueRefused) as refused:
        read_number("1234", 6, 6)
    assert refused.value.facts == {"found": 4, "wanted": "6"}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("ｺﾃｲｼｻﾝｾﾞｲ", "コテイシサンゼイ"),
        ("か\u3099く", "がく"),
        ("\U00020bb7野町税", "\U00020bb7野町税"),  # beyond the first plane
        ("葛\U000e0100飾税", "葛\U000e0100飾税"),  # a variation selector
        ("\ufa19社税", "\ufa19社税"),  # a compatibility kanji keeps its shape
        ("𠮟咤①㈱", "𠮟咤①㈱"),
    ],
)
def test_every_standard_character_is_kept(text: str, kept: str) -> None:
    assert read_text(text) == kept


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("税\x00金", "characters_invisible"),
        ("税\u202e金", "characters_invisible"),
        ("税\ud842金", "characters_invisible"),
        ("税\ue000金", "characters_private"),
        ("税\uffff金", "characters_private"),
        ("長" * 61, "text_too_long"),
        ("税 4111 1111 1111 1111", "looks_like_card_number"),
        ("４１１１１１１１１１１１１１１１", "looks_like_card_number"),
    ],
)
def test_a_text_that_must_not_be_shown_is_refused(text: str, code: str) -> None:
    with pytest.raises(ValueRefused, match=code):
        read_text(text)


def test_yes_and_no_are_read_and_nothing_else() -> None:
    assert [read_yes_no(t) for t in ("1", "はい", "○", "yes", "0", "", "いいえ")] == [
        True, True, True, True, False, False, False,
    ]  # fmt: skip
    with pytest.raises(ValueRefused):
        read_yes_no("2")


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"payee_number": "9901"}, "payee_number", "wrong_length"),
        ({"payment_number": "12345678901x"}, "payment_number", "not_digits"),
        ({"payment_number": "1.23457E+19"}, "payment_number", "not_digits"),
        ({"confirmation_number": ""}, "confirmation_number", "missing"),
        ({"category_number": "12345678901"}, "category_number", "wrong_length"),
        ({"item_ja": ""}, "item_ja", "missing"),
        ({"item_ja": "固定\u200b資産税"}, "item_ja", "characters_invisible"),
        ({"fiscal_year": "26"}, "fiscal_year", "year_unreadable"),
        ({"amount": "0"}, "amount", "amount_out_of_bounds"),
        ({"first_payable": "2026-06-02"}, "due_date", "days_out_of_order"),
        ({"payable_until": "2026-05-31"}, "payable_until", "days_out_of_order"),
        ({"due_date": "令和8年2月30日"}, "due_date", "date_impossible"),
        ({"withdrawn": "maybe"}, "withdrawn", "yes_no_unreadable"),
        ({"term": "期" * 21}, "term", "text_too_long"),
    ],
)
def test_a_bad_field_is_named_with_its_line_and_what_to_do(
    changes: dict[str, str], field: str, code: str
) -> None:
    good = with_fields(payment_number="1" * 20)
    checked = check_file(file_of(HEADINGS, good, with_fields(**changes)), reading())
    assert [(p.line, p.field, p.code) for p in checked.problems] == [(3, field, code)]
    for language in ("ja", "en"):
        what, to_do = tell(checked.problems[0], language)
        assert what
        assert to_do
        assert "{" not in what


def test_all_faults_of_a_row_are_told_at_once() -> None:
    bad = with_fields(amount="x", due_date="x", item_ja="")
    checked = check_file(file_of(HEADINGS, bad), reading())
    assert {p.field for p in checked.problems} == {"amount", "due_date", "item_ja"}
    assert (checked.rows, checked.bad_rows, checked.problem_count) == (1, 1, 3)


@given(st.dates(min_value=date(1926, 12, 25), max_value=date(2199, 12, 31)))
def test_every_day_reads_back_from_each_way_of_writing(day: date) -> None:
    first, era = next(
        (first, era)
        for era, first in (("令和", 2019), ("平成", 1989), ("昭和", 1926))
        if day >= {2019: date(2019, 5, 1), 1989: date(1989, 1, 8), 1926: date(1926, 12, 25)}[first]
    )
    if day.year - first < 99:
        assert read_date(f"{era}{day.year - first + 1}年{day.month}月{day.day}日") == day
    assert read_date(f"{day.year}/{day.month}/{day.day}") == day
    assert read_date(day.isoformat()) == day


@given(st.text(max_size=80))
def test_no_text_breaks_a_reader(text: str) -> None:
    for reader in (
        read_date,
        read_fiscal_year,
        read_amount,
        read_text,
        read_yes_no,
        lambda t: read_moment(t, end_of_day=True),
        lambda t: read_number(t, 1, 20),
    ):
        try:
            reader(text)
        except ValueRefused as refused:
            assert text not in str(refused) or len(text) < 20
