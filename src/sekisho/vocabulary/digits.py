"""Digits as people type them: any spacing, any dash, half or full width."""

import unicodedata

MAX_TYPED_CHARACTERS = 200
"""Longest text that is read as digits, in characters: more is not a number."""

_SEPARATORS = frozenset(" \t\u3000\u00a0\u2009\u202f-‐‑‒–—―−－ー・.")


def read_digits(text: str) -> str:
    """Return the digits of ``text`` as ASCII, with spaces, dashes and dots left out.

    Raises ``ValueError`` naming the first character that is neither digit nor separator."""
    if len(text) > MAX_TYPED_CHARACTERS:
        raise ValueError(f"longer than {MAX_TYPED_CHARACTERS} characters")
    digits = []
    for at, character in enumerate(text, start=1):
        if character in _SEPARATORS or character.isspace():
            continue
        normal = unicodedata.normalize("NFKC", character)
        # Circled and superscript digits normalise to digits too, but nobody types a number so.
        if unicodedata.category(character) != "Nd" or normal not in "0123456789":
            raise ValueError(f"character {at} is not a digit")
        digits.append(normal)
    return "".join(digits)


def passes_luhn(digits: str) -> bool:
    """Return whether ASCII ``digits`` end in the right check digit (ISO/IEC 7812-1 annex B)."""
    total = 0
    for at, digit in enumerate(reversed(digits)):
        value = ord(digit) - 48
        if at % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return bool(digits) and total % 10 == 0
