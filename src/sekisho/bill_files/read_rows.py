"""A line of fields becomes a row of a crossing, or a list of what is wrong with it, field by
field. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

from sekisho.bill_files.errors import WHOLE_LINE, Problem, ValueRefused
from sekisho.bill_files.read_dates import read_date, read_fiscal_year, read_moment
from sekisho.bill_files.read_lines import Line
from sekisho.bill_files.read_values import (
    read_amount,
    read_month,
    read_number,
    read_text,
    read_yes_no,
)
from sekisho.crossings.payments import BillRow, PolicyRow
from sekisho.crossings.sealing import items_purpose, seal
from sekisho.vocabulary.clock import TOKYO

PAYEE_DIGITS = 5
PAYMENT_DIGITS = (14, 20)
CONFIRMATION_DIGITS = 6
CATEGORY_DIGITS = (1, 10)
POLICY_DIGITS = (6, 12)
MAX_TERM_CHARACTERS = 20

MAX_VALUES_REMEMBERED = 1_024
"""Texts and days read lately that are not read again: a file of bills has few different ones. Of
policies nothing is remembered, as a date of birth must not outlive its row."""

_remember = lru_cache(MAX_VALUES_REMEMBERED)
_known_text = _remember(read_text)
_known_date = _remember(read_date)
_known_moment = _remember(read_moment)
_known_fiscal_year = _remember(read_fiscal_year)


class Fields:
    """The fields of one line by name; remembers every fault instead of stopping at the first."""

    def __init__(self, line: Line, places: dict[str, int], encoding: str) -> None:
        fields = line.fields
        self._texts = {name: fields[at].strip() for name, at in places.items()}
        self._encoding = encoding
        self.line = line.number
        self.problems: list[Problem] = []

    def text(self, name: str) -> str:
        """Return the field as it stands, ``""`` if the file has no such column."""
        return self._texts.get(name, "")

    def texts(self) -> tuple[str, ...]:
        """Return the fields of every known column as they stand, in the order of the file."""
        return tuple(self._texts.values())

    def refuse(self, name: str, code: str, **facts: str | int) -> None:
        """Remember a fault of the field ``name``."""
        self.problems.append(Problem(self.line, name, code, facts))

    def read(self, name: str, reader: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Return the field as ``reader`` reads it, or ``None`` after remembering why not."""
        text = self._texts.get(name, "")
        if not text:
            self.refuse(name, "missing")
        elif "\ufffd" in text:
            self.refuse(name, "characters_unreadable", encoding=self._encoding)
        else:
            try:
                return reader(text, *args, **options)
            except ValueRefused as refused:
                self.refuse(name, refused.code, **refused.facts)
        return None

    def read_if_given(
        self, name: str, default: Any, reader: Callable[..., Any], *args: Any, **options: Any
    ) -> Any:
        """Return ``default`` for an empty field, else what ``read`` returns."""
        return self.read(name, reader, *args, **options) if self.text(name) else default


def read_bill(fields: Fields) -> BillRow | None:
    """Return the bill of a line, or ``None`` when ``fields.problems`` says why not."""
    values = {
        "payee_number": fields.read("payee_number", read_number, PAYEE_DIGITS, PAYEE_DIGITS),
        "payment_number": fields.read("payment_number", read_number, *PAYMENT_DIGITS),
        "confirmation_number": fields.read(
            "confirmation_number", read_number, CONFIRMATION_DIGITS, CONFIRMATION_DIGITS
        ),
        "category_number": fields.read("category_number", read_number, *CATEGORY_DIGITS),
        "item_ja": fields.read("item_ja", _known_text),
        "fiscal_year": fields.read("fiscal_year", _known_fiscal_year),
        "term": fields.read_if_given("term", "", _known_text, most=MAX_TERM_CHARACTERS),
        "amount_yen": fields.read("amount", read_amount),
        "first_payable_at": fields.read("first_payable", _known_moment, end_of_day=False),
        "due_date": fields.read("due_date", _known_date),
        "withdrawn": fields.read_if_given("withdrawn", False, read_yes_no),
    }
    values["item_en"] = fields.read_if_given("item_en", values["item_ja"], _known_text)
    values["payable_until"] = _payable_until(fields, values["due_date"])
    _refuse_days_out_of_order(fields, values)
    if fields.problems:
        return None
    return BillRow(line=fields.line, **values)


def _payable_until(fields: Fields, due_date: date | None) -> datetime | None:
    if fields.text("payable_until"):
        found: datetime | None = fields.read("payable_until", _known_moment, end_of_day=True)
        return found
    return None if due_date is None else datetime.combine(due_date, time(23, 59, 59), TOKYO)


def _refuse_days_out_of_order(fields: Fields, values: dict[str, Any]) -> None:
    first, due, until = values["first_payable_at"], values["due_date"], values["payable_until"]
    if first and due and due < first.date():
        fields.refuse("due_date", "days_out_of_order", earlier="first_payable")
    elif first and until and until <= first:
        fields.refuse("payable_until", "days_out_of_order", earlier="first_payable")
    elif due and until and until.date() < due:
        fields.refuse("payable_until", "days_out_of_order", earlier="due_date")


EARLIEST_BIRTH = date(1900, 1, 1)


def read_policy(
    fields: Fields, *, vault_key: bytes | None, client_body: str, today: date
) -> PolicyRow | None:
    """Return the policy of a line with its holder's date of birth sealed to the vault, or ``None``
    when ``fields.problems`` says why not. Without ``vault_key`` the row is only checked."""
    birth: date | None = fields.read("date_of_birth", read_date)
    if birth is not None and not EARLIEST_BIRTH <= birth <= today:
        fields.refuse(
            "date_of_birth", "date_out_of_bounds", least=str(EARLIEST_BIRTH), most=str(today)
        )
    values = {
        "policy_number": fields.read("policy_number", read_number, *POLICY_DIGITS),
        "product_ja": fields.read("product_ja", read_text),
        "yearly_premium_yen": fields.read("yearly_premium", read_amount),
        "joined_month": fields.read("joined_month", read_month),
        "ended": fields.read_if_given("ended", False, read_yes_no),
    }
    values["product_en"] = fields.read_if_given("product_en", values["product_ja"], read_text)
    if fields.problems or birth is None:
        return None
    box = b""
    if vault_key is not None:
        items = {"date_of_birth": birth.isoformat()}
        box = seal(vault_key, items, purpose=items_purpose(client_body))
    return PolicyRow(line=fields.line, box=box, **values)


def check_width(line: Line, places: dict[str, int], wanted: int) -> Problem | None:
    """Return what is wrong with the line as a whole, if anything; empty fields at its end that a
    spreadsheet added are cut off."""
    if line.fault is not None:
        return Problem(line.number, WHOLE_LINE, line.fault.code, line.fault.facts)
    while len(line.fields) > wanted and not line.fields[-1].strip():
        line.fields.pop()
    found = len(line.fields)
    if found == wanted:
        return None
    facts: dict[str, str | int] = {"found": found, "wanted": wanted}
    if found > wanted:
        return Problem(line.number, WHOLE_LINE, "fields_too_many", facts)
    first_missing = next(name for name, at in places.items() if at == found)
    return Problem(line.number, first_missing, "fields_missing", facts)
