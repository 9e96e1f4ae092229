"""Accounts, and the legs that are worked out before they are written. Pure. Debits are positive,
credits negative, a transfer sums to zero.

A claim: the *payer* owes the total; the *client body* is owed its bill, *fee* and *tax* are ours
and the tax office's. What follows moves along: captured, the *acquirer* owes what the payer owed;
settled, it is in the *bank*; *refunds* are owed to payers until the network gave them back;
*disputes* is what the network took back and we may still win; *payouts* is on its way to a client
body. Those legs the database works out
from what is written (``0003_ledger.sql``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from sekisho.payments.errors import LedgerWrong

Account = Literal[
    "payer", "acquirer", "client_body", "fee", "tax", "refunds", "disputes", "bank", "payouts"
]

ACCOUNTS: tuple[str, ...] = get_args(Account)


class Leg(NamedTuple):
    account: Account
    amount_yen: int


def pending_legs(amount_yen: int, fee_yen: int, fee_tax_yen: int) -> list[Leg]:
    """Return the legs of a claim on the payer: bill ``amount_yen`` and ``fee_yen``, of which
    ``fee_tax_yen`` is consumption tax. Raises ``LedgerWrong``."""
    if amount_yen <= 0 or not 0 <= fee_tax_yen <= fee_yen:
        raise LedgerWrong("a transfer needs an amount above zero and a tax within its fee")
    legs = [
        Leg("payer", amount_yen + fee_yen),
        Leg("client_body", -amount_yen),
        Leg("fee", -(fee_yen - fee_tax_yen)),
        Leg("tax", -fee_tax_yen),
    ]
    kept = [leg for leg in legs if leg.amount_yen]
    check_legs(kept)
    return kept


def check_legs(legs: Sequence[Leg]) -> None:
    """Raise ``LedgerWrong`` unless ``legs`` are two or more of known accounts, none of 0 yen, that
    sum to zero."""
    unknown = [leg.account for leg in legs if leg.account not in ACCOUNTS]
    if unknown:
        raise LedgerWrong(f"no account {unknown[0]}; there are {', '.join(ACCOUNTS)}")
    if len(legs) < 2 or any(leg.amount_yen == 0 for leg in legs):
        raise LedgerWrong("a transfer has two legs or more, none of 0 yen")
    if sum(leg.amount_yen for leg in legs):
        raise LedgerWrong("the legs do not sum to zero")
