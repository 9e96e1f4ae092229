"""Dates as client bodies write them: ISO, slashes, eight digits, and the Japanese eras."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time

from sekisho.bill_files.errors import ValueRefused
from sekisho.vocabulary.clock import TOKYO

MAX_DATE_CHARACTERS = 40
"""Longest text read as a date, in characters."""

EARLIEST_YEAR, LATEST_YEAR = 1868, 2199

_ERAS = (
    ("令和", "R", date(2019, 5, 1), None),
    ("平成", "H", date(1989, 1, 8), date(2019, 4, 30)),
    ("昭和", "S", date(1926, 12, 25), date(1989, 1, 7)),
    ("大正", "T", date(1912, 7, 30), date(1926, 12, 24)),
    ("明治", "M", date(1868, 10, 23), date(1912, 7, 29)),
)
"""Name, letter, first and last day. Meiji before 1873 counted by another calendar; nobody living
was born then, and its first day here only bounds the arithmetic."""

_BY_SIGN = {sign: era for era in _ERAS for sign in (era[0], era[1])}

_WESTERN = re.compile(
    r"(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d\d)(\d\d))"
)
_ERA = re.compile(
    r"(令和|平成|昭和|大正|明治|[RHSTM])(元|\d{1,2})(?:年(\d{1,2})月(\d{1,2})日"
    r"|[-/.](\d{1,2})[-/.](\d{1,2}))"
)
_MOMENT = re.compile(r"(.*?)[T ]*(?:(\d{1,2}):(\d\d)(?::(\d\d))?|(\d{1,2})時(?:(\d\d?)分)?)")
_FISCAL_YEAR = re.compile(r"(?:(\d{4})|(令和|平成|昭和|[RHS])(元|\d{1,2}))(?:年度?)?")


def _plain(text: str) -> str:
    if len(text) > MAX_DATE_CHARACTERS:
        raise ValueRefused("date_unreadable")
    return unicodedata.normalize("NFKC", text).strip().upper()


def _make_day(year: int, month: int, day: int) -> date:
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise ValueRefused(
            "date_out_of_bounds", least=f"{EARLIEST_YEAR}-01-01", most=f"{LATEST_YEAR}-12-31"
        )
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueRefused("date_impossible") from None


def _read_plain_date(text: str) -> date:
    if len(text) == 10 and text[4] == text[7] == "-":
        try:
            found = date.fromisoformat(text)
        except ValueError:
            pass
        else:
            if EARLIEST_YEAR <= found.year <= LATEST_YEAR:
                return found
    if match := _WESTERN.fullmatch(text):
        year, *rest = match.groups()
        month, day = (int(part) for part in rest if part is not None)
        return _make_day(int(year), month, day)
    if match := _ERA.fullmatch(text):
        sign, year, *rest = match.groups()
        month, day = (int(part) for part in rest if part is not None)
        return _read_era_day(sign, 1 if year == "元" else int(year), month, day)
    raise ValueRefused("date_unreadable")


def _read_era_day(sign: str, year: int, month: int, day: int) -> date:
    name, _, first, last = _BY_SIGN[sign]
    if year == 0:
        raise ValueRefused("era_impossible", era=name)
    found = _make_day(first.year + year - 1, month, day)
    if found < first or (last is not None and found > last):
        raise ValueRefused("era_impossible", era=name)
    return found


def read_date(text: str) -> date:
    """Return the day that ``text`` means. Raises ``ValueRefused``."""
    if len(text) == 10 and text.isascii():
        return _read_plain_date(text.strip().upper())
    return _read_plain_date(_plain(text))


def read_moment(text: str, *, end_of_day: bool) -> datetime:
    """Return the Tokyo moment that ``text`` means, to the second; a day alone means its first
    second, or its last one with ``end_of_day``. Raises ``ValueRefused``."""
    plain = _plain(text)
    if match := _MOMENT.fullmatch(plain):
        day_text, hour, minute, second, hour_ja, minute_ja = match.groups()
        day = _read_plain_date(day_text.strip())
        try:
            at = time(int(hour or hour_ja), int(minute or minute_ja or 0), int(second or 0))
        except ValueError:
            raise ValueRefused("moment_unreadable") from None
        return datetime.combine(day, at, TOKYO)
    try:
        day = _read_plain_date(plain)
    except ValueRefused as refused:
        code = "moment_unreadable" if refused.code == "date_unreadable" else refused.code
        raise ValueRefused(code, **refused.facts) from None
    return datetime.combine(day, time(23, 59, 59) if end_of_day else time(0), TOKYO)


def read_fiscal_year(text: str) -> int:
    """Return the western year in which the fiscal year begins (``令和8年度`` → 2026).

    Raises ``ValueRefused``. An era's last year may be written for the fiscal year that began in
    it, so only the years themselves are checked."""
    match = _FISCAL_YEAR.fullmatch(_plain(text))
    if match is None:
        raise ValueRefused("year_unreadable")
    western, sign, era_year = match.groups()
    if western:
        return _bounded_year(int(western))
    name, _, first, last = _BY_SIGN[sign]
    counted = 1 if era_year == "元" else int(era_year)
    year = first.year + counted - 1
    if counted == 0 or (last is not None and year > last.year):
        raise ValueRefused("era_impossible", era=name)
    return _bounded_year(year)


FIRST_FISCAL_YEAR, LAST_FISCAL_YEAR = 1989, 2099
"""Years a bill may be for."""


def _bounded_year(year: int) -> int:
    if not FIRST_FISCAL_YEAR <= year <= LAST_FISCAL_YEAR:
        raise ValueRefused("number_out_of_bounds", least=FIRST_FISCAL_YEAR, most=LAST_FISCAL_YEAR)
    return year
