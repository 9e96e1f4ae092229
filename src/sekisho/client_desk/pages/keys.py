"""The page of API keys: made, replaced and revoked by an administrator with a fresh second factor;
a key is shown once, on the page that answers its making."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from sekisho.client_desk.keys import rules
from sekisho.client_desk.keys.hold_keys import (
    list_keys,
    make_key,
    revoke_key,
    rotate_key,
    state_of,
)
from sekisho.client_desk.keys.rules import KeyRefused
from sekisho.client_desk.pages.desk import the_desk
from sekisho.client_desk.pages.menu import ADMINISTRATOR
from sekisho.client_desk.records.api_models import MAX_KEY_NAME_CHARACTERS, ApiKey
from sekisho.edge import PageRule, page_from_form
from sekisho.sign_in.forms import FACTOR_KINDS, FreshFactor
from sekisho.sign_in.gate import NotAdmitted
from sekisho.vocabulary.clock import now

DAYS = (30, 90, rules.DEFAULT_EXPIRY_DAYS)
OVERLAPS = (0, 1, rules.DEFAULT_OVERLAP_HOURS, rules.MAX_OVERLAP_HOURS)
MODES = ("test", "live")


class MakeKey(FreshFactor):
    """A key's name, what it may do, how long."""

    key_name = forms.CharField(max_length=MAX_KEY_NAME_CHARACTERS)
    mode = forms.ChoiceField(choices=[(mode, mode) for mode in MODES])
    scopes = forms.MultipleChoiceField(choices=[(scope, scope) for scope in rules.SCOPES])
    days = forms.TypedChoiceField(choices=[(str(n), str(n)) for n in DAYS], coerce=int)


class RotateKey(FreshFactor):
    """How long the former key goes on working."""

    overlap = forms.TypedChoiceField(choices=[(str(n), str(n)) for n in OVERLAPS], coerce=int)


class RevokeKey(FreshFactor):
    """Nothing but who it is."""


def show_keys(request: HttpRequest) -> HttpResponse:
    """Every key of the body, and the form for another one."""
    if request.method == "POST":
        return _make(request)
    return _page(request)


def _page(request: HttpRequest, status: int = 200, why: str = "", **facts: Any) -> HttpResponse:
    person: Any = request.person  # type: ignore[attr-defined]
    return the_desk().sign_in.show(
        request,
        "keys/keys.html",
        status,
        keys=[_row(key) for key in list_keys(person.client_body)],
        scopes=[(scope, _word(request, scope)) for scope in rules.SCOPES],
        days=DAYS,
        default_days=rules.DEFAULT_EXPIRY_DAYS,
        why=_word(request, f"key_why_{why}") if why else "",
        chosen=request.POST.getlist("scopes"),
        typed=request.POST,
        **facts,
    )


def _word(request: HttpRequest, key: str) -> str:
    return the_desk().sign_in.word(request, key.replace(":", "_"))


def _row(key: ApiKey) -> dict[str, Any]:
    return {"key": key, "state": state_of(key, now()), "mode": MODES[key.live]}


def _make(request: HttpRequest) -> HttpResponse:
    person: Any = request.person  # type: ignore[attr-defined]
    form = MakeKey(request.POST)
    if not form.is_valid():
        return _page(request, 400, "form")
    typed = form.cleaned_data
    try:
        the_desk().sign_in.prove(request, form, act="make an API key")
        secret, key = make_key(
            client_body=person.client_body,
            live=typed["mode"] == "live",
            name=typed["key_name"],
            scopes=typed["scopes"],
            days=typed["days"],
            by=person.name,
            now=now(),
        )
    except NotAdmitted:
        return _page(request, 403, "code")
    except KeyRefused as refused:
        return _page(request, 409, refused.code)
    return _shown_once(request, secret, key)


def _shown_once(request: HttpRequest, secret: str, key: ApiKey) -> HttpResponse:
    return the_desk().sign_in.show(request, "keys/made.html", 201, secret=secret, **_row(key))


def show_key(request: HttpRequest, key_id: str) -> HttpResponse:
    """One key: what it may do, and the forms that end it."""
    return _key_page(request, key_id)


def _key_page(request: HttpRequest, key_id: str, status: int = 200, why: str = "") -> HttpResponse:
    person: Any = request.person  # type: ignore[attr-defined]
    found = next((k for k in list_keys(person.client_body) if k.key_id == key_id), None)
    if found is None:
        return the_desk().sign_in.show(request, "keys/no_key.html", 404)
    return the_desk().sign_in.show(
        request,
        "keys/key.html",
        status,
        allowed=[_word(request, scope) for scope in found.scopes],
        overlaps=OVERLAPS,
        default_overlap=rules.DEFAULT_OVERLAP_HOURS,
        why=_word(request, f"key_why_{why}") if why else "",
        **_row(found),
    )


def rotate(request: HttpRequest, key_id: str) -> HttpResponse:
    """Put a newer key in a key's place."""
    person: Any = request.person  # type: ignore[attr-defined]
    form = RotateKey(request.POST)
    if not form.is_valid():
        return _key_page(request, key_id, 400, "form")
    try:
        the_desk().sign_in.prove(request, form, act=f"replace {key_id}")
        secret, key = rotate_key(
            client_body=person.client_body,
            key_id=key_id,
            overlap_hours=form.cleaned_data["overlap"],
            by=person.name,
            now=now(),
        )
    except NotAdmitted:
        return _key_page(request, key_id, 403, "code")
    except KeyRefused as refused:
        return _key_page(request, key_id, 409, refused.code)
    return _shown_once(request, secret, key)


def revoke(request: HttpRequest, key_id: str) -> HttpResponse:
    """End a key at once."""
    person: Any = request.person  # type: ignore[attr-defined]
    form = RevokeKey(request.POST)
    try:
        the_desk().sign_in.prove(request, form, act=f"revoke {key_id}")
        revoke_key(client_body=person.client_body, key_id=key_id, by=person.name, now=now())
    except NotAdmitted:
        return _key_page(request, key_id, 403, "code")
    except KeyRefused as refused:
        return _key_page(request, key_id, 404, refused.code)
    return HttpResponseRedirect(f"/keys/{key_id}")


_KEY = r"/keys/key_[0-9a-z]{26}"


def page_rules() -> list[PageRule]:
    """What the edge lets through to these pages."""
    return [
        page_from_form("/keys", MakeKey, kinds=FACTOR_KINDS),
        PageRule(_KEY),
        page_from_form(_KEY + "/rotate", RotateKey, kinds=FACTOR_KINDS, methods=("POST",)),
        page_from_form(_KEY + "/revoke", RevokeKey, kinds=FACTOR_KINDS, methods=("POST",)),
    ]


def urls() -> list[URLPattern]:
    """Where these pages stand; for administrators alone."""
    only = the_desk().sign_in.members_only
    both = require_http_methods(["GET", "HEAD", "POST"])
    get, post = require_http_methods(["GET", "HEAD"]), require_http_methods(["POST"])
    return [
        path("keys", both(only(show_keys, ADMINISTRATOR))),
        path("keys/<str:key_id>", get(only(show_key, ADMINISTRATOR))),
        path("keys/<str:key_id>/rotate", post(only(rotate, ADMINISTRATOR))),
        path("keys/<str:key_id>/revoke", post(only(revoke, ADMINISTRATOR))),
    ]
