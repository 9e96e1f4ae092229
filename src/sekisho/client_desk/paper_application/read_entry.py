"""Reads what a clerk types from an application on paper, and closes it in a box that only the vault
opens. Nothing of it is kept, shown again after its request, or written to a log.

Two clerks who read the same paper must come to the same text, so what is the same to a reader is
brought to one form here: full width and half width, hiragana and katakana in the reading, spaces,
the parts of a number. The kanji of a name stay exactly as typed, variants too."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Any, NamedTuple

from django import forms

from sekisho.bill_files.errors import Problem, ValueRefused
from sekisho.bill_files.read_dates import MAX_DATE_CHARACTERS, read_date
from sekisho.bill_files.sentences import tell
from sekisho.crossings.sealing import items_purpose, seal
from sekisho.vocabulary.digits import read_digits

MAX_NUMBER_CHARACTERS = 40
MAX_NAME_CHARACTERS = 100
MAX_ADDRESS_CHARACTERS = 200
MAX_PHONE_CHARACTERS = 40
MAX_EMAIL_CHARACTERS = 254
"""RFC 5321, 4.5.3.1."""

POLICY_DIGITS = (6, 12)
POSTAL_DIGITS = 7
PHONE_DIGITS = (10, 11)

_KANA = re.compile(r"[ァ-ヴー・ ]+")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class EntryForm(forms.Form):
    """One entry, as typed. ``key`` was made with the page: sent twice it is one application."""

    key = forms.RegexField(r"[A-Za-z0-9_-]{43}", max_length=43, widget=forms.HiddenInput)
    policy_number = forms.CharField(max_length=MAX_NUMBER_CHARACTERS, required=False)
    applied_on = forms.CharField(max_length=MAX_DATE_CHARACTERS, required=False)
    name = forms.CharField(max_length=MAX_NAME_CHARACTERS, required=False)
    kana = forms.CharField(max_length=MAX_NAME_CHARACTERS, required=False)
    date_of_birth = forms.CharField(max_length=MAX_DATE_CHARACTERS, required=False)
    postal_code = forms.CharField(max_length=MAX_NUMBER_CHARACTERS, required=False)
    address = forms.CharField(max_length=MAX_ADDRESS_CHARACTERS, required=False)
    phone = forms.CharField(max_length=MAX_PHONE_CHARACTERS, required=False)
    email = forms.CharField(max_length=MAX_EMAIL_CHARACTERS, required=False)


ENTRY_KINDS = {
    "key": "base64",
    "policy_number": "digits",
    "applied_on": "japanese",
    "name": "japanese",
    "kana": "kana",
    "date_of_birth": "japanese",
    "postal_code": "digits",
    "address": "japanese",
    "phone": "phone",
    "email": "email",
}
"""What the edge lets through in the fields of ``EntryForm``."""

FIELDS = tuple(name for name in EntryForm.base_fields if name != "key")


class Entry(NamedTuple):
    """What was read: the rest is in the box."""

    policy_number: str
    applied_on: date
    box: bytes


class EntryWrong(Exception):
    """Some fields can't be read. ``faults``: by field, what is wrong and what to do."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(", ".join(faults))
        self.faults = faults


class _Wrong(Exception):
    """A field's value; the code is a key of the desk's words (``paper_wrong_<code>``)."""


def read_entry(
    form: EntryForm,
    words: dict[str, Any],
    language: str,
    *,
    vault_key: bytes,
    client_body: str,
    needs_number: bool = True,
) -> Entry:
    """Return what was typed, the personal items in a box for ``client_body``. Raises
    ``EntryWrong``."""
    form.is_valid()
    faults: dict[str, str] = {}
    items: dict[str, Any] = {}
    for field in FIELDS:
        text = str(form.data.get(field, ""))
        if not text.strip():
            if field != "email" and (needs_number or field != "policy_number"):
                faults[field] = words["paper_wrong_missing"]
            continue
        try:
            if field in form.errors:
                raise _Wrong("length")
            items[field] = _READERS[field](text)
        except _Wrong as wrong:
            faults[field] = words[f"paper_wrong_{wrong}"]
        except ValueRefused as refused:
            told = tell(Problem(0, field, refused.code, refused.facts), language)
            faults[field] = f"{told.what} {told.to_do}"
    if faults:
        raise EntryWrong(faults)
    number, applied_on = items.pop("policy_number", ""), items.pop("applied_on")
    box = seal(vault_key, items, purpose=items_purpose(client_body))
    return Entry(number, applied_on, box)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _digits(text: str, least: int, most: int, code: str) -> str:
    try:
        digits = read_digits(text)
    except ValueError:
        raise _Wrong(code) from None
    if not least <= len(digits) <= most:
        raise _Wrong(code)
    return digits


def _line(text: str) -> str:
    line = " ".join(unicodedata.normalize("NFC", text).split())
    # Variation selectors belong to names (IVS); other unseen characters don't.
    if any(unicodedata.category(c) in _UNSEEN and not 0xE0100 <= ord(c) <= 0xE01EF for c in line):
        raise _Wrong("unseen")
    return line


def _name(text: str) -> str:
    name = _line(text)
    if not any(c.isalpha() for c in name) or any(c.isdigit() for c in name):
        raise _Wrong("name")
    return name


def _kana(text: str) -> str:
    kana = " ".join(_plain(text).split())
    kana = "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in kana)
    if not _KANA.fullmatch(kana):
        raise _Wrong("kana")
    return kana


def _phone(text: str) -> str:
    plain = re.sub(r"^\+81[ -]?\(?0?\)?", "0", _plain(text)).replace("(", " ").replace(")", " ")
    digits = _digits(plain, *PHONE_DIGITS, "phone")
    if digits[0] != "0":
        raise _Wrong("phone")
    return digits


_READERS: dict[str, Any] = {
    "policy_number": lambda text: _digits(text, *POLICY_DIGITS, "policy_number"),
    "applied_on": read_date,
    "name": _name,
    "kana": _kana,
    "date_of_birth": lambda text: read_date(text).isoformat(),
    "postal_code": lambda text: _digits(
        text.replace("〒", ""), POSTAL_DIGITS, POSTAL_DIGITS, "postal_code"
    ),
    "address": _line,
    "phone": _phone,
    "email": _plain,
}
