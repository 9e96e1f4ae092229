"""The payer's fee by brackets of the amount: pure arithmetic in integer yen.

Up to ``first_step_yen`` the fee is ``start_yen``; each started ``step_yen`` above adds
``per_step_yen``. Consumption tax comes on top (Consumption Tax Act, art. 29 with Local Tax Act,
art. 72-83: 10 % together) and is rounded as the site says; rounding down is the usual choice."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

MAX_TAX_PERCENT = 100


class FeeRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[payments.fee]`` of a site: every amount in yen before tax."""

    start_yen: int
    step_yen: int
    per_step_yen: int
    first_step_yen: int
    consumption_tax_percent: int = 10
    rounding: Literal["down", "up", "half_up"] = "down"

    def faults(self) -> list[str]:
        """Return what is wrong with the figures, each with its key."""
        found = [
            f"{key} must not be negative"
            for key in ("start_yen", "per_step_yen", "first_step_yen")
            if getattr(self, key) < 0
        ]
        if self.step_yen < 1:
            found.append("step_yen must be at least 1")
        if not 0 <= self.consumption_tax_percent <= MAX_TAX_PERCENT:
            found.append(f"consumption_tax_percent must be from 0 to {MAX_TAX_PERCENT}")
        return found


class Fee(NamedTuple):
    """``total_yen`` includes ``tax_yen``."""

    total_yen: int
    tax_yen: int


NO_FEE = Fee(0, 0)


def charge_fee(amount_yen: int, rule: FeeRule | None) -> Fee:
    """Return the fee for a bill of ``amount_yen`` (integer yen, at least 0); none without a rule.

    Raises ``ValueError`` for a negative amount."""
    if amount_yen < 0:
        raise ValueError("an amount is not negative")
    if rule is None:
        return NO_FEE
    steps = -(-max(0, amount_yen - rule.first_step_yen) // rule.step_yen)
    before_tax = rule.start_yen + steps * rule.per_step_yen
    hundredths = before_tax * rule.consumption_tax_percent
    lift = {"down": 0, "half_up": 50, "up": 99}[rule.rounding]
    tax = (hundredths + lift) // 100
    return Fee(before_tax + tax, tax)
