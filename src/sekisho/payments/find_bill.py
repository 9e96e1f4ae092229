"""Find a bill by the four numbers of its slip."""

from __future__ import annotations

import hmac

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import BillFound, FindBill
from sekisho.payments import limits
from sekisho.payments.count_tries import Asking, count_wrong, refuse_too_many
from sekisho.payments.read_bill import (
    Bill,
    bill_by_number,
    refuse_closed,
    refuse_unpayable,
    show_bill,
)
from sekisho.payments.records.session import acting_for
from sekisho.payments.room import Room
from sekisho.payments.site_rules import SiteRules
from sekisho.transport.doors import Caller


def find_bill(room: Room, caller: Caller, message: FindBill) -> BillFound:
    """Return the bill with its fee. Raises ``Refusal`` as ``FindBill`` describes; a wrong
    confirmation or category number is ``bill_unknown``, like a bill that does not exist."""
    rules = room.site_of(caller)
    _refuse_malformed(message, rules)
    now = room.now()
    refuse_closed(rules, now)
    asking = Asking(
        message.source, message.session, f"{message.payee_number}-{message.payment_number}"
    )
    with acting_for(rules.client_body) as rows:
        room.card_entries.refuse_closed(rows, rules.site)
        refuse_too_many(rows, rules, asking, now)
        bill = bill_by_number(rows, rules.client_body, message.payee_number, message.payment_number)
        if bill is None or not _numbers_agree(bill, message):
            count_wrong(rows, rules, asking, now)
            bill = None
    if bill is None:
        raise Refusal("bill_unknown")
    return BillFound(bill=show_bill(bill, refuse_unpayable(bill, rules, now)))


def _refuse_malformed(message: FindBill, rules: SiteRules) -> None:
    for field, (least, most) in {
        "payee_number": (limits.PAYEE_DIGITS, limits.PAYEE_DIGITS),
        "payment_number": limits.PAYMENT_DIGITS,
        "confirmation_number": (limits.CONFIRMATION_DIGITS, limits.CONFIRMATION_DIGITS),
        "category_number": limits.CATEGORY_DIGITS,
    }.items():
        digits = getattr(message, field)
        if not (digits.isascii() and digits.isdigit() and least <= len(digits) <= most):
            wanted = str(least) if least == most else f"{least} to {most}"
            raise Refusal("number_wrong", f"{wanted} digits", field)
    if message.payee_number not in rules.section.payee_numbers:
        raise Refusal("number_wrong", "not a payee of this site", "payee_number")


def _numbers_agree(bill: Bill, message: FindBill) -> bool:
    confirmation = hmac.compare_digest(bill.confirmation_number, message.confirmation_number)
    category = hmac.compare_digest(bill.category_number, message.category_number)
    return confirmation and category
