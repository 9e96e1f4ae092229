"""Keyed fingerprints: equal items can be counted and compared without being read.

HMAC-SHA-256 with a key of its own per purpose (PCI DSS 3.5.1.1: a keyed hash of the whole number).
Card numbers share one key over all client bodies, kept inside the key store, so that one card that
is tried at ten sites is seen as one card; every other kind has a key per client body, so that two
bodies can't join their people. A fingerprint is never an index key given out, and never stored
beside a truncated number.

Normalised before hashing, so that one person typed twice is counted once:

| kind | rule |
|---|---|
| card_number | ASCII digits |
| email | NFKC, no space around, lower case |
| name, address | NFKC, lower case, no white space, every dash one dash |
| kana | as name, hiragana as katakana |
| phone | ASCII digits, leading +81 as 0 |
| postal_code | ASCII digits |
| date_of_birth | ISO 8601 |
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

from sekisho.vocabulary.digits import read_digits

CARD_PURPOSE = "card number, all client bodies"

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−ー－ｰ"), "-")
_TO_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}
_DIGIT_KINDS = frozenset({"card_number", "card_expiry", "postal_code"})


def normalise(kind: str, value: str) -> str:
    """Return ``value`` as it is hashed (the table above). Raises ``ValueError`` for digits that
    are none."""
    if kind in _DIGIT_KINDS:
        return read_digits(value)
    if kind == "phone":
        return _phone(value)
    text = unicodedata.normalize("NFKC", value).strip().lower()
    if kind in ("email", "date_of_birth"):
        return text
    if kind == "kana":
        # Before the dashes: the long-vowel mark is one of them, in either script.
        text = text.translate(_TO_KATAKANA)
    return "".join(text.translate(_DASHES).split())


def _phone(value: str) -> str:
    text = unicodedata.normalize("NFKC", value).strip()
    foreign = text.startswith("+")
    digits = read_digits(text.lstrip("+").replace("(", " ").replace(")", " "))
    return "0" + digits[2:] if foreign and digits.startswith("81") else digits


def message_of(purpose: str, kind: str, value: str) -> bytes:
    """Return the bytes that are hashed: purpose and kind first, so that no two kinds collide."""
    return f"{purpose}\0{kind}\0{normalise(kind, value)}".encode()


def fingerprint(key: bytes | bytearray, client_body: str, kind: str, value: str) -> bytes:
    """Return the 32-byte fingerprint of an item of ``client_body`` under that body's key."""
    return hmac.new(key, message_of(client_body, kind, value), hashlib.sha256).digest()


def same(one: bytes, other: bytes) -> bool:
    """Return whether two fingerprints are equal, in constant time."""
    return hmac.compare_digest(one, other)
