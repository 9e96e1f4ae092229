"""The columns of each kind of file: name, Japanese headings, and whether a field may be empty."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

from sekisho.bill_files.errors import HEADINGS, FileRefused
from sekisho.bill_files.read_lines import Line

Kind = Literal["bills", "policies"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column; ``optional``: it may be left out altogether, and its fields may be empty."""

    name: str
    headings_ja: tuple[str, ...]
    optional: bool = False


COLUMNS: dict[Kind, tuple[Column, ...]] = {
    "bills": (
        Column("payee_number", ("収納機関番号",)),
        Column("payment_number", ("納付番号",)),
        Column("confirmation_number", ("確認番号",)),
        Column("category_number", ("納付区分",)),
        Column("item_ja", ("税目", "科目", "項目")),
        Column("item_en", ("税目(英語)", "科目(英語)", "項目(英語)"), optional=True),
        Column("fiscal_year", ("年度", "課税年度")),
        Column("term", ("期別", "期"), optional=True),
        Column("amount", ("金額", "納付金額", "税額")),
        Column("first_payable", ("納付開始日", "納付開始日時")),
        Column("due_date", ("納期限",)),
        Column("payable_until", ("納付可能期限", "取扱期限"), optional=True),
        Column("withdrawn", ("取消", "取下げ"), optional=True),
    ),
    "policies": (
        Column("policy_number", ("証券番号", "契約番号")),
        Column("product_ja", ("商品名", "保険種類")),
        Column("product_en", ("商品名(英語)", "保険種類(英語)"), optional=True),
        Column("yearly_premium", ("年間保険料", "年払保険料")),
        Column("joined_month", ("加入月",)),
        Column("ended", ("終了", "契約終了"), optional=True),
        Column("date_of_birth", ("生年月日",)),
    ),
}

MAX_HEADING_CHARACTERS = 40
"""Longest heading shown in an error, in characters."""


def _fold(heading: str) -> str:
    return unicodedata.normalize("NFKC", heading).strip().lower().replace(" ", "_")


def place_columns(kind: Kind, head: Line) -> dict[str, int]:
    """Return each column's place in the line. Raises ``FileRefused`` naming every heading that is
    missing, unknown or repeated (an unknown one may be a misspelt optional one)."""
    known = {
        folded: column.name
        for column in COLUMNS[kind]
        for folded in (column.name, *map(_fold, column.headings_ja))
    }
    headings = head.fields
    while headings and not headings[-1].strip():
        headings = headings[:-1]
    places: dict[str, int] = {}
    unknown, repeated = [], []
    for at, heading in enumerate(headings):
        name = known.get(_fold(heading))
        if name is None:
            unknown.append(_harmless(heading))
        elif name in places:
            repeated.append(name)
        else:
            places[name] = at
    missing = [c.name for c in COLUMNS[kind] if not c.optional and c.name not in places]
    for code, names in (
        ("headings_missing", missing),
        ("headings_unknown", unknown),
        ("headings_repeated", repeated),
    ):
        if names:
            raise FileRefused(code, line=head.number, field=HEADINGS, names=", ".join(names[:20]))
    return places


def _harmless(heading: str) -> str:
    """A file without headings shows its first row here: digits are hidden, length is bounded."""
    shown = heading.strip()[:MAX_HEADING_CHARACTERS]
    shown = "".join("#" if c.isdigit() else c if c.isprintable() else "?" for c in shown)
    return shown or "(empty)"
