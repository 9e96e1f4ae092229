"""A statement that does not add up is not printed; one that does shows every figure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.printing import CannotDraw, DayRow, PayoutRow, Statement, StatementWrong, statement

MADE_AT = datetime(2026, 11, 2, 0, 0, tzinfo=UTC)
DAYS = (
    DayRow(date(2026, 10, 1), 157, 1_938_165),
    DayRow(date(2026, 10, 9), 732, 9_036_540, 3, 37_035, 1, 12_345),
    DayRow(date(2026, 10, 20), 2, 24_690, corrections_yen=-500),
)
PAYOUTS = (
    PayoutRow(date(2026, 10, 5), "P-202610-001", 5_000_000, 123_456, 11_223),
    PayoutRow(date(2026, 10, 20), "P-202610-002", 1_000_000, 0, 0),
)
OCTOBER = Statement(
    client_body="見本都 主税局",
    number="MT-2026-10",
    month=date(2026, 10, 1),
    issued_on=date(2026, 11, 2),
    issuer_name="見本ペイメント株式会社（架空）",
    issuer_lines=("〒100-0000 見本都見本区見本町1-2-3", "電話 0120-000-000"),
    days=DAYS,
    payouts=PAYOUTS,
    owed_before_yen=100_000,
    owed_after_yen=100_000 + sum(row.net_yen for row in DAYS) - 6_000_000,
    payer_fees_yen=3_210,
    payer_tax_yen=291,
    notes=("10月20日の訂正は、二重に計上した500円を戻したものです。",),
)


def pages(facts: Statement) -> list[str]:
    with pypdfium2.PdfDocument(statement(facts, MADE_AT)) as document:
        return [page.get_textpage().get_text_range() for page in document]


def test_every_figure_is_shown() -> None:
    (text,) = pages(OCTOBER)
    for words in (
        "見本都 主税局　御中",
        "月次収納報告書",
        "2026年10月",
        "令和8年10月",
        "2026年（令和8年）11月2日",
        "891件",
        "10,999,395",
        "△37,035",
        "△12,345",
        "△500",
        "P-202610-001",
        "4,876,544",
        "△6,000,000",
        f"{OCTOBER.owed_after_yen:,}",
        "3,210",
        "10月9日（金）",
        "1 / 1",
    ):
        assert words in text, words


def test_a_long_month_has_page_numbers_and_heads_on_each_page() -> None:
    days = tuple(DayRow(date(2026, 10, day), day, day * 1_000) for day in range(1, 32))
    payouts = tuple(
        PayoutRow(date(2026, 10, 1 + at % 31), f"P-{at:04}", 1, 0, 0) for at in range(100)
    )
    owed = 1_000 + sum(row.net_yen for row in days) - 100
    facts = replace(OCTOBER, days=days, payouts=payouts, owed_before_yen=1_000, owed_after_yen=owed)
    found = pages(facts)
    assert len(found) >= 4
    for at, text in enumerate(found, 1):
        assert f"{at} / {len(found)}" in text
        assert "MT-2026-10" in text
    assert sum("お支払い日" in text for text in found) >= 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"owed_after_yen": OCTOBER.owed_after_yen + 1}, "owed_after_yen"),
        ({"days": DAYS[::-1]}, "days"),
        ({"days": (*DAYS[:2], DAYS[1])}, "days"),
        ({"days": (DayRow(date(2026, 9, 30), 1, 1),)}, "days"),
        ({"days": (DayRow(date(2026, 10, 1), -1, 1),)}, "days"),
    ],
)
def test_figures_that_do_not_add_up_are_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(StatementWrong) as caught:
        statement(replace(OCTOBER, **changes), MADE_AT)
    assert caught.value.field == field


def test_a_note_that_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(CannotDraw) as caught:
        statement(replace(OCTOBER, notes=("😀",)), MADE_AT)
    assert caught.value.field == "notes"


yen = st.integers(0, 10**12)


@given(st.lists(st.builds(DayRow, st.just(date(2026, 10, 3)), yen, yen, yen, yen), max_size=1), yen)
@settings(max_examples=25, deadline=None)
def test_any_amounts_are_printed_whole(days: list[DayRow], before: int) -> None:
    after = before + sum(row.net_yen for row in days)
    facts = replace(
        OCTOBER, days=tuple(days), payouts=(), owed_before_yen=before, owed_after_yen=after
    )
    text = "".join(pages(facts))
    shown = f"{after:,}" if after >= 0 else f"△{-after:,}"
    assert shown in text


def test_a_month_without_anything_is_a_statement_too() -> None:
    facts = replace(OCTOBER, days=(), payouts=(), owed_after_yen=OCTOBER.owed_before_yen)
    (text,) = pages(facts)
    assert "当月の収納はありません" in text and "当月のお支払いはありません" in text
