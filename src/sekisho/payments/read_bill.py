"""A bill, what it costs its payer, and whether it can be paid now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, LiteralString, NamedTuple

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import BillFacts
from sekisho.payments.charge_fee import Fee, charge_fee
from sekisho.payments.lifecycle import PAID
from sekisho.payments.opening_hours import closed_until
from sekisho.payments.records.session import Rows
from sekisho.payments.site_rules import SiteRules


class Bill(NamedTuple):
    """A bill with the payment that holds it now, if one does."""

    id: str
    item_ja: str
    item_en: str
    fiscal_year: int
    term: str
    amount_yen: int
    first_payable_at: datetime
    due_date: date
    payable_until: datetime
    withdrawn: bool
    payee_number: str
    confirmation_number: str
    category_number: str
    holder_state: str | None
    holder_reference: str | None


_SELECT: LiteralString = (
    "SELECT b.id, b.item_ja, b.item_en, b.fiscal_year, b.term, b.amount_yen, b.first_payable_at,"
    " b.due_date, b.payable_until, b.withdrawn, b.payee_number, b.confirmation_number,"
    " b.category_number, h.state, h.reference"
    " FROM bill b LEFT JOIN payment h ON h.held_for = b.id"
)


def bill_by_number(
    rows: Rows, client_body: str, payee_number: str, payment_number: str
) -> Bill | None:
    """Return the bill with these numbers."""
    row = rows.one(
        _SELECT + " WHERE b.client_body = %s AND b.payee_number = %s AND b.payment_number = %s",
        [client_body, payee_number, payment_number],
    )
    return Bill(*row) if row else None


def bill_by_id(rows: Rows, bill_id: str) -> Bill | None:
    """Return the bill ``bill_id``, if it is within the walls."""
    row = rows.one(_SELECT + " WHERE b.id = %s", [bill_id])
    return Bill(*row) if row else None


def refuse_closed(rules: SiteRules, now: datetime) -> None:
    """Raise ``Refusal`` ``site_closed`` (detail: when it opens) in a closed window."""
    opens_at = closed_until(now, rules.closed)
    if opens_at is not None:
        raise Refusal("site_closed", opens_at.isoformat())


def refuse_unpayable(bill: Bill, rules: SiteRules, now: datetime) -> Fee:
    """Return the fee of a bill that can be paid on this site now.

    Raises ``Refusal`` ``bill_withdrawn``, ``bill_paid``, ``bill_in_payment``, ``bill_not_yet``,
    ``bill_expired`` or ``bill_over_limit`` as ``FindBill`` describes."""
    if bill.holder_state is not None:
        code = "bill_paid" if bill.holder_state in PAID else "bill_in_payment"
        raise Refusal(code, bill.holder_reference or "")
    if bill.withdrawn:
        raise Refusal("bill_withdrawn")
    if now < bill.first_payable_at:
        raise Refusal("bill_not_yet", bill.first_payable_at.isoformat())
    if now >= bill.payable_until:
        raise Refusal("bill_expired")
    fee = charge_fee(bill.amount_yen, rules.section.fee)
    if bill.amount_yen + fee.total_yen > rules.section.card_limit_yen:
        raise Refusal("bill_over_limit")
    return fee


def show_bill(bill: Bill, fee: Fee) -> BillFacts:
    """Return what the payer may see."""
    return bill_facts(
        (
            bill.id,
            bill.item_ja,
            bill.item_en,
            bill.fiscal_year,
            bill.term,
            bill.first_payable_at,
            bill.due_date,
            bill.payable_until,
        ),
        amount_yen=bill.amount_yen,
        fee=fee,
    )


def bill_facts(columns: Sequence[Any], *, amount_yen: int, fee: Fee) -> BillFacts:
    """Return the facts of a bill from its columns (id, items, year, term, three dates) and the
    amounts that were agreed to."""
    bill_id, item_ja, item_en, fiscal_year, term, first_at, due_date, until = columns
    return BillFacts(
        bill_id=bill_id,
        item_ja=item_ja,
        item_en=item_en,
        fiscal_year=fiscal_year,
        term=term,
        amount_yen=amount_yen,
        fee_yen=fee.total_yen,
        fee_tax_yen=fee.tax_yen,
        total_yen=amount_yen + fee.total_yen,
        first_payable_at=first_at,
        due_date=due_date,
        payable_until=until,
    )
