"""The five fields of the card form, and what is wrong with what was typed.

Any spacing and width is read. What was typed into number and code never goes back into a page, an
error or a log: an error is a word such as ``length``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from sekisho.card_secrets import CardExpiry, CardNumber, SecurityCode
from sekisho.vault.limits import (
    MAX_CARDHOLDER_CHARACTERS,
    MAX_CODE_CHARACTERS,
    MAX_EXPIRY_CHARACTERS,
    MAX_NUMBER_CHARACTERS,
)
from sekisho.vault.take_card import EnteredCard
from sekisho.vocabulary.digits import read_digits

NAME_PATTERN = r"[A-Za-z]+(?:[ .'\-]+[A-Za-z]+)*\.?"
"""EMV 3-D Secure 2.2, cardholderName: the Latin letters that cards are embossed with."""

_NAME = re.compile(NAME_PATTERN)
_APOSTROPHES = str.maketrans("’‘`´", "''''")


class CardFields(forms.Form):
    """Reads a card. ``errors`` tells, by field, one word of ``words.toml``."""

    number = forms.CharField(max_length=MAX_NUMBER_CHARACTERS)
    expiry_month = forms.CharField(max_length=MAX_EXPIRY_CHARACTERS)
    expiry_year = forms.CharField(max_length=MAX_EXPIRY_CHARACTERS)
    code = forms.CharField(max_length=MAX_CODE_CHARACTERS)
    name = forms.CharField(max_length=MAX_CARDHOLDER_CHARACTERS)

    def __init__(self, typed: Any, *, brands: Collection[str], today: date) -> None:
        super().__init__(typed)
        self._brands = brands
        self._today = today

    def clean_number(self) -> CardNumber:
        number = _read(lambda: CardNumber.read(self.cleaned_data["number"]))
        if number.brand not in self._brands:
            raise ValidationError("", code="brand")
        return number

    def clean_expiry_month(self) -> str:
        month = _digits(self.cleaned_data["expiry_month"])
        if not 1 <= int(month) <= 12:
            raise ValidationError("", code="month")
        return month

    def clean_expiry_year(self) -> str:
        return _digits(self.cleaned_data["expiry_year"], otherwise="year")

    def clean_name(self) -> str:
        text = unicodedata.normalize("NFKC", self.cleaned_data["name"]).translate(_APOSTROPHES)
        name = " ".join(text.split()).upper()
        if not 2 <= len(name) <= MAX_CARDHOLDER_CHARACTERS or not _NAME.fullmatch(name):
            raise ValidationError("", code="letters")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = dict(self.cleaned_data)
        if {"expiry_month", "expiry_year"} <= cleaned.keys():
            month, year = cleaned["expiry_month"], cleaned["expiry_year"]
            try:
                cleaned["expiry"] = CardExpiry.read(month, year, today=self._today)
            except ValueError as wrong:
                self.add_error(_place_of(str(wrong)), ValidationError("", code=str(wrong)))
        if "code" in cleaned and "number" in cleaned:
            try:
                code = SecurityCode.read(cleaned["code"], brand=cleaned["number"].brand)
                cleaned["security_code"] = code
            except ValueError as wrong:
                self.add_error("code", ValidationError("", code=str(wrong)))
        cleaned.pop("code", None)
        return cleaned

    def card(self) -> EnteredCard:
        """Return what was entered. Raises ``KeyError`` while something is wrong."""
        return EnteredCard(
            number=self.cleaned_data["number"],
            expiry=self.cleaned_data["expiry"],
            code=self.cleaned_data["security_code"],
            cardholder_name=self.cleaned_data["name"],
        )

    def faults(self) -> dict[str, str]:
        """Return the first fault of each field, as a word, in the order of the page."""
        found: Mapping[str, Any] = self.errors.as_data()
        return {name: _word(name, found[name][0].code) for name in self.fields if name in found}

    def shown_again(self) -> dict[str, str]:
        """Return what may go back into the page: never number or code."""
        kept = ("expiry_month", "expiry_year", "name")
        return {name: str(self.data.get(name, ""))[:MAX_CARDHOLDER_CHARACTERS] for name in kept}


class PaperFields(CardFields):
    """Reads a card from paper: number and expiry. There is no security code on paper, and none is
    asked for (PCI DSS 3.3.1)."""

    code = None  # type: ignore[assignment]  # Django's way to take a field out
    name = None  # type: ignore[assignment]

    def card(self) -> EnteredCard:
        """Return what was entered. Raises ``KeyError`` while something is wrong."""
        return EnteredCard(
            number=self.cleaned_data["number"],
            expiry=self.cleaned_data["expiry"],
            code=None,
            cardholder_name="",
        )


def _read(reading: Any) -> CardNumber:
    try:
        number: CardNumber = reading()
    except ValueError as wrong:
        raise ValidationError("", code=str(wrong)) from None
    return number


def _digits(typed: str, *, otherwise: str = "not_digits") -> str:
    try:
        digits = read_digits(typed)
    except ValueError:
        raise ValidationError("", code=otherwise) from None
    if not digits:
        raise ValidationError("", code=otherwise)
    return digits


def _place_of(fault: str) -> str:
    return "expiry_year" if fault == "year" else "expiry_month"


_TOO_LONG = {"number": "length", "code": "length", "name": "letters", "expiry_year": "year"}
_NOT_PLAIN = {"name": "letters", "expiry_year": "year"}


def _word(field: str, code: str | None) -> str:
    if code == "max_length":
        return _TOO_LONG.get(field, "not_digits")
    if code == "null_characters_not_allowed":
        return _NOT_PLAIN.get(field, "not_digits")
    return code or "required"
