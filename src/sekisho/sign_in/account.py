"""One's own account: where one is signed in, and the passkeys; the same for desk and console."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from sekisho.edge import CSRF_FIELD, FieldRule, PageRule, page_from_form
from sekisho.sign_in import rules
from sekisho.sign_in.forms import (
    FACTOR_KINDS,
    MAX_ID_CHARACTERS,
    AddPasskey,
    GiveUpPasskey,
)
from sekisho.sign_in.gate import NotAdmitted, Proof
from sekisho.sign_in.pages import SignIn, script_facts
from sekisho.sign_in.passkeys import PASSKEYS_PER_PERSON_LIMIT, PasskeyRefused
from sekisho.sign_in.ring import PasskeyLimit
from sekisho.vocabulary.clock import now

_VISIT = r"visit_[0-9a-z]{26}"

LIMITS = {
    "idle_minutes": rules.IDLE_MINUTES,
    "visit_hours": rules.VISIT_HOURS,
    "visits_limit": rules.VISITS_PER_PERSON_LIMIT,
    "passkeys_limit": PASSKEYS_PER_PERSON_LIMIT,
}
"""What the page says of its limits."""


class EndVisit(forms.Form):
    """Which of one's visits is ended."""

    visit = forms.CharField(max_length=MAX_ID_CHARACTERS, widget=forms.HiddenInput)


class Account:
    """The pages of a zone's ``sign_in``."""

    def __init__(self, sign_in: SignIn) -> None:
        self._sign_in = sign_in

    def show(self, request: HttpRequest, status: int = 200, why: str = "") -> HttpResponse:
        """Visits, passkeys, and what may be done with them."""
        gate, at = self._sign_in.gate, now()
        person: Any = request.person  # type: ignore[attr-defined]
        visit: Any = request.visit  # type: ignore[attr-defined]
        return self._sign_in.show(
            request,
            "sign_in/account.html",
            status,
            page_address="/account",
            visits=gate.visits_of(person, at),
            here=visit.visit_id,
            passkeys=gate.ring.held(person),
            new_passkey=lambda: (
                script_facts("make_passkey.js")
                | {"options": gate.ring.ask_for_new(person, visit, now())}
            ),
            limits=LIMITS,
            why=self._sign_in.word(request, why) if why else "",
            done=request.GET.get("done", ""),
        )

    def add_passkey(self, request: HttpRequest) -> HttpResponse:
        """Keep the passkey that the browser made; the app's code proves who asks."""
        form = AddPasskey(request.POST)
        if not form.is_valid():
            return self.show(request, 400, "passkey_not_made")
        visit: Any = request.visit  # type: ignore[attr-defined]
        typed = form.cleaned_data
        try:
            gate, moment = self._sign_in.gate, now()
            gate.prove_again(visit, Proof(typed["code"]), moment, act="add a passkey")
            gate.add_passkey(visit, typed["passkey_name"], typed["made"], moment)
        except NotAdmitted:
            return self.show(request, 403, "wrong_code")
        except PasskeyLimit:
            return self.show(request, 409, "passkey_limit")
        except PasskeyRefused:
            return self.show(request, 400, "passkey_not_made")
        return HttpResponseRedirect("/account?done=passkey_added")

    def give_up_passkey(self, request: HttpRequest) -> HttpResponse:
        """End one of one's passkeys."""
        form = GiveUpPasskey(request.POST)
        try:
            self._sign_in.prove(request, form, act="give up a passkey")
        except NotAdmitted:
            return self.show(request, 403, "wrong_factor")
        visit: Any = request.visit  # type: ignore[attr-defined]
        self._sign_in.gate.give_up_passkey(visit, form.cleaned_data["passkey"], now())
        return HttpResponseRedirect("/account?done=passkey_given_up")

    def end_visit(self, request: HttpRequest) -> HttpResponse:
        """End one of one's own visits."""
        form = EndVisit(request.POST)
        person: Any = request.person  # type: ignore[attr-defined]
        if form.is_valid():
            self._sign_in.gate.end_visit(person, form.cleaned_data["visit"], by=person.person_id)
        return HttpResponseRedirect("/account?done=visit_ended")


def urls(sign_in: SignIn) -> list[URLPattern]:
    """Return the addresses of the account's pages."""
    account, members = Account(sign_in), sign_in.members_only
    get, post = require_http_methods(["GET", "HEAD"]), require_http_methods(["POST"])
    return [
        path("account", get(members(account.show))),
        path("account/passkeys", post(members(account.add_passkey))),
        path("account/passkeys/give-up", post(members(account.give_up_passkey))),
        path("account/visits/end", post(members(account.end_visit))),
    ]


def page_rules() -> list[PageRule]:
    """Return what the edge lets through to them."""
    done = FieldRule("done", "word", max_length=20)
    kinds = {"code": "digits", "made": "base64"}
    passkey = {"passkey": "word", **FACTOR_KINDS}
    return [
        PageRule("/account", query=(FieldRule("lang", "word", max_length=10), done)),
        page_from_form("/account/passkeys", AddPasskey, kinds=kinds, methods=("POST",)),
        page_from_form(
            "/account/passkeys/give-up", GiveUpPasskey, kinds=passkey, methods=("POST",)
        ),
        PageRule(
            "/account/visits/end",
            methods=("POST",),
            fields=(CSRF_FIELD, FieldRule("visit", pattern=_VISIT, max_length=40, strict=True)),
        ),
    ]
