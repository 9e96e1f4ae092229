"""What a typed personal item may be. The site checks for the payer's comfort; the vault checks
because code in the site may be anybody's."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Literal

from sekisho.vault.errors import ItemInvalid
from sekisho.vault.limits import MAX_ITEM_BYTES

BOX_KINDS = frozenset({"email", "name", "kana", "date_of_birth", "postal_code", "address", "phone"})
"""Kinds that come in a sealed box. Card items come through the card form alone: a site that got
hold of a number can't put it here."""

FIRST_BIRTH_YEAR = 1900

MAX_CHARACTERS = {
    "email": 254,
    "name": 100,
    "kana": 100,
    "date_of_birth": 10,
    "postal_code": 16,
    "address": 400,
    "phone": 32,
}
"""Longest value by kind, in characters; 254 for an address is RFC 5321, 4.5.3.1."""

_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_SHAPES = {
    "postal_code": re.compile(r"[0-9]{3}-?[0-9]{4}"),
    "phone": re.compile(r"\+?[0-9][0-9() -]{5,30}"),
}


def check_item(kind: str, value: str, *, today: date) -> str:
    """Return ``value`` as it is kept (NFKC for machine-read kinds, NFC else, no space around).

    Raises ``ItemInvalid`` naming the kind and the rule, never the value. ``today`` bounds dates of
    birth."""
    if kind not in BOX_KINDS:
        raise ItemInvalid(kind if kind.isidentifier() and len(kind) < 40 else "?", "not a kind")
    form: Literal["NFC", "NFKC"] = "NFC" if kind in ("name", "kana", "address") else "NFKC"
    text = unicodedata.normalize(form, value).strip()
    if not 0 < len(text) <= MAX_CHARACTERS[kind] or len(text.encode()) > MAX_ITEM_BYTES:
        raise ItemInvalid(kind, f"needs 1 to {MAX_CHARACTERS[kind]} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Co", "Zl", "Zp") for character in text):
        raise ItemInvalid(kind, "holds a control character")
    if kind == "email" and not _EMAIL.fullmatch(text):
        raise ItemInvalid(kind, "is not a mail address of this form: name@example.jp")
    if kind == "date_of_birth":
        return _birth(text, today)
    shape = _SHAPES.get(kind)
    if shape is not None and not shape.fullmatch(text):
        raise ItemInvalid(kind, "has not the form of its kind")
    return text


def _birth(text: str, today: date) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ItemInvalid("date_of_birth", "is not a date of this form: 1970-01-31") from None
    if not day.year >= FIRST_BIRTH_YEAR or day > today:
        raise ItemInvalid("date_of_birth", f"lies before {FIRST_BIRTH_YEAR} or in the future")
    return day.isoformat()
