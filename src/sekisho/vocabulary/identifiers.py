"""Identifiers: time-ordered ones for records, random ones for secrets, short ones for people."""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no i, l, o, u, so that nobody misreads one over the telephone."""

TOKEN_BYTES = 32
"""Entropy of a bearer token, in bytes (256 bits: cannot be guessed or enumerated)."""

REFERENCE_DIGITS = 12
"""Random base-32 digits of a payer's reference (60 bits), before its check digit."""


def _base32(number: int, digits: int) -> str:
    text = []
    for _ in range(digits):
        number, digit = divmod(number, 32)
        text.append(_ALPHABET[digit])
    return "".join(reversed(text))


def new_id(prefix: str) -> str:
    """Return ``prefix_`` and 26 base-32 digits: 48 bits of milliseconds, 80 random bits.

    Ordered by time so that index pages stay hot; random enough that no id tells another."""
    number = (int(time.time() * 1000) << 80) | secrets.randbits(80)
    return f"{prefix}_{_base32(number, 26)}"


def new_token() -> str:
    """Return a random URL-safe bearer token of ``TOKEN_BYTES`` bytes of entropy."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def _check_digit(digits: str) -> str:
    total = 0
    for digit in digits:
        total = (total * 32 + _ALPHABET.index(digit)) % 31
    return _ALPHABET[total]


def new_reference() -> str:
    """Return a payer's reference such as ``7K3M-9QXD-2F4H-T``: 60 random bits, one check digit."""
    digits = _base32(secrets.randbits(5 * REFERENCE_DIGITS), REFERENCE_DIGITS)
    return show_reference(digits + _check_digit(digits))


def show_reference(digits: str) -> str:
    """Return a reference in groups of four, upper case."""
    upper = digits.upper()
    return "-".join(upper[at : at + 4] for at in range(0, len(upper), 4))


def read_reference(text: str) -> str:
    """Return a typed reference in its shown form; i, l, o are read as 1, 1, 0.

    Raises ``ValueError`` when it has not the length or its check digit is wrong."""
    digits = "".join(text.lower().split()).replace("-", "").translate(str.maketrans("ilo", "110"))
    if len(digits) != REFERENCE_DIGITS + 1 or any(digit not in _ALPHABET for digit in digits):
        raise ValueError(f"a reference has {REFERENCE_DIGITS + 1} letters and digits")
    if _check_digit(digits[:-1]) != digits[-1]:
        raise ValueError("the reference has a mistyped letter or digit")
    return show_reference(digits)
