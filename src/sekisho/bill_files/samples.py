"""Sample files of the two fictional client bodies: the same for the whole of a fiscal year.

Every bill here can be paid, or is one of the kinds that a payer site must explain: not payable
yet, expired, over the card limit. Nothing stands for a real person, body or bill."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sekisho.bill_files.columns import Kind
from sekisho.bill_files.write_file import PolicyFields, write_bills, write_policies
from sekisho.crossings.payments import BillRow
from sekisho.vocabulary.clock import TOKYO

BODY_OF_KIND: dict[Kind, str] = {"bills": "mihon_to", "policies": "mihon_kiko"}

PAYEE_NUMBER = "13999"
"""Payee number of 見本都; the tax site's configuration names it."""

PAYABLE_BILLS = 300
OTHER_BILLS = 20
"""Bills of each kind that can't be paid: not yet, expired, over the limit."""
POLICIES = 120
OVER_LIMIT_YEN = 1_000_000
"""From here on no card pays: the sites' ``card_limit_yen`` is below."""

_ITEMS = (
    ("831", "固定資産税・都市計画税", "Fixed asset and city planning tax", 4, 8_000, 480_000),
    ("832", "自動車税種別割", "Automobile tax", 1, 10_800, 110_000),
    ("833", "個人事業税", "Individual enterprise tax", 2, 12_000, 600_000),
    ("834", "法人事業税・特別法人事業税", "Corporate enterprise tax", 1, 20_000, 900_000),
    ("835", "不動産取得税", "Real estate acquisition tax", 1, 15_000, 750_000),
)
"""Category number, names, terms a year, least and most yen."""


def fiscal_year_of(today: date) -> int:
    """Return the year in which the fiscal year of ``today`` began (on 1 April)."""
    return today.year if today.month >= 4 else today.year - 1


@dataclass(frozen=True)
class _Window:
    """When a bill can be paid."""

    first: datetime
    due: date
    until: datetime


def _at(day: date, hour: int = 0) -> datetime:
    return datetime.combine(day, time(hour), TOKYO)


def _last_second(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), TOKYO)


def _bill(serial: int, year: int, window: _Window, chance: random.Random, *, over: bool) -> BillRow:
    category, item_ja, item_en, terms, least, most = _ITEMS[serial % len(_ITEMS)]
    term = 1 + (serial // len(_ITEMS)) % terms
    amount = chance.randrange(least, most, 100)
    return BillRow(
        line=0,
        payee_number=PAYEE_NUMBER,
        payment_number=f"{year:04d}{category}{serial:05d}{chance.randrange(10**8):08d}",
        confirmation_number=f"{chance.randrange(10**6):06d}",
        category_number=category,
        item_ja=item_ja,
        item_en=item_en,
        fiscal_year=year,
        term=f"第{term}期" if terms > 1 else "",
        amount_yen=amount + OVER_LIMIT_YEN if over else amount,
        first_payable_at=window.first,
        due_date=window.due,
        payable_until=window.until,
    )


def sample_bills(today: date) -> Iterator[BillRow]:
    """Yield the bills of the fiscal year of ``today``, the payable ones first."""
    year = fiscal_year_of(today)
    chance = random.Random(f"sekisho sample bills {year}")  # noqa: S311
    end = date(year + 1, 3, 31)
    for serial in range(PAYABLE_BILLS):
        due = date(year, 4, 30) + timedelta(days=chance.randrange(60, 300))
        window = _Window(_at(date(year, 4, 1)), due, _last_second(end + timedelta(days=30)))
        yield _bill(serial, year, window, chance, over=False)
    over = _Window(_at(date(year, 4, 1)), end, _last_second(end + timedelta(days=30)))
    not_yet = _Window(_at(end + timedelta(days=40), 9), date(year + 1, 6, 30), _last_second(
        date(year + 1, 7, 31)))  # fmt: skip
    expired = _Window(_at(date(year - 1, 4, 1)), date(year - 1, 6, 30), _last_second(
        date(year, 3, 31)))  # fmt: skip
    for kind, window in enumerate((over, not_yet, expired)):
        for at in range(OTHER_BILLS):
            serial = PAYABLE_BILLS + kind * OTHER_BILLS + at
            yield _bill(serial, year, window, chance, over=kind == 0)


def sample_policies() -> Iterator[PolicyFields]:
    """Yield the policies of 見本機構; the dates of birth are made up. Every 20th has ended."""
    chance = random.Random("sekisho sample policies")  # noqa: S311
    for serial in range(POLICIES):
        born = date(1950, 1, 1) + timedelta(days=chance.randrange(18_000))
        number = f"{40_000_000 + serial * 7_919 + chance.randrange(1_000)}"
        premium = chance.randrange(18_000, 160_000, 100)
        month = 1 + serial % 12
        ended = serial % 20 == 19
        yield (
            number,
            "団体信用生命保険特約料",
            "Group credit life premium",
            premium,
            month,
            ended,
            born.isoformat(),
        )


def sample_file(kind: Kind, today: date) -> io.BytesIO:
    """Return a sample file as a client body would hand it in (in memory: it holds dates of
    birth)."""
    out = io.StringIO(newline="")
    if kind == "bills":
        write_bills(out, sample_bills(today))
    else:
        write_policies(out, sample_policies())
    return io.BytesIO(out.getvalue().encode())


def sample_birth(policy_number: str) -> str | None:
    """Return the made-up date of birth of a sample policy, so that a newcomer can find it."""
    return next((row[6] for row in sample_policies() if row[0] == policy_number), None)
