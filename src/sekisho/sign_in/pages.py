"""Pages of the sign-in, the same for every zone that has people."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import segno
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.csrf import rotate_token
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.safestring import mark_safe

from sekisho.edge import CSRF_FIELD, LANGUAGE, FieldRule, PageRule, page_from_form
from sekisho.sign_in import forms, rules
from sekisho.sign_in.frame import INDOORS
from sekisho.sign_in.gate import Gate, InvitationOver, NotAdmitted, Proof
from sekisho.sign_in.second_factor import key_address, show_secret
from sekisho.sign_in.words import LANGUAGES, Words
from sekisho.vocabulary.clock import now

COOKIE_SECONDS = rules.VISIT_HOURS * 3600
LANGUAGE_COOKIE = "sekisho_language"
LANGUAGE_COOKIE_SECONDS = 31_536_000

View = Callable[..., HttpResponseBase]

_NEW = FieldRule("new", "flag", max_length=1)
_TOKEN = r"[A-Za-z0-9_-]{43}"  # noqa: S105
_BODY = re.compile(r"[a-z][a-z0-9_]{1,39}")


@dataclass(frozen=True)
class SignIn:
    """A zone's sign-in: its gate, its words, and what its pages are called.

    ``tenants``: people belong to a client body and type its code. ``issuer``: the name that an
    authenticator app shows. ``facts``: what the zone's frame needs on every page."""

    gate: Gate
    words: dict[str, Words]
    cookie: str
    issuer: str
    tenants: bool
    secure: bool = False
    facts: Callable[[HttpRequest], dict[str, Any]] = lambda request: {}

    # --- every page ----------------------------------------------------------------------------

    def show(
        self, request: HttpRequest, template: str, status: int = 200, **facts: Any
    ) -> HttpResponse:
        """Return a page in the reader's language, never kept by a cache. ``page_address``: where
        the page can be asked for again, for one that answers a POST elsewhere."""
        language = language_of(request)
        response = render(
            request,
            template,
            {
                "w": self.words[language],
                "language": language,
                "visit": getattr(request, "visit", None),
                "person": getattr(request, "person", None),
                "tenants": self.tenants,
                "page_address": request.path,
                "page_query": query_of(request),
                # Templates call it where they ask for a passkey; other pages make no challenge.
                "ask_passkey": lambda: self._ask_passkey(request),
                **self.facts(request),
                **facts,
            },
            status=status,
        )
        response.headers["Cache-Control"] = "no-store"
        if request.GET.get("lang") == language:
            self._set_cookie(response, LANGUAGE_COOKIE, language, LANGUAGE_COOKIE_SECONDS)
        return response

    def word(self, request: HttpRequest, key: str) -> str:
        """Return one word in the reader's language."""
        return self.words[language_of(request)][key]

    def _ask_passkey(self, request: HttpRequest) -> dict[str, str] | None:
        visit = getattr(request, "visit", None) or getattr(request, "half_visit", None)
        if visit is None:
            return None
        options = self.gate.ask_passkey(visit, now())
        return script_facts("prove.js") | {"options": options} if options else None

    def prove(self, request: HttpRequest, form: forms.FreshFactor, *, act: str) -> None:
        """Have the signed-in person prove the second factor for one ``act`` (template
        ``sign_in/fresh_factor.html``). Raises ``NotAdmitted``."""
        visit = getattr(request, "visit", None)
        if visit is None or not form.is_valid():
            raise NotAdmitted
        proof = Proof(form.cleaned_data["code"], form.cleaned_data["assertion"])
        self.gate.prove_again(visit, proof, now(), act=act)

    def _set_cookie(self, response: HttpResponse, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            name, value, max_age=seconds, httponly=True, secure=self.secure, samesite="Strict"
        )

    def admit(self, request: HttpRequest) -> None:
        """Put ``visit`` and ``person`` on the request, ``None`` without a full visit."""
        request.visit = request.person = request.half_visit = None  # type: ignore[attr-defined]
        client_body, _, token = request.COOKIES.get(self.cookie, "").partition(".")
        if not token or (client_body and not _BODY.fullmatch(client_body)):
            self.gate.enter_body("")
            return
        found = self.gate.find_visit(token, client_body, now())
        if found is None:
            self.gate.enter_body("")
        elif found[0].factor_at is None:
            request.half_visit = found[0]  # type: ignore[attr-defined]
        else:
            request.visit, request.person = found  # type: ignore[attr-defined]

    def members_only(self, view: View, roles: Sequence[str] = ()) -> View:
        """Return ``view`` for signed-in people, with one of ``roles`` if any are given."""

        def guarded(request: HttpRequest, **places: Any) -> HttpResponseBase:
            person = getattr(request, "person", None)
            if person is None:
                return HttpResponseRedirect("/sign-in")
            if roles and not set(roles) & set(person.roles):
                return self.show(request, "sign_in/no_role.html", status=403)
            return view(request, **places)

        return guarded

    # --- coming in -----------------------------------------------------------------------------

    def sign_in(self, request: HttpRequest) -> HttpResponse:
        """Organisation, name and password."""
        if getattr(request, "person", None) is not None:
            return HttpResponseRedirect("/")
        if request.method != "POST":
            new = request.GET.get("new") == "1"
            return self.show(request, "sign_in/password.html", welcome=new)
        form = (forms.StaffSignIn if self.tenants else forms.OperatorSignIn)(request.POST)
        name, client_body = None, ""
        if form.is_valid():
            name = rules.read_name(form.cleaned_data["name"])
            client_body = form.cleaned_data.get("client_body", "").strip().lower()
            if client_body and not _BODY.fullmatch(client_body):
                name = None
        try:
            if name is None:
                raise NotAdmitted
            token, _ = self.gate.check_password(
                name=name,
                client_body=client_body,
                password=form.cleaned_data["password"],
                now=now(),
            )
        except NotAdmitted:
            typed = {"name": name or "", "client_body": client_body}
            return self.show(request, "sign_in/password.html", 403, wrong=True, typed=typed)
        response = HttpResponseRedirect("/sign-in/code")
        rotate_token(request)
        self._set_cookie(response, self.cookie, f"{client_body}.{token}", COOKIE_SECONDS)
        return response

    def code(self, request: HttpRequest) -> HttpResponse:
        """The second factor: the app's code, or a passkey."""
        half_visit = getattr(request, "half_visit", None)
        if half_visit is None:
            return HttpResponseRedirect("/" if getattr(request, "person", None) else "/sign-in")
        if request.method != "POST":
            return self.show(request, "sign_in/code.html")
        form = forms.FreshFactor(request.POST)
        try:
            if not form.is_valid():
                raise NotAdmitted
            proof = Proof(form.cleaned_data["code"], form.cleaned_data["assertion"])
            token, visit = self.gate.check_factor(half_visit, proof, now())
        except NotAdmitted:
            return self.show(request, "sign_in/code.html", 403, wrong=True)
        response = HttpResponseRedirect("/")
        rotate_token(request)
        value = f"{visit.client_body}.{token}"
        self._set_cookie(response, self.cookie, value, COOKIE_SECONDS)
        return response

    def sign_out(self, request: HttpRequest) -> HttpResponse:
        """End the visit."""
        if request.method == "POST" and getattr(request, "visit", None) is not None:
            self.gate.leave(request.visit, request.person)  # type: ignore[attr-defined]
        response = HttpResponseRedirect("/sign-in")
        response.delete_cookie(self.cookie, samesite="Strict")
        return response

    # --- invited -------------------------------------------------------------------------------

    def choose_password(
        self, request: HttpRequest, token: str, client_body: str = ""
    ) -> HttpResponse:
        """First page of an invitation."""
        template, refused = "sign_in/choose_password.html", ""
        try:
            _, person = self.gate.invited(token, client_body, now())
            if request.method == "POST":
                form = forms.ChoosePassword(request.POST)
                if not form.is_valid():
                    refused = "short"
                elif form.cleaned_data["password"] != form.cleaned_data["again"]:
                    refused = "differ"
                else:
                    password = form.cleaned_data["password"]
                    refused = self.gate.choose_password(token, client_body, password, now())
                    if not refused:
                        return HttpResponseRedirect(request.path + "/code")
        except InvitationOver:
            return self.show(request, "sign_in/invitation_over.html", status=410)
        why = self.word(request, f"password_{refused}") if refused else ""
        status = 400 if refused else 200
        return self.show(request, template, status, invited=person, refused=why)

    def prove_factor(self, request: HttpRequest, token: str, client_body: str = "") -> HttpResponse:
        """Second page of an invitation: the secret as QR code, proven by one code."""
        try:
            person, secret = self.gate.factor_of_invited(token, client_body, now())
            if secret is None:
                return HttpResponseRedirect(request.path.removesuffix("/code"))
            wrong = False
            if request.method == "POST":
                form = forms.Code(request.POST)
                code = form.cleaned_data["code"] if form.is_valid() else ""
                if self.gate.prove_factor(token, client_body, code, now()):
                    return HttpResponseRedirect("/sign-in?new=1")
                wrong = True
        except InvitationOver:
            return self.show(request, "sign_in/invitation_over.html", status=410)
        drawn = segno.make(key_address(secret, person.name, self.issuer), error="m")
        return self.show(
            request,
            "sign_in/prove_factor.html",
            403 if wrong else 200,
            invited=person,
            wrong=wrong,
            secret=show_secret(secret),
            # Made by segno from our own text: shapes only.
            qr=mark_safe(drawn.svg_inline(scale=5, border=2, omitsize=True)),  # noqa: S308
        )

    # --- where they stand ----------------------------------------------------------------------

    def urls(self) -> list[URLPattern]:
        """Return the addresses of the sign-in pages."""
        invitation = (
            "invitation/<str:client_body>/<str:token>"
            if self.tenants
            else ("invitation/<str:token>")
        )
        return [
            path("sign-in", self.sign_in),
            path("sign-in/code", self.code),
            path("sign-out", self.sign_out),
            path(invitation, self.choose_password),
            path(invitation + "/code", self.prove_factor),
        ]

    def page_rules(self) -> list[PageRule]:
        """Return what the edge lets through to the sign-in pages."""
        body = "[a-z][a-z0-9_]{1,39}/" if self.tenants else ""
        invitation = rf"/invitation/{body}(?P<secret>{_TOKEN})"
        sign_in = forms.StaffSignIn if self.tenants else forms.OperatorSignIn
        kinds = {"name": "email"} | ({"client_body": "word"} if self.tenants else {})
        return [
            page_from_form("/sign-in", sign_in, kinds=kinds, query=(LANGUAGE, _NEW)),
            page_from_form("/sign-in/code", forms.FreshFactor, kinds=forms.FACTOR_KINDS),
            PageRule("/sign-out", methods=("POST",), fields=(CSRF_FIELD,)),
            page_from_form(invitation, forms.ChoosePassword),
            page_from_form(invitation + "/code", forms.Code, kinds={"code": "digits"}),
        ]


def query_of(request: HttpRequest) -> str:
    """Return what a page was asked for besides its language, so that a switch of language keeps a
    search: ``a=b&``, or nothing."""
    asked = request.GET.copy()
    asked.pop("lang", None)
    return f"{asked.urlencode()}&" if asked else ""


def script_facts(name: str) -> dict[str, str]:
    """Return the address of a script of ours and its integrity (PCI DSS 6.4.3)."""
    return {"script": INDOORS.address(name), "integrity": INDOORS.integrity(name)}


def language_of(request: HttpRequest) -> str:
    """Return the reader's language: asked for, remembered, or Japanese."""
    for found in (request.GET.get("lang"), request.COOKIES.get(LANGUAGE_COOKIE)):
        if found in LANGUAGES:
            return found
    return "ja"
