"""Forms of the sign-in pages; the edge's page rules are made from them."""

from __future__ import annotations

from django import forms

from sekisho.sign_in.rules import MAX_NAME_CHARACTERS, MAX_PASSWORD_CHARACTERS

MAX_BODY_CHARACTERS = 40
MAX_CODE_CHARACTERS = 12


class OperatorSignIn(forms.Form):
    """Name and password."""

    name = forms.CharField(max_length=MAX_NAME_CHARACTERS)
    password = forms.CharField(
        max_length=MAX_PASSWORD_CHARACTERS, strip=False, widget=forms.PasswordInput
    )


class StaffSignIn(OperatorSignIn):
    """Organisation, name and password."""

    client_body = forms.CharField(max_length=MAX_BODY_CHARACTERS)


class Code(forms.Form):
    """The code that the authenticator app shows."""

    code = forms.CharField(max_length=MAX_CODE_CHARACTERS)


class ChoosePassword(forms.Form):
    """A password, twice."""

    password = forms.CharField(
        max_length=MAX_PASSWORD_CHARACTERS, strip=False, widget=forms.PasswordInput
    )
    again = forms.CharField(
        max_length=MAX_PASSWORD_CHARACTERS, strip=False, widget=forms.PasswordInput
    )
