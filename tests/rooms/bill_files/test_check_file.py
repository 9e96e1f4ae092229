"""A whole file: encodings, line ends, headings, repeated rows, and garbage of every kind."""

import io
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.bill_files.check_file import check_file, read_row, rows_of_file
from sekisho.bill_files.errors import FileRefused
from sekisho.bill_files.read_lines import CountingReader
from sekisho.bill_files.sentences import tell
from sekisho.bill_files.write_file import write_bills
from sekisho.crossings.sealing import items_purpose, open_sealed
from tests.rooms.bill_files.files import (
    GOOD,
    HEADINGS,
    POLICY_HEADINGS,
    VAULT_KEY,
    bill_row,
    file_of,
    reading,
    with_fields,
)

HEADINGS_JA = (
    "収納機関番号,納付番号,確認番号,納付区分,税目,税目（英語）,年度,期別,金額,"
    "納付開始日,納期限,納付可能期限,取消"
)


def rows_of(source: Any, **changes: Any) -> list[Any]:
    encoding = check_file(source, reading(**changes)).encoding
    source.seek(0)
    lines = rows_of_file(CountingReader(source), reading(**changes), encoding)
    return [read_row(fields, reading(**changes)) for fields, _ in lines]


@pytest.mark.parametrize("headings", [HEADINGS, HEADINGS_JA, HEADINGS.upper(), HEADINGS + ",,"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_same_bill_is_read_from_every_form_of_the_file(
    headings: str, encoding: str, end: str
) -> None:
    text = headings + end + GOOD + end
    rows = rows_of(io.BytesIO(text.encode(encoding)))
    assert [row.item_ja for row in rows] == ["固定資産税・都市計画税"]
    assert (rows[0].amount_yen, rows[0].fiscal_year, rows[0].line) == (12_500, 2026, 2)


def test_mixed_line_ends_and_empty_lines_keep_the_numbers_of_an_editor() -> None:
    second = with_fields(payment_number="2" * 20)
    third = with_fields(payment_number="3" * 20, amount="x")
    source = io.BytesIO(f"{HEADINGS}\r\n{GOOD}\r\r\n\n{second}\n{third}".encode())
    checked = check_file(source, reading())
    assert (checked.rows, [p.line for p in checked.problems]) == (3, [6])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\n\n  \n", "file_empty"),
        (b"PK\x03\x04rest", "file_is_spreadsheet"),
        (HEADINGS.encode("utf-16"), "file_is_utf16"),
        (HEADINGS.replace(",", "\t").encode(), "separator_wrong"),
        (HEADINGS.replace(",", ";").encode(), "separator_wrong"),
        (HEADINGS.removesuffix(",withdrawn").encode() + b",withdrawm", "headings_unknown"),
        (HEADINGS.encode() + b",amount", "headings_repeated"),
        (HEADINGS.replace("amount,", "").encode(), "headings_missing"),
        (GOOD.encode(), "headings_missing"),
        (HEADINGS.encode() + b"\n" + "税".encode() + "税".encode("cp932"), "encoding_unknown"),
        (b'"' + HEADINGS.encode(), "quote_open"),
        (b"a" * 10_000, "line_too_long"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(content: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as refused:
        check_file(io.BytesIO(content), reading())
    assert refused.value.problem.code == code
    for language in ("ja", "en"):
        assert "{" not in tell(refused.value.problem, language).what


def test_a_file_without_headings_does_not_show_its_first_row() -> None:
    with pytest.raises(FileRefused) as refused:
        check_file(file_of("4111111111111111,5,6"), reading())
    assert "4111" not in str(refused.value.problem)


def test_damaged_utf_8_is_not_taken_for_shift_jis() -> None:
    good = with_fields(item_ja="税金", item_en="X", term="1", payment_number="7" * 20)
    content = f"{HEADINGS}\n{good}\n".encode() + with_fields(item_ja="A", term="@").encode()
    content = content.replace(b"@", b"\x83A")
    assert content.decode("cp932"), "or this shows nothing"
    with pytest.raises(FileRefused) as refused:
        check_file(io.BytesIO(content), reading())
    assert (refused.value.problem.code, refused.value.problem.line) == ("encoding_unknown", 3)


def test_bytes_that_break_a_named_encoding_are_told_by_line_and_field() -> None:
    bad = with_fields(item_ja="税", payment_number="3" * 20).encode("cp932")
    source = io.BytesIO(f"{HEADINGS}\n{GOOD}\n".encode() + bad)
    with pytest.raises(FileRefused) as refused:
        check_file(source, reading())
    assert refused.value.problem.line == 3
    checked = check_file(source, reading(encoding="utf-8"))
    assert [(p.line, p.field, p.code) for p in checked.problems[:1]] == [
        (3, "item_ja", "characters_unreadable")
    ]


def test_half_width_kana_in_shift_jis_are_read() -> None:
    kana = "ｺﾃｲｼｻﾝｾﾞｲﾄｼｹｲｶｸｾﾞｲﾃｲﾃｲﾃｲ"
    rows = rows_of(file_of(HEADINGS, with_fields(item_ja=kana, term="1"), encoding="cp932"))
    assert rows[0].item_ja == "コテイシサンゼイトシケイカクゼイテイテイテイ"


def test_characters_of_jis_x_0213_are_read_when_the_encoding_is_named() -> None:
    source = file_of(HEADINGS, with_fields(item_ja="𠮟る税"), encoding="shift_jis_2004")
    rows = rows_of(source, encoding="shift_jis-2004")
    assert rows[0].item_ja == "𠮟る税"


def test_an_open_quotation_mark_costs_one_line() -> None:
    broken = GOOD.replace("固定", '"固定')
    after = with_fields(payment_number="9" * 20)
    checked = check_file(file_of(HEADINGS, broken, after), reading())
    assert [(p.line, p.field, p.code) for p in checked.problems] == [(2, "(line)", "quote_open")]


def test_lines_too_short_too_wide_and_too_long_are_told() -> None:
    checked = check_file(
        file_of(HEADINGS, "99001,123", GOOD.replace('"12,500"', "12,500"), "x" * 9_000, GOOD),
        reading(),
    )
    assert [(p.line, p.field, p.code) for p in checked.problems] == [
        (2, "confirmation_number", "fields_missing"),
        (3, "(line)", "fields_too_many"),
        (4, "(line)", "line_too_long"),
    ]


def test_a_row_that_stands_twice_is_told_with_the_other_line() -> None:
    checked = check_file(file_of(HEADINGS, GOOD, GOOD), reading())
    assert [(p.line, p.code, p.facts) for p in checked.problems] == [
        (3, "repeated_row", {"other": 2})
    ]
    assert checked.left_out == {3}


def test_of_rows_that_contradict_each_other_none_is_good() -> None:
    other = with_fields(amount="999", payment_number="1２345678901234567890")
    checked = check_file(file_of(HEADINGS, with_fields(), other), reading())
    assert [(p.line, p.code) for p in checked.problems] == [
        (2, "conflicting_rows"),
        (3, "conflicting_rows"),
    ]
    assert checked.left_out == {2, 3}


def test_many_rows_are_told_apart() -> None:
    lines = [with_fields(payment_number=str(10**19 + at)) for at in range(9_000)]
    checked = check_file(file_of(HEADINGS, *lines, lines[8_000]), reading())
    assert [p.facts for p in checked.problems] == [{"other": 8_002}]


def test_a_date_of_birth_leaves_its_row_only_sealed() -> None:
    lines = (
        "00123456,見本団体信用生命保険,48000,４月,昭和40年2月3日",
        "00123457,保険,1,13,2030-01-01",
    )
    source = file_of(POLICY_HEADINGS, *lines)
    checked = check_file(source, reading("policies"))
    assert {(p.line, p.field) for p in checked.problems} == {
        (3, "joined_month"),
        (3, "date_of_birth"),
    }
    row = rows_of(source, kind="policies")[0]
    opened = open_sealed(
        VAULT_KEY, row.box, purpose=items_purpose("mihon_to"), as_type=dict[str, str]
    )
    assert opened == {"date_of_birth": "1965-02-03"}
    assert b"1965" not in row.box
    assert row.joined_month == 4


def test_a_date_of_birth_is_never_shown_in_a_fault() -> None:
    checked = check_file(
        file_of(POLICY_HEADINGS, "00123456,保険,1,4,1965-02-31"), reading("policies")
    )
    shown = repr(checked.problems) + "".join(tell(p, "ja").what for p in checked.problems)
    assert checked.problems
    assert "1965-02" not in shown


texts = st.text(
    st.characters(codec="utf-8", categories=("Lu", "Ll", "Lo", "Nd", "Po", "So")), min_size=1
).filter(lambda text: text == text.strip())


@given(st.lists(st.tuples(st.integers(1, 99_999_999), st.booleans()), max_size=20))
def test_bills_written_are_read_back_the_same(facts: list[tuple[int, bool]]) -> None:
    rows = [
        bill_row(line=at + 2, payment_number=str(10**19 + at), amount_yen=yen, withdrawn=withdrawn)
        for at, (yen, withdrawn) in enumerate(facts)
    ]
    out = io.StringIO()
    write_bills(out, rows)
    assert rows_of(io.BytesIO(out.getvalue().encode())) == rows


@given(texts)
def test_any_text_is_read_back_or_refused_by_name(text: str) -> None:
    out = io.StringIO()
    write_bills(out, [bill_row(item_ja=text)])
    source = io.BytesIO(out.getvalue().encode())
    checked = check_file(source, reading())
    if checked.problems:
        assert {p.field for p in checked.problems} == {"item_ja"}
    else:
        rows = rows_of(source)
        again = io.StringIO()
        write_bills(again, rows)
        assert rows_of(io.BytesIO(again.getvalue().encode())) == rows


def _check(content: bytes, **changes: Any) -> None:
    try:
        checked = check_file(io.BytesIO(content), reading(**changes))
    except FileRefused as refused:
        problems = [refused.problem]
    else:
        problems = checked.problems
        assert bool(checked.bad_rows) == bool(problems)
        assert all(problem.line > 1 for problem in problems)
    for problem in problems:
        assert problem.field
        assert all(tell(problem, language).to_do for language in ("ja", "en"))


@given(st.binary(max_size=400))
def test_garbage_is_refused_and_never_breaks_the_reader(content: bytes) -> None:
    _check(content)
    for encoding in ("utf-8", "cp932", "shift_jis-2004"):
        _check(f"{HEADINGS}\n".encode() + content, encoding=encoding)
    _check(POLICY_HEADINGS.encode() + b"\n" + content, kind="policies")


@given(st.integers(0, 400), st.binary(min_size=1, max_size=6))
def test_a_good_file_with_some_bytes_changed_never_breaks_the_reader(
    at: int, instead: bytes
) -> None:
    content = f"{HEADINGS}\n{GOOD}\n{with_fields(payment_number='5' * 20)}\n".encode()
    _check(content[:at] + instead + content[at + len(instead) :])


class LongFile(io.RawIOBase):
    """A file of many bills that is made while it is read, and so takes no memory itself."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self._rows = rows
        self.seek(0)

    def _pieces(self) -> Iterator[bytes]:
        yield HEADINGS.encode() + b"\n"
        for at in range(self._rows):
            yield with_fields(payment_number=str(10**19 + at)).encode() + b"\n"

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._left, self._ready = self._pieces(), b""
        return 0

    def readinto(self, buffer: Any, /) -> int:
        while not self._ready:
            self._ready = next(self._left, None) or b""
            if not self._ready:
                return 0
        count = min(len(buffer), len(self._ready))
        buffer[:count], self._ready = self._ready[:count], self._ready[count:]
        return count


def test_memory_grows_by_less_than_a_hundred_bytes_a_row() -> None:
    rows = 20_000
    tracemalloc.start()
    checked = check_file(LongFile(rows), reading())  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert checked.rows == rows
    assert peak < 1_500_000 + 100 * rows
