"""Which accounts a payment moves. Pure. Debits are positive, credits negative, a transfer sums to
zero.

Pending: the *payer* owes the total; the *client body* is owed its bill, *fee* and *tax* are ours
and the tax office's. Posted: the *acquirer* owes what the payer owed,
as the network captured it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from sekisho.payments.errors import LedgerWrong

Account = Literal["payer", "acquirer", "client_body", "fee", "tax"]


class Leg(NamedTuple):
    account: Account
    amount_yen: int


def pending_legs(amount_yen: int, fee_yen: int, fee_tax_yen: int) -> list[Leg]:
    """Return the legs of a claim on the payer: bill ``amount_yen`` and ``fee_yen``, of which
    ``fee_tax_yen`` is consumption tax. Raises ``LedgerWrong``."""
    return _legs("payer", amount_yen, fee_yen, fee_tax_yen)


def posted_legs(amount_yen: int, fee_yen: int, fee_tax_yen: int) -> list[Leg]:
    """Return the legs of captured money, owed by the acquirer now. Raises ``LedgerWrong``."""
    return _legs("acquirer", amount_yen, fee_yen, fee_tax_yen)


def _legs(debtor: Account, amount_yen: int, fee_yen: int, fee_tax_yen: int) -> list[Leg]:
    if amount_yen <= 0 or not 0 <= fee_tax_yen <= fee_yen:
        raise LedgerWrong("a transfer needs an amount above zero and a tax within its fee")
    legs = [
        Leg(debtor, amount_yen + fee_yen),
        Leg("client_body", -amount_yen),
        Leg("fee", -(fee_yen - fee_tax_yen)),
        Leg("tax", -fee_tax_yen),
    ]
    kept = [leg for leg in legs if leg.amount_yen]
    if sum(leg.amount_yen for leg in kept):
        raise LedgerWrong("the legs do not sum to zero")
    return kept
