"""The three card values (PCI DSS 3.3: security codes are never kept; 3.4.1: BIN and last four)."""

from __future__ import annotations

import hmac
from datetime import date
from typing import Any, NoReturn

from sekisho.vocabulary.digits import passes_luhn, read_digits

MIN_NUMBER_DIGITS = 12
MAX_NUMBER_DIGITS = 19
"""ISO/IEC 7812-1: a card number has at most 19 digits; none in use has fewer than 12."""

BIN_DIGITS = 8
"""Digits of the issuer's part, ISO/IEC 7812-1:2017."""

MAX_EXPIRY_YEARS = 20
"""Furthest expiry believed, in years from now."""

_BRANDS: tuple[tuple[str, int, int, frozenset[int]], ...] = (
    # brand, first and last 4-digit prefix, lengths
    ("visa", 4000, 4999, frozenset({13, 16, 19})),
    ("mastercard", 5100, 5599, frozenset({16})),
    ("mastercard", 2221, 2720, frozenset({16})),
    ("jcb", 3528, 3589, frozenset({16, 17, 18, 19})),
    ("amex", 3400, 3499, frozenset({15})),
    ("amex", 3700, 3799, frozenset({15})),
    ("diners", 3000, 3059, frozenset({14, 15, 16, 17, 18, 19})),
    ("diners", 3095, 3095, frozenset({14, 15, 16, 17, 18, 19})),
    ("diners", 3600, 3699, frozenset({14, 15, 16, 17, 18, 19})),
    ("diners", 3800, 3999, frozenset({14, 15, 16, 17, 18, 19})),
)


class _Secret:
    """Holds clear text in a buffer that ``wipe`` overwrites."""

    __slots__ = ("_clear",)

    def __init__(self, clear: str) -> None:
        self._clear = bytearray(clear.encode("ascii"))

    def clear_text(self) -> str:
        """Return the clear characters. Raises ``ValueError`` after ``wipe``."""
        if not self._clear:
            raise ValueError(f"{type(self).__name__} was wiped")
        return self._clear.decode("ascii")

    def wipe(self) -> None:
        """Overwrite the clear characters; the value is of no use afterwards."""
        for at in range(len(self._clear)):
            self._clear[at] = 0
        self._clear.clear()

    def masked(self) -> str:
        """Return what may be shown."""
        return "*" * len(self._clear)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.masked()}>"

    def __str__(self) -> str:
        return self.masked()

    def __format__(self, spec: str) -> str:
        return self.masked()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return hmac.compare_digest(bytes(self._clear), bytes(other._clear))

    __hash__ = None  # type: ignore[assignment]

    def _refuse(self, *_: Any) -> NoReturn:
        raise TypeError(f"{type(self).__name__} refuses to be pickled or copied")

    __reduce__ = __reduce_ex__ = __getstate__ = __copy__ = __deepcopy__ = _refuse


class CardNumber(_Secret):
    """A primary account number (PAN)."""

    __slots__ = ()

    @classmethod
    def read(cls, typed: str) -> CardNumber:
        """Return the number typed in any spacing and width. Raises ``ValueError`` whose text is
        ``not_digits``, ``length`` or ``check_digit``; it never holds what was typed."""
        try:
            digits = read_digits(typed)
        except ValueError:
            raise ValueError("not_digits") from None
        if not MIN_NUMBER_DIGITS <= len(digits) <= MAX_NUMBER_DIGITS:
            raise ValueError("length")
        if not passes_luhn(digits):
            raise ValueError("check_digit")
        return cls(digits)

    @property
    def last_four(self) -> str:
        """The last four digits, which may be shown (PCI DSS 3.4.1)."""
        return self.clear_text()[-4:]

    @property
    def issuer_bin(self) -> str:
        """The first eight digits (six for a number shorter than 16: PCI FAQ 1091)."""
        digits = self.clear_text()
        return digits[: BIN_DIGITS if len(digits) >= 16 else 6]

    @property
    def brand(self) -> str:
        """``visa``, ``mastercard``, ``jcb``, ``amex``, ``diners`` or ``unknown``."""
        return brand_of(self.clear_text())

    def masked(self) -> str:
        """Return ``************1111``: last four only."""
        return "*" * max(len(self._clear) - 4, 0) + bytes(self._clear[-4:]).decode("ascii")


class SecurityCode(_Secret):
    """A card verification code (sensitive authentication data, PCI DSS 3.3.1)."""

    __slots__ = ()

    @classmethod
    def read(cls, typed: str, *, brand: str) -> SecurityCode:
        """Return the code typed in any width. Raises ``ValueError`` ``not_digits`` or ``length``
        (American Express has four digits, every other brand three)."""
        try:
            digits = read_digits(typed)
        except ValueError:
            raise ValueError("not_digits") from None
        if len(digits) != (4 if brand == "amex" else 3):
            raise ValueError("length")
        return cls(digits)


class CardExpiry(_Secret):
    """An expiry month, kept as ``YYMM`` (ISO 8583 field 14)."""

    __slots__ = ()

    @classmethod
    def read(cls, month: str, year: str, *, today: date) -> CardExpiry:
        """Return the expiry typed as month and two- or four-digit year. Raises ``ValueError``
        ``not_digits``, ``month``, ``year`` or ``past``; a card is good to its month's last day."""
        try:
            typed_month, typed_year = int(read_digits(month)), int(read_digits(year))
        except ValueError:
            raise ValueError("not_digits") from None
        if not 1 <= typed_month <= 12:
            raise ValueError("month")
        full_year = typed_year + 2000 if typed_year < 100 else typed_year
        if not 2000 <= full_year <= today.year + MAX_EXPIRY_YEARS:
            raise ValueError("year")
        if (full_year, typed_month) < (today.year, today.month):
            raise ValueError("past")
        return cls(f"{full_year % 100:02d}{typed_month:02d}")


def brand_of(digits: str) -> str:
    """Return the brand that card ``digits`` belong to by prefix and length, or ``unknown``."""
    if len(digits) < MIN_NUMBER_DIGITS:
        return "unknown"
    prefix = int(digits[:4])
    for brand, first, last, lengths in _BRANDS:
        if first <= prefix <= last and len(digits) in lengths:
            return brand
    return "unknown"
