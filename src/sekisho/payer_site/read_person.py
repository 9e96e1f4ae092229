"""Pure: what an applicant types about themselves, brought to one form.

Each function raises ``TypedWrong`` with the key of the sentence to show; none keeps a value."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from sekisho.payer_site.errors import TypedWrong
from sekisho.vocabulary.digits import read_digits

MAX_NAME_CHARACTERS = 100
MAX_ADDRESS_CHARACTERS = 200
MAX_EMAIL_CHARACTERS = 254
"""RFC 5321, 4.5.3.1: a path of 256 octets with its angle brackets."""
FIRST_BIRTH_YEAR = 1900
PHONE_DIGITS = (10, 11)

ERAS: dict[str, tuple[int, date, date]] = {
    "reiwa": (2018, date(2019, 5, 1), date.max),
    "heisei": (1988, date(1989, 1, 8), date(2019, 4, 30)),
    "showa": (1925, date(1926, 12, 25), date(1989, 1, 7)),
    "taisho": (1911, date(1912, 7, 30), date(1926, 12, 24)),
}
"""Era to (western year before its first, first day, last day)."""

_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_KANA = re.compile(r"[ァ-ヴー・ ]+")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def _visible(text: str) -> bool:
    """Variation selectors belong to names (IVS); other unseen characters don't."""
    return not any(
        unicodedata.category(c) in _UNSEEN and not 0xE0100 <= ord(c) <= 0xE01EF for c in text
    )


def read_email(text: str) -> str:
    """Return a typed mail address; full-width letters are read as half-width."""
    email = unicodedata.normalize("NFKC", text).strip()
    local = email.partition("@")[0]
    if len(email) > MAX_EMAIL_CHARACTERS or len(local) > 64 or not _EMAIL.fullmatch(email):
        raise TypedWrong("field.email.form")
    return email


def read_name(text: str) -> str:
    """Return a name as written, with one space where there were several."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if len(name) > MAX_NAME_CHARACTERS:
        raise TypedWrong("field.name.length")
    if not _visible(name) or not any(c.isalpha() for c in name) or any(c.isdigit() for c in name):
        raise TypedWrong("field.name.form")
    return name


def read_kana(text: str) -> str:
    """Return a name's reading in full-width katakana; hiragana and half-width kana are turned."""
    kana = " ".join(unicodedata.normalize("NFKC", text).split())
    kana = "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in kana)
    if len(kana) > MAX_NAME_CHARACTERS:
        raise TypedWrong("field.kana.length")
    if not _KANA.fullmatch(kana):
        raise TypedWrong("field.kana.form")
    return kana


def read_postal_code(text: str) -> str:
    """Return seven digits."""
    try:
        digits = read_digits(text.replace("〒", ""))
    except ValueError:
        raise TypedWrong("field.postal_code.form") from None
    if len(digits) != 7:
        raise TypedWrong("field.postal_code.form")
    return digits


def read_address(field: str, text: str) -> str:
    """Return one line of an address."""
    line = " ".join(unicodedata.normalize("NFC", text).split())
    if len(line) > MAX_ADDRESS_CHARACTERS:
        raise TypedWrong(f"field.{field}.length")
    if not _visible(line):
        raise TypedWrong(f"field.{field}.form")
    return line


def read_phone(text: str) -> str:
    """Return a Japanese number in national form, digits only; ``+81`` is read as ``0``."""
    plain = unicodedata.normalize("NFKC", text).strip()
    plain = re.sub(r"^\+81[ -]?\(?0?\)?", "0", plain)
    try:
        digits = read_digits(plain.replace("(", " ").replace(")", " "))
    except ValueError:
        raise TypedWrong("field.phone.form") from None
    if not PHONE_DIGITS[0] <= len(digits) <= PHONE_DIGITS[1] or digits[0] != "0":
        raise TypedWrong("field.phone.form")
    return digits


def _small_number(text: str, field: str) -> int:
    if unicodedata.normalize("NFKC", text).strip() == "元":
        return 1
    try:
        digits = read_digits(text)
    except ValueError:
        raise TypedWrong(f"field.{field}.form") from None
    if not 1 <= len(digits) <= 4 or int(digits) == 0:
        raise TypedWrong(f"field.{field}.form")
    return int(digits)


def read_birth(era: str, year: str, month: str, day: str, *, today: date) -> date:
    """Return a date of birth from its typed parts; ``era`` is ``western`` or a key of ``ERAS``.

    Raises ``TypedWrong``: ``field.birth_*.form`` for a part that is no number,
    ``field.birth.no_such_day``, ``.not_in_era``, ``.future``, ``.too_long_ago``."""
    count = _small_number(year, "birth_year")
    parts = _small_number(month, "birth_month"), _small_number(day, "birth_day")
    western = count if era == "western" else ERAS[era][0] + count
    try:
        born = date(western, *parts)
    except ValueError:
        raise TypedWrong("field.birth.no_such_day") from None
    if era != "western" and not ERAS[era][1] <= born <= ERAS[era][2]:
        raise TypedWrong("field.birth.not_in_era")
    if born > today:
        raise TypedWrong("field.birth.future")
    if born.year < FIRST_BIRTH_YEAR:
        raise TypedWrong("field.birth.too_long_ago")
    return born
