"""Time: everything is stored in UTC; business days and hours are Asia/Tokyo."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")


def now() -> datetime:
    """Return this moment, aware, in UTC."""
    return datetime.now(UTC)


def business_date(moment: datetime) -> date:
    """Return the Tokyo calendar day of an aware moment. Raises ``ValueError`` if it is naive."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return moment.astimezone(TOKYO).date()


_ERAS = (
    ("令和", "Reiwa", date(2019, 5, 1)),
    ("平成", "Heisei", date(1989, 1, 8)),
    ("昭和", "Showa", date(1926, 12, 25)),
)


def show_era_year(day: date) -> str:
    """Return a day's Japanese year such as ``令和8年``; the first year is ``元年``.

    Raises ``ValueError`` before 1926-12-25."""
    for name, _, start in _ERAS:
        if day >= start:
            year = day.year - start.year + 1
            return f"{name}{'元' if year == 1 else year}年"
    raise ValueError("no era known before Showa (1926-12-25)")
