"""Forms of the sign-in pages; the edge's page rules are made from them."""

from __future__ import annotations

from django import forms

from sekisho.sign_in.passkeys import MAX_ANSWER_CHARACTERS, MAX_PASSKEY_NAME_CHARACTERS
from sekisho.sign_in.rules import MAX_NAME_CHARACTERS, MAX_PASSWORD_CHARACTERS

MAX_BODY_CHARACTERS = 40
MAX_CODE_CHARACTERS = 12
MAX_ID_CHARACTERS = 40


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


class FreshFactor(forms.Form):
    """The second factor, proven for one act: the app's code, or a passkey's answer."""

    code = forms.CharField(max_length=MAX_CODE_CHARACTERS, required=False)
    assertion = forms.CharField(
        max_length=MAX_ANSWER_CHARACTERS, required=False, widget=forms.HiddenInput
    )


FACTOR_KINDS = {"code": "digits", "assertion": "base64"}
"""What the edge lets through in the fields of ``FreshFactor``."""


class AddPasskey(forms.Form):
    """A passkey that the browser made, its name, and the app's code."""

    passkey_name = forms.CharField(max_length=MAX_PASSKEY_NAME_CHARACTERS)
    made = forms.CharField(max_length=MAX_ANSWER_CHARACTERS, widget=forms.HiddenInput)
    code = forms.CharField(max_length=MAX_CODE_CHARACTERS)


class GiveUpPasskey(FreshFactor):
    """Which passkey is given up."""

    passkey = forms.CharField(max_length=MAX_ID_CHARACTERS, widget=forms.HiddenInput)


class ChoosePassword(forms.Form):
    """A password, twice."""

    password = forms.CharField(
        max_length=MAX_PASSWORD_CHARACTERS, strip=False, widget=forms.PasswordInput
    )
    again = forms.CharField(
        max_length=MAX_PASSWORD_CHARACTERS, strip=False, widget=forms.PasswordInput
    )
