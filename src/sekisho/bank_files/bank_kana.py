"""Names as Japanese banks write them: half-width kana, capitals, digits and a few signs.

The sets are those of the banks' exchange (全銀協 規定文字): no small kana, no lower case, the long
vowel as a hyphen, voiced marks as characters of their own. In the name of a bank or branch the
hyphen is the only sign, in that of a holder brackets, stop and space too; information for the
receiver (EDI) also has ｦ, the stroke, the yen sign and corner brackets."""

from __future__ import annotations

import unicodedata

_LETTERS = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝﾞﾟABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
BANK_NAME = frozenset(_LETTERS + " ")
HOLDER = frozenset(_LETTERS + " ().")
EDI = frozenset(_LETTERS + " ().ｦ/,｢｣\\")

_FULL_KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲンー゛゜「」、。・"  # noqa: E501
_HALF_KANA = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝ-ﾞﾟ｢｣,.."
_TO_HALF = dict(zip(_FULL_KANA, _HALF_KANA, strict=True)) | {"\u3099": "ﾞ", "\u309a": "ﾟ"}
_SMALL = dict(zip("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ", strict=True))
_SIGNS = {"－": "-", "‐": "-", "―": "-", "−": "-", "ｰ": "-", "¥": "\\", "&": ".", "　": " "}


def to_bank_kana(text: str, allowed: frozenset[str] = HOLDER) -> str:
    """Return ``text`` in the banks' characters ``allowed``: full width to half, hiragana to kana,
    small to large, lower case to capitals, ヲ to ｵ where it has no place. Raises ``ValueError``
    naming the first character that has none (kanji: give the name in kana)."""
    written = []
    for character in unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text)):
        one = _as_kana(character)
        one = _SIGNS.get(one, one)
        one = _TO_HALF.get(_SMALL.get(one, one), one).upper()
        if one == "ｦ" and one not in allowed:
            one = "ｵ"
        if one not in allowed:
            raise ValueError(f"{character!r} has no place in a bank file; write it in kana")
        written.append(one)
    return "".join(written)


def _as_kana(character: str) -> str:
    """Hiragana as katakana; the two blocks lie 0x60 apart."""
    return chr(ord(character) + 0x60) if "\u3041" <= character <= "\u3096" else character
