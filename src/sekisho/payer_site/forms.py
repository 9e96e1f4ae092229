"""What each page takes. An error is the key of a sentence in the catalogue; no form keeps or shows
a typed value beyond the answer to its own request.

``browser`` of a field says what its HTML needs; ``parts/field.html`` draws it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from django import forms

from sekisho.payer_site import read_person, read_slip
from sekisho.payer_site.errors import TypedWrong
from sekisho.vocabulary.clock import business_date, now
from sekisho.vocabulary.identifiers import read_reference

MAX_NUMBER_CHARACTERS = 80
"""A number with any spacing; the edge refuses longer fields."""
MAX_TURN_CHARACTERS = 6
MAX_BROWSER_FACT_CHARACTERS = 8
MAX_PROOF_CHARACTERS = 120

Browser = dict[str, Any]


class Typed(forms.CharField):
    """A line of text with what its ``<input>`` needs."""

    def __init__(self, *, longest: int, need: bool = True, **browser: Any) -> None:
        self.browser: Browser = {"type": "text", **browser}
        self.need = need
        super().__init__(required=False, max_length=longest, strip=False)


class SayingForm(forms.Form):
    """A form whose errors are keys of sentences."""

    def read(self, name: str, reader: Callable[[str], Any]) -> Any:
        """Return what ``reader`` makes of field ``name``; note its complaint beside the field."""
        text = str(self.cleaned_data.get(name) or "")
        field = self.fields[name]
        if not text.strip():
            if isinstance(field, Typed) and field.need:
                self.add_error(name, f"field.{name}.missing")
            return None
        try:
            return reader(text)
        except TypedWrong as wrong:
            self.add_error(name, wrong.key)
            return None

    def add_error(self, field: str | None, error: Any) -> None:
        if field is not None and field in self.errors:
            return
        super().add_error(field, error)


def _numbers(longest_digits: int) -> Typed:
    return Typed(
        longest=MAX_NUMBER_CHARACTERS, inputmode="numeric", autocomplete="off",
        look=f"input--digits input--w{longest_digits}",
    )  # fmt: skip


def _read_number(field: str, bounds: tuple[int, int], text: str) -> str:
    return read_slip.read_number(field, text, bounds)


class FindBillForm(SayingForm):
    """The four numbers of the slip, or the eL number that holds all of them."""

    way = forms.ChoiceField(
        choices=[("four", ""), ("el", "")], widget=forms.HiddenInput, required=False
    )
    payee_number = _numbers(6)
    payment_number = _numbers(20)
    confirmation_number = _numbers(6)
    category_number = _numbers(6)
    el_number = Typed(
        longest=MAX_NUMBER_CHARACTERS, inputmode="numeric", autocomplete="off", look="input--digits"
    )

    slip: read_slip.Slip | None = None

    def clean(self) -> None:
        if self.cleaned_data.get("way") == "el":
            self.slip = self.read("el_number", read_slip.read_el_number)
            return
        bounds = {
            "payee_number": read_slip.PAYEE_DIGITS,
            "payment_number": read_slip.PAYMENT_DIGITS,
            "confirmation_number": read_slip.CONFIRMATION_DIGITS,
            "category_number": read_slip.CATEGORY_DIGITS,
        }
        numbers = [self.read(name, partial(_read_number, name, bounds[name])) for name in bounds]
        if not self.errors:
            self.slip = read_slip.Slip(*numbers)


class TurnForm(SayingForm):
    """A form of an errand: its turn says whether it was sent before."""

    turn = forms.CharField(max_length=MAX_TURN_CHARACTERS, widget=forms.HiddenInput, required=False)

    def turn_sent(self) -> int:
        """Return the turn that the form was made for; -1 for none."""
        text = str(self.data.get("turn", ""))
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else -1


class AgreeToBillForm(TurnForm):
    """Agreement and the address for a mail, if one is wanted."""

    email = Typed(
        longest=read_person.MAX_EMAIL_CHARACTERS, need=False, type="email", inputmode="email",
        autocomplete="email",
    )  # fmt: skip
    agree = forms.BooleanField(required=False)

    address: str | None = None

    def clean(self) -> None:
        self.address = self.read("email", read_person.read_email)
        if not self.cleaned_data.get("agree"):
            self.add_error("agree", "field.agree.missing")


class AgreeToTermsForm(TurnForm):
    agree = forms.BooleanField(required=False)

    def clean(self) -> None:
        if not self.cleaned_data.get("agree"):
            self.add_error("agree", "field.agree_terms.missing")


_ERAS = [("western", ""), *((era, "") for era in read_person.ERAS)]


class BirthForm(SayingForm):
    """A date of birth; it leaves this form in a sealed box only."""

    birth_era = forms.ChoiceField(choices=_ERAS, required=False)
    birth_year = Typed(longest=10, inputmode="numeric", autocomplete="off", look="input--w4")
    birth_month = Typed(longest=10, inputmode="numeric", autocomplete="off", look="input--w3")
    birth_day = Typed(longest=10, inputmode="numeric", autocomplete="off", look="input--w3")

    born: date | None = None

    def clean(self) -> None:
        parts = ("birth_year", "birth_month", "birth_day")
        typed = [self.read(part, str) for part in parts]
        if None in typed:
            return
        era = self.cleaned_data.get("birth_era") or "western"
        try:
            self.born = read_person.read_birth(era, *typed, today=business_date(now()))
        except TypedWrong as wrong:
            part = wrong.key.split(".")[1]
            self.add_error(part if part in parts else "birth_year", wrong.key)


class ChangeCardForm(BirthForm):
    """A date of birth, and the handle of the errand that it begins: made with the page, so that a
    form sent twice is one errand."""

    handle = forms.RegexField(
        r"[A-Za-z0-9_-]{43}", max_length=43, required=False, widget=forms.HiddenInput
    )


class FindPolicyForm(BirthForm):
    """Policy number and date of birth."""

    policy_number = _numbers(12)
    field_order = ("policy_number",)

    number: str | None = None

    def clean(self) -> None:
        self.number = self.read(
            "policy_number",
            partial(_read_number, "policy_number", read_slip.POLICY_DIGITS),
        )
        super().clean()


class PersonForm(TurnForm):
    """Who applies. ``items`` is what goes into the box."""

    name = Typed(longest=read_person.MAX_NAME_CHARACTERS, autocomplete="name")
    kana = Typed(longest=read_person.MAX_NAME_CHARACTERS, autocomplete="off")
    postal_code = Typed(
        longest=20, inputmode="numeric", autocomplete="postal-code", look="input--digits input--w8"
    )
    town = Typed(longest=read_person.MAX_ADDRESS_CHARACTERS, autocomplete="address-line1")
    street = Typed(longest=read_person.MAX_ADDRESS_CHARACTERS, autocomplete="address-line2")
    building = Typed(
        longest=read_person.MAX_ADDRESS_CHARACTERS, need=False, autocomplete="address-line3"
    )
    phone = Typed(
        longest=40, type="tel", inputmode="tel", autocomplete="tel", look="input--digits input--w12"
    )
    email = Typed(
        longest=read_person.MAX_EMAIL_CHARACTERS, need=False, type="email", inputmode="email",
        autocomplete="email",
    )  # fmt: skip

    items: dict[str, str] | None = None

    def clean(self) -> None:
        read = {
            "name": self.read("name", read_person.read_name),
            "kana": self.read("kana", read_person.read_kana),
            "postal_code": self.read("postal_code", read_person.read_postal_code),
        }
        lines = [
            self.read(line, partial(read_person.read_address, line))
            for line in ("town", "street", "building")
        ]
        read["phone"] = self.read("phone", read_person.read_phone)
        read["email"] = self.read("email", read_person.read_email)
        if not self.errors:
            read["address"] = " ".join(line for line in lines if line)
            self.items = {kind: value for kind, value in read.items() if value}


class PostalCodeForm(SayingForm):
    """The postal code alone, for the button that searches the address."""

    postal_code = PersonForm.base_fields["postal_code"]

    code: str | None = None

    def clean(self) -> None:
        self.code = self.read("postal_code", read_person.read_postal_code)


class ConfirmForm(TurnForm):
    """What a script may add about the browser (EMV 3-D Secure 2.2, table A.1); empty without."""

    java_script = forms.CharField(
        max_length=MAX_BROWSER_FACT_CHARACTERS, widget=forms.HiddenInput, required=False
    )
    color_depth = forms.CharField(
        max_length=MAX_BROWSER_FACT_CHARACTERS, widget=forms.HiddenInput, required=False
    )
    screen_width = forms.CharField(
        max_length=MAX_BROWSER_FACT_CHARACTERS, widget=forms.HiddenInput, required=False
    )
    screen_height = forms.CharField(
        max_length=MAX_BROWSER_FACT_CHARACTERS, widget=forms.HiddenInput, required=False
    )
    time_zone = forms.CharField(
        max_length=MAX_BROWSER_FACT_CHARACTERS, widget=forms.HiddenInput, required=False
    )
    proof = forms.CharField(
        max_length=MAX_PROOF_CHARACTERS, widget=forms.HiddenInput, required=False
    )
    """For the puzzle of the card-testing guard: eight numbers, hyphens between."""


class FindPaymentForm(SayingForm):
    """Reference and the number that the payment was for."""

    reference = Typed(longest=40, autocomplete="off", look="input--digits input--w20")
    number = Typed(longest=40, autocomplete="off", look="input--digits input--w20")

    reference_read: str | None = None
    number_read: str | None = None

    def clean(self) -> None:
        self.reference_read = self.read("reference", _read_reference)
        self.number_read = self.read("number", _read_paid_number)


_BODYS_REFERENCE = re.compile(r"(?=.*[A-Za-z._])[A-Za-z0-9._-]{1,40}")
"""What a client body calls a payment that it asked for by a link."""


def _read_paid_number(text: str) -> str:
    """A slip's or policy's number, or the client body's own reference."""
    typed = unicodedata.normalize("NFKC", text).strip()
    if _BODYS_REFERENCE.fullmatch(typed):
        return typed
    digits = (read_slip.POLICY_DIGITS[0], read_slip.PAYMENT_DIGITS[1])
    return _read_number("number", digits, text)


def _read_reference(text: str) -> str:
    try:
        return read_reference(text)
    except ValueError:
        raise TypedWrong("field.reference.form") from None


class StayForm(TurnForm):
    """Buttons that need nothing but to be pressed: extend, cancel, another card."""

    page = forms.ChoiceField(
        choices=[("card", ""), ("confirm", "")], widget=forms.HiddenInput, required=False
    )
