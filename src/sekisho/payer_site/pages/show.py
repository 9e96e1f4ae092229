"""Shows a page: the same frame for all, and a page of its own for everything that can go wrong."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import PaymentShown
from sekisho.payer_site.errors import ErrandGone
from sekisho.payer_site.keep_visit import find_visit
from sekisho.payer_site.records.models import Errand, Visit
from sekisho.payer_site.run_errand import find_errand
from sekisho.payer_site.this_site import this_site
from sekisho.transport import TransportError
from sekisho.vocabulary.twins import is_test_token

SEE_OTHER = 303
RETRY_AFTER_SECONDS = 30

STEPS = {
    "bills": ("find", "check", "card", "confirm", "done"),
    "policies": ("policy", "terms", "person", "card", "confirm", "done"),
    "link": ("check", "card", "confirm", "done"),
    "change": ("birth", "card", "confirm", "done"),
}

REFUSED = {
    "link_unknown": 404,
    "link_cancelled": 410,
    "card_link_over": 410,
    "link_expired": 410,
    "bill_unknown": 404,
    "bill_paid": 409,
    "bill_in_payment": 409,
    "bill_withdrawn": 410,
    "bill_not_yet": 409,
    "bill_expired": 410,
    "bill_over_limit": 409,
    "site_closed": 503,
    "too_many_tries": 429,
    "cards_closed": 503,
    "amount_changed": 409,
    "policy_unknown": 404,
    "policy_enrolled": 409,
    "policy_ended": 410,
    "payment_unknown": 404,
    "payment_over": 409,
    "payment_in_flight": 409,
    "extended_enough": 409,
}
"""Refusals of payments that have a page of their own (``refused.<code>`` in the catalogue), and its
HTTP status."""

WITH_MOMENT = frozenset({"bill_not_yet", "site_closed", "too_many_tries"})
WITH_REFERENCE = frozenset({"bill_paid", "bill_in_payment"})

Page = Callable[..., HttpResponse]


def show(
    request: HttpRequest, name: str, facts: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Return the page ``name`` (a template) with ``facts``."""
    site, errand = this_site(), facts.get("errand")
    context = {
        "language": request.language,  # type: ignore[attr-defined]
        "site": site.pages,
        "money": site.money,
        "steps": _steps(request, errand),
        "test": _is_test(request, errand, facts.get("shown")),
        **facts,
    }
    return render(request, f"{name}.html", context, status=status)


def _steps(request: HttpRequest, errand: Errand | None) -> tuple[str, ...]:
    match = request.resolver_match
    if (errand and errand.card_change) or (match and match.url_name == "change_card"):
        return STEPS["change"]
    return STEPS["link" if errand and errand.link_id else this_site().pages.kind]


def _is_test(request: HttpRequest, errand: Errand | None, shown: PaymentShown | None) -> bool:
    """Whether the page is of a client body's twin: it must say so, whatever it shows."""
    if errand is not None or shown is not None:
        return bool(errand and errand.test) or bool(shown and shown.test)
    match = request.resolver_match
    return is_test_token(str(match.kwargs.get("token", ""))) if match else False


def see_other(name: str, *args: str) -> HttpResponse:
    """Send the browser on with a GET (POST, redirect, GET), so that a reload repeats nothing."""
    return HttpResponseRedirect(reverse(name, args=args), status=SEE_OTHER)


def refused(request: HttpRequest, refusal: Refusal, errand: Errand | None = None) -> HttpResponse:
    """Return the page of a refusal; one that we don't know is a fault of ours, not of the payer."""
    if refusal.code not in REFUSED:
        return unavailable(request, errand)
    status = REFUSED[refusal.code]
    facts = {
        "code": refusal.code,
        "detail": refusal.detail,
        "moment_at": refusal.detail if refusal.code in WITH_MOMENT else "",
        "reference": refusal.detail if refusal.code in WITH_REFERENCE else "",
        "errand": errand,
        "by_link": _by_link(request, errand),
    }
    response = show(request, "refused", facts, status=status)
    if status in (429, 503):
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _by_link(request: HttpRequest, errand: Errand | None) -> bool:
    """Whether the payer came by a link: then there is no slip to look at once more."""
    match = request.resolver_match
    return bool(errand and (errand.link_id or errand.card_change)) or bool(
        match and match.url_name in ("pay", "change_card")
    )


def unavailable(request: HttpRequest, errand: Errand | None = None) -> HttpResponse:
    """Return the page for a zone that does not answer. It says that nothing was charged only while
    that is sure: before the payer confirmed."""
    asked = errand is not None and errand.confirmed_at is not None
    match = request.resolver_match
    handle = match.kwargs.get("handle") if match else None
    again = reverse("card_done", args=[handle]) if errand and handle else request.path
    facts = {"charge_asked": asked, "errand": errand, "again": again}
    response = show(request, "unavailable", facts, status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def page(view: Page) -> Page:
    """A page without an errand: turns what went wrong into its page."""

    @functools.wraps(view)
    def answer(request: HttpRequest, **named: Any) -> HttpResponse:
        try:
            return view(request, **named)
        except Refusal as refusal:
            return refused(request, refusal)
        except TransportError:
            return unavailable(request)

    return answer


def errand_page(view: Page) -> Page:
    """A page of an errand: finds it by handle and cookie, turns what went wrong into its page."""

    @functools.wraps(view)
    def answer(request: HttpRequest, handle: str) -> HttpResponse:
        errand: Errand | None = None
        try:
            errand = find_errand(find_visit(request, this_site().pages.id), handle)
            return view(request, handle, errand)
        except ErrandGone:
            return show(request, "gone", {}, status=410)
        except Refusal as refusal:
            return refused(request, refusal, _fresh(errand))
        except TransportError:
            return unavailable(request, _fresh(errand))

    return answer


def _fresh(errand: Errand | None) -> Errand | None:
    """The errand as it is now: the view may have noted the confirmation since."""
    return errand and Errand.objects.filter(pk=errand.pk).first()


def visit_of(request: HttpRequest) -> Visit | None:
    """Return the request's visit, if it has one."""
    return find_visit(request, this_site().pages.id)
