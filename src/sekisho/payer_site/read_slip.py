"""Pure: the numbers of a payment slip, as payers type them."""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.payer_site.errors import TypedWrong
from sekisho.vocabulary.digits import read_digits

PAYEE_DIGITS = (5, 5)
PAYMENT_DIGITS = (14, 20)
CONFIRMATION_DIGITS = (6, 6)
CATEGORY_DIGITS = (1, 10)
POLICY_DIGITS = (6, 12)
EL_PARTS_DIGITS = (5, 20, 6, 3)
"""An eL number is payee, payment, confirmation and category number in one, 34 digits."""


@dataclass(frozen=True, slots=True)
class Slip:
    payee_number: str
    payment_number: str
    confirmation_number: str
    category_number: str


def read_number(field: str, text: str, bounds: tuple[int, int]) -> str:
    """Return typed digits (any spacing, half or full width) as ASCII.

    Raises ``TypedWrong`` with ``field.<field>.missing``, ``.not_digits`` or ``.length``."""
    if not text.strip():
        raise TypedWrong(f"field.{field}.missing")
    try:
        digits = read_digits(text)
    except ValueError:
        raise TypedWrong(f"field.{field}.not_digits") from None
    if not bounds[0] <= len(digits) <= bounds[1]:
        raise TypedWrong(f"field.{field}.length")
    return digits


def read_el_number(text: str) -> Slip:
    """Return the four numbers inside an eL number. Raises ``TypedWrong`` as ``read_number``."""
    length = sum(EL_PARTS_DIGITS)
    digits = read_number("el_number", text, (length, length))
    parts, at = [], 0
    for size in EL_PARTS_DIGITS:
        parts.append(digits[at : at + size])
        at += size
    return Slip(*parts)
