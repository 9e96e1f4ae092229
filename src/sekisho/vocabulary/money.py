"""Money is integer yen: JPY has no minor unit (ISO 4217: exponent 0)."""

from typing import NewType

Yen = NewType("Yen", int)

MAX_AMOUNT_YEN = 99_999_999
"""Largest single amount, in yen: a bill's total must fit the 12 digits of ISO 8583 field 4 and
stays far below what any card allows; a larger figure is a typing error, not a payment."""


def yen(value: int) -> Yen:
    """Return ``value`` (int, yen) as money. Raises ``ValueError`` when it is not a whole number
    from 0 to ``MAX_AMOUNT_YEN``; ``bool`` and ``float`` are refused."""
    if type(value) is not int:
        raise ValueError(f"amount must be a whole number of yen, not {type(value).__name__}")
    if not 0 <= value <= MAX_AMOUNT_YEN:
        raise ValueError(f"amount must be from 0 to {MAX_AMOUNT_YEN:,} yen")
    return Yen(value)


def show_yen(amount: int, language: str = "ja") -> str:
    """Return an amount (int, yen) as people write it: ``12,345円`` or ``¥12,345``."""
    return f"{amount:,}円" if language == "ja" else f"¥{amount:,}"
