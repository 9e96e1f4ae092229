"""The monthly statement of a client body (月次収納報告書): what came in, what went back, what was
paid out, day by day, with totals that must add up before anything is printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from sekisho.printing.draw import draw
from sekisho.printing.errors import DoesNotFit, StatementWrong
from sekisho.printing.font import check_drawable
from sekisho.vocabulary.clock import show_era_year

MAX_DAYS: Final = 31
MAX_PAYOUTS: Final = 400
MAX_NOTES: Final = 20


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day, in integer yen. ``refunds_yen`` and ``disputes_yen`` are what went back (positive);
    ``corrections_yen`` has its sign."""

    day: date
    payments: int
    payments_yen: int
    refunds: int = 0
    refunds_yen: int = 0
    disputes: int = 0
    disputes_yen: int = 0
    corrections_yen: int = 0

    @property
    def net_yen(self) -> int:
        """What the day adds to what the client body is owed."""
        return self.payments_yen - self.refunds_yen - self.disputes_yen + self.corrections_yen


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """One payout. ``fees_yen``: deducted from it, tax included; of it ``tax_yen`` consumption
    tax."""

    paid_on: date
    reference: str
    gross_yen: int
    fees_yen: int
    tax_yen: int

    @property
    def net_yen(self) -> int:
        """What was transferred to the bank account."""
        return self.gross_yen - self.fees_yen


@dataclass(frozen=True, slots=True)
class Statement:
    """All figures of one client body in one month. ``owed_before_yen`` and ``owed_after_yen`` are
    the ledger's account of the client body at both ends of the month: the rows must lead from one
    to the other. ``payer_fees_yen``: paid by the payers on top (tax included), for information."""

    client_body: str
    number: str
    month: date
    issued_on: date
    issuer_name: str
    issuer_lines: tuple[str, ...]
    days: tuple[DayRow, ...]
    payouts: tuple[PayoutRow, ...]
    owed_before_yen: int
    owed_after_yen: int
    payer_fees_yen: int = 0
    payer_tax_yen: int = 0
    notes: tuple[str, ...] = ()


def statement(facts: Statement, made_at: datetime) -> bytes:
    """Return the statement as a PDF on A4.

    Raises ``StatementWrong`` when the rows do not lead from ``owed_before_yen`` to
    ``owed_after_yen`` or a day is not of the month, ``CannotDraw`` and ``DoesNotFit`` naming the
    field."""
    _check(facts)
    return draw("statement", _shown(facts), made_at)


def _check(facts: Statement) -> None:
    months = (facts.month.year, facts.month.month)
    days = [row.day for row in facts.days]
    if days != sorted(set(days)) or len(days) > MAX_DAYS:
        raise StatementWrong("days", "each day once, in order")
    if any((day.year, day.month) != months for day in days):
        raise StatementWrong("days", "a day is of another month")
    for row in facts.days:
        if min(row.payments, row.payments_yen, row.refunds, row.refunds_yen) < 0:
            raise StatementWrong("days", f"{row.day}: numbers and amounts are not negative")
    paid = sum(row.gross_yen for row in facts.payouts)
    after = facts.owed_before_yen + sum(row.net_yen for row in facts.days) - paid
    if after != facts.owed_after_yen:
        raise StatementWrong(
            "owed_after_yen", f"the rows lead to {after} yen, the ledger has {facts.owed_after_yen}"
        )
    if len(facts.payouts) > MAX_PAYOUTS or len(facts.notes) > MAX_NOTES:
        raise DoesNotFit("payouts", f"at most {MAX_PAYOUTS} payouts and {MAX_NOTES} notes")
    _check_words(facts)


def _check_words(facts: Statement) -> None:
    for field in ("client_body", "number", "issuer_name"):
        check_drawable(field, getattr(facts, field))
    for field, texts in (
        ("issuer_lines", facts.issuer_lines),
        ("notes", facts.notes),
        ("payouts", [row.reference for row in facts.payouts]),
    ):
        for text in texts:
            check_drawable(field, text)


def _shown(facts: Statement) -> dict[str, Any]:
    days, payouts = facts.days, facts.payouts
    return {
        "client_body": facts.client_body,
        "number": facts.number,
        "month": f"{facts.month.year}年{facts.month.month}月",
        "era_month": f"{show_era_year(facts.month)}{facts.month.month}月",
        "issued_on": _day(facts.issued_on),
        "issuer_name": facts.issuer_name,
        "issuer_lines": list(facts.issuer_lines),
        "days": [_day_cells(row) for row in days],
        "day_totals": ["合計", *_day_sums(days)],
        "payouts": [_payout_cells(row) for row in payouts],
        "payout_totals": ["合計", "", *_payout_sums(payouts)],
        "summary": _summary(facts),
        "payer_fees": [_yen(facts.payer_fees_yen), _yen(facts.payer_tax_yen)],
        "notes": list(facts.notes),
    }


def _summary(facts: Statement) -> list[list[str]]:
    days = facts.days
    total = {name: sum(asdict(row)[name] for row in days) for name in _SUMMED}
    rows = [
        ["前月末の未払い額", "", _yen(facts.owed_before_yen)],
        ["収納", _count(total["payments"]), _yen(total["payments_yen"])],
        ["返金", _count(total["refunds"]), _yen(-total["refunds_yen"])],
        ["チャージバック", _count(total["disputes"]), _yen(-total["disputes_yen"])],
    ]
    if any(row.corrections_yen for row in days):
        rows.append(["訂正", "", _yen(total["corrections_yen"])])
    paid = sum(row.gross_yen for row in facts.payouts)
    rows.append(["お支払い（手数料差引前）", _count(len(facts.payouts)), _yen(-paid)])
    rows.append(["当月末の未払い額", "", _yen(facts.owed_after_yen)])
    return rows


_SUMMED: Final = (
    "payments",
    "payments_yen",
    "refunds",
    "refunds_yen",
    "disputes",
    "disputes_yen",
    "corrections_yen",
)


def _day_sums(days: Sequence[DayRow]) -> list[str]:
    return [
        f"{sum(row.payments for row in days):,}",
        _yen(sum(row.payments_yen for row in days)),
        f"{sum(row.refunds for row in days):,}",
        _yen(-sum(row.refunds_yen for row in days)),
        _yen(-sum(row.disputes_yen for row in days)),
        _yen(sum(row.corrections_yen for row in days)),
        _yen(sum(row.net_yen for row in days)),
    ]


def _day_cells(row: DayRow) -> list[str]:
    named = f"{row.day.month}月{row.day.day}日（{'月火水木金土日'[row.day.weekday()]}）"
    return [named, *_day_sums([row])]


def _payout_sums(payouts: Sequence[PayoutRow]) -> list[str]:
    return [
        _yen(sum(row.gross_yen for row in payouts)),
        _yen(-sum(row.fees_yen for row in payouts)),
        _yen(sum(row.tax_yen for row in payouts)),
        _yen(sum(row.net_yen for row in payouts)),
    ]


def _payout_cells(row: PayoutRow) -> list[str]:
    return [_day(row.paid_on), row.reference, *_payout_sums([row])]


def _day(day: date) -> str:
    return f"{day.year}年（{show_era_year(day)}）{day.month}月{day.day}日"


def _count(number: int) -> str:
    return f"{number:,}件"


def _yen(amount: int) -> str:
    return f"{amount:,}" if amount >= 0 else f"△{-amount:,}"
