"""The first page after signing in: what waits for this person, and what can be done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from sekisho.client_desk.pages.asking import rows_of_view
from sekisho.client_desk.pages.charge_runs import waiting_for as charge_runs_waiting
from sekisho.client_desk.pages.desk import VIEW_COOKIE, the_desk
from sekisho.client_desk.pages.disputes import SOON_DAYS, open_disputes
from sekisho.client_desk.pages.menu import ACTS
from sekisho.client_desk.pages.refunds import waiting_for
from sekisho.client_desk.pages.staff import waiting_resets
from sekisho.client_desk.pages.webhooks import switched_off
from sekisho.client_desk.records.models import Upload
from sekisho.crossings.message import Refusal
from sekisho.transport import TransportError
from sekisho.vocabulary.clock import business_date, now

NEWEST_SHOWN = 5


class Waits(NamedTuple):
    """Something that waits: how ``many``, a key of the words, where to go; ``urgent`` first."""

    many: int
    word: str
    address: str
    urgent: bool = False


_AWAY = Waits(1, "waits_payments_away", "/", urgent=True)


def _refunds(request: HttpRequest) -> list[Waits]:
    return [Waits(waiting_for(request), "waits_refunds", "/refunds")]


def _disputes(request: HttpRequest) -> list[Waits]:
    found = open_disputes(request)
    if found is None:
        return [_AWAY]
    soon = business_date(now()) + timedelta(days=SOON_DAYS)
    urgent = sum(one.respond_by < soon for one in found)
    return [
        Waits(urgent, "waits_disputes_urgent", "/disputes", urgent=True),
        Waits(len(found) - urgent, "waits_disputes", "/disputes"),
    ]


def _files(request: HttpRequest) -> list[Waits]:
    person: Any = request.person  # type: ignore[attr-defined]
    if not set(ACTS) & set(person.roles):
        return []
    with rows_of_view(request):
        checked = Upload.objects.filter(state="checked").count()
    return [Waits(checked, "waits_files", "/files")]


def _resets(request: HttpRequest) -> list[Waits]:
    return [Waits(waiting_resets(request), "waits_resets", "/staff")]


def _webhooks(request: HttpRequest) -> list[Waits]:
    return [Waits(switched_off(request), "waits_webhooks", "/webhooks", urgent=True)]


def _charge_runs(request: HttpRequest) -> list[Waits]:
    drafts, items = charge_runs_waiting(request)
    return [
        Waits(drafts, "waits_charge_runs", "/charge-runs"),
        Waits(items, "waits_charge_items", "/charge-runs"),
    ]


WAITING: list[Callable[[HttpRequest], list[Waits]]] = [
    _disputes,
    _refunds,
    _files,
    _resets,
    _webhooks,
    _charge_runs,
]
"""What is asked on the home page, in this order; a topic adds its function (which asks payments for
the body in view and answers something while payments is away)."""


class ViewForm(forms.Form):
    """Live or test data."""

    view = forms.ChoiceField(choices=[("live", "live"), ("test", "test")])


def show_home(request: HttpRequest) -> HttpResponse:
    """What waits, what can be done here, and the newest files."""
    waits = [one for ask in WAITING for one in _waits(request, ask) if one.many]
    with rows_of_view(request):
        uploads = list(Upload.objects.order_by("-begun_at")[:NEWEST_SHOWN])
    return the_desk().sign_in.show(
        request,
        "home.html",
        waits=[
            {"one": one, "name": the_desk().sign_in.word(request, one.word)}
            for one in sorted(dict.fromkeys(waits), key=lambda one: not one.urgent)
        ],
        uploads=uploads,
    )


def _waits(request: HttpRequest, ask: Callable[[HttpRequest], list[Waits]]) -> list[Waits]:
    """A topic that can't say hides no other topic."""
    try:
        return ask(request)
    except (Refusal, TransportError):
        return [_AWAY]


def switch_view(request: HttpRequest) -> HttpResponse:
    """Show live or test data from here on, in this browser."""
    form = ViewForm(request.POST)
    response = HttpResponseRedirect("/")
    if form.is_valid():
        response.set_cookie(
            VIEW_COOKIE,
            form.cleaned_data["view"],
            httponly=True,
            secure=the_desk().sign_in.secure,
            samesite="Strict",
        )
    return response
