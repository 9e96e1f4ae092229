"""Single values of a row: digits, amounts, texts, yes or no. Pure; each raises ``ValueRefused``."""

from __future__ import annotations

import re
import unicodedata

from sekisho.bill_files.errors import ValueRefused
from sekisho.vocabulary.digits import passes_luhn, read_digits
from sekisho.vocabulary.money import MAX_AMOUNT_YEN

MAX_TEXT_CHARACTERS = 60
"""Longest name of a tax item or product, in characters: one line on a phone and on a slip."""

_ASCII_DIGITS = re.compile(r"[0-9]+")
_AMOUNT = re.compile(r"[¥\\]?([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)円?")
_HALF_WIDTH_KANA = re.compile(r"[\uff61-\uff9f]+")
_VOICED_APART = re.compile(r".[\u3099\u309a]")
"""A kana and its voicing mark as two characters. Only these are composed: full NFC would also turn
compatibility kanji such as U+FA19 into others, and a name is not ours to respell."""
_LONG_DIGITS = re.compile(r"(?:[0-9][ -]?){13,19}")
_PLAIN_TEXT = re.compile(r"[ -~ぁ-んァ-ヶー一-龠々・、。（）　]*")
_YES = frozenset({"1", "TRUE", "YES", "Y", "○", "〇", "はい", "有"})
_NO = frozenset({"", "0", "FALSE", "NO", "N", "×", "いいえ", "無"})


def read_number(text: str, shortest: int, longest: int) -> str:
    """Return a printed number as ASCII digits, ``shortest`` to ``longest`` of them."""
    if not (text.isascii() and text.isdigit()):
        try:
            text = read_digits(text)
        except ValueError:
            raise ValueRefused("not_digits") from None
        if not text:
            raise ValueRefused("missing")
    if not shortest <= len(text) <= longest:
        wanted = str(shortest) if shortest == longest else f"{shortest}-{longest}"
        raise ValueRefused("wrong_length", found=len(text), wanted=wanted)
    return text


def read_amount(text: str, *, least: int = 1) -> int:
    """Return whole yen from ``12345``, ``12,345``, ``¥12,345``, ``１２，３４５円``."""
    if len(text) > MAX_TEXT_CHARACTERS:
        raise ValueRefused("amount_unreadable")
    match = _AMOUNT.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if match is None:
        raise ValueRefused("amount_unreadable")
    amount = int(match[1].replace(",", ""))
    if not least <= amount <= MAX_AMOUNT_YEN:
        raise ValueRefused("amount_out_of_bounds", least=least, most=f"{MAX_AMOUNT_YEN:,}")
    return amount


def read_month(text: str) -> int:
    """Return a month, 1 to 12, from ``4``, ``04`` or ``4月``."""
    plain = unicodedata.normalize("NFKC", text[:MAX_TEXT_CHARACTERS]).strip().removesuffix("月")
    if _ASCII_DIGITS.fullmatch(plain) is None:
        raise ValueRefused("not_digits")
    if len(plain) > 2 or not 1 <= int(plain) <= 12:
        raise ValueRefused("number_out_of_bounds", least=1, most=12)
    return int(plain)


def read_yes_no(text: str) -> bool:
    """Return whether the field says yes; nothing is no."""
    plain = unicodedata.normalize("NFKC", text[:MAX_TEXT_CHARACTERS]).strip().upper()
    if plain in _YES:
        return True
    if plain in _NO:
        return False
    raise ValueRefused("yes_no_unreadable")


def read_text(text: str, *, most: int = MAX_TEXT_CHARACTERS) -> str:
    """Return a text of people's words, half-width kana made full-width, voicing marks composed.

    Every standard character may stand in it, those of JIS X 0213, beyond the first plane and with
    variation selectors too; control, bidirectional and locally made ones may not, nor a card
    number (PCI DSS 3.4.1: it would be shown in clear)."""
    text = text.strip()
    if not _PLAIN_TEXT.fullmatch(text):
        text = _HALF_WIDTH_KANA.sub(lambda kana: unicodedata.normalize("NFKC", kana[0]), text)
        text = _VOICED_APART.sub(lambda pair: unicodedata.normalize("NFC", pair[0]), text)
        _refuse_unshowable(text)
    if len(text) > most:
        raise ValueRefused("text_too_long", found=len(text), most=most)
    _refuse_card_number(text)
    return text


def _refuse_unshowable(text: str) -> None:
    for character in text:
        kind = unicodedata.category(character)
        if kind in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            raise ValueRefused("characters_invisible", point=f"{ord(character):04X}")
        if kind == "Co" or (kind == "Cn" and ord(character) & 0xFFFE == 0xFFFE):
            raise ValueRefused("characters_private", point=f"{ord(character):04X}")


def _refuse_card_number(text: str) -> None:
    for run in _LONG_DIGITS.finditer(unicodedata.normalize("NFKC", text)):
        digits = "".join(character for character in run[0] if character.isdigit())
        if passes_luhn(digits):
            raise ValueRefused("looks_like_card_number")
