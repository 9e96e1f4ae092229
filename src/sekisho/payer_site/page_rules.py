"""What each page takes, for the edge: drawn from the pages' own forms."""

from __future__ import annotations

from sekisho.edge import LOOK_PAGE, FieldRule, PageRule, page_from_form
from sekisho.payer_site import forms
from sekisho.payer_site.pages.wait import MAX_CRES_CHARACTERS
from sekisho.vocabulary.twins import TEST_TOKEN_PREFIX

_HANDLE = r"(?P<secret>[A-Za-z0-9_-]{43})"
_ERRAND = rf"/e/{_HANDLE}/"
_LINK_TOKEN = rf"(?P<secret>(?:{TEST_TOKEN_PREFIX})?[A-Za-z0-9_-]{{43}})"
_TURN = "digits"
_LANGUAGE = FieldRule("lang", "word", max_length=10)
_AGAIN = FieldRule("again", "digits", max_length=1)
_THREE_DS_SESSION_CHARACTERS = 1_024
"""EMV 3-D Secure 2.2, threeDSSessionData: at most 1,024 characters of Base64url."""


def _only_shown(name: str) -> PageRule:
    return PageRule(_ERRAND + name)


def _only_sent(name: str) -> PageRule:
    return page_from_form(_ERRAND + name, forms.StayForm, kinds={"turn": _TURN}, methods=("POST",))


def _of_every_site() -> tuple[PageRule, ...]:
    facts = (
        "turn",
        "color_depth",
        "screen_width",
        "screen_height",
        "time_zone",
        "java_script",
        "proof",
    )
    return (
        LOOK_PAGE,
        PageRule(r"/site/[A-Za-z0-9_/-]{1,200}\.js", query=()),
        PageRule("/"),
        PageRule("/about"),
        page_from_form(
            "/status", forms.FindPaymentForm, kinds={"reference": "word", "number": "reference"}
        ),
        PageRule(rf"/pay/{_LINK_TOKEN}"),
        page_from_form(
            _ERRAND + "bill", forms.AgreeToBillForm, kinds={"turn": _TURN, "email": "email"}
        ),
        _only_shown("card"),
        _only_shown("card/done"),
        _only_sent("card/another"),
        page_from_form(
            _ERRAND + "confirm", forms.ConfirmForm, kinds=dict.fromkeys(facts, "digits")
        ),
        _only_shown("progress"),
        _only_shown("state"),
        _only_shown("challenge"),
        _only_shown("outcome"),
        _only_sent("extend"),
        _only_sent("cancel"),
        PageRule(
            rf"/return/{_HANDLE}",
            methods=("GET", "HEAD", "POST"),
            fields=(
                FieldRule("cres", "base64", max_length=MAX_CRES_CHARACTERS, strict=True),
                FieldRule(
                    "threeDSSessionData", "base64", max_length=_THREE_DS_SESSION_CHARACTERS,
                    strict=True,
                ),
            ),
        ),
    )  # fmt: skip


def _of_bills() -> tuple[PageRule, ...]:
    numbers = (
        "payee_number", "payment_number", "confirmation_number", "category_number", "el_number",
    )  # fmt: skip
    return (page_from_form("/bill", forms.FindBillForm, kinds=dict.fromkeys(numbers, "digits")),)


def _of_policies() -> tuple[PageRule, ...]:
    birth = ("birth_year", "birth_month", "birth_day", "policy_number")
    return (
        page_from_form("/policy", forms.FindPolicyForm, kinds=dict.fromkeys(birth, "digits")),
        page_from_form(
            rf"/card/{_LINK_TOKEN}",
            forms.ChangeCardForm,
            kinds={**dict.fromkeys(birth[:3], "digits"), "handle": "base64"},
        ),
        page_from_form(_ERRAND + "terms", forms.AgreeToTermsForm, kinds={"turn": _TURN}),
        page_from_form(
            _ERRAND + "person",
            forms.PersonForm,
            kinds={
                "turn": _TURN,
                "name": "japanese",
                "kana": "kana",
                "postal_code": "digits",
                "town": "japanese",
                "street": "japanese",
                "building": "japanese",
                "phone": "phone",
                "email": "email",
            },
            also=(FieldRule("find_address", "digits", max_length=1),),
            query=(_LANGUAGE, _AGAIN),
        ),
    )


def page_rules(kind: str) -> tuple[PageRule, ...]:
    """Return the rules of a site of ``kind`` (``bills`` or ``policies``); an address or a field
    that is not in them does not reach the site."""
    return _of_every_site() + (_of_bills() if kind == "bills" else _of_policies())
