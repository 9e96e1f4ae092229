"""Money that is looked at as a whole: the books, the trial balance, reconciliations, disputes."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from sekisho import evidence, transport
from sekisho.console.pages.console import the_console
from sekisho.console.watch.ask import VERIFY_SECONDS, ask, check_ledger
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    ListDisputes,
    Reconcile,
    ShowBalance,
    ShowReconciliations,
)
from sekisho.transport import TransportError
from sekisho.vocabulary.clock import TOKYO

RESULTS_SHOWN = 31
DISPUTES_SHOWN = 200
RECONCILE_SECONDS = 60.0


class MomentForm(forms.Form):
    """The moment of a trial balance, as Tokyo's clocks show it."""

    at = forms.DateTimeField(
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
    )


class DayForm(forms.Form):
    """The business day to reconcile."""

    day = forms.DateField(input_formats=["%Y-%m-%d"])


def show_ledger(request: HttpRequest) -> HttpResponse:
    """The trial balance, now or at a past moment; a check of all books when asked for."""
    asked = request.method == "POST"
    checked = check_ledger() if asked else None
    moment, why = _moment(request)
    balance = None
    try:
        balance = transport.cross(ShowBalance(at=moment), seconds=VERIFY_SECONDS)
    except Refusal:
        why = "moment_wrong"
    except TransportError:
        why = why or "payments_away"
    return the_console().sign_in.show(
        request,
        "ledger.html",
        asked=asked,
        found=checked,
        balance=balance,
        off=sum(row.balance_yen for row in balance.accounts) if balance else 0,
        why=why,
        typed=request.GET.get("at", ""),
    )


def _moment(request: HttpRequest) -> tuple[datetime | None, str]:
    if not request.GET.get("at"):
        return None, ""
    form = MomentForm(request.GET)
    if not form.is_valid():
        return None, "moment_wrong"
    typed: datetime = form.cleaned_data["at"]
    return typed if typed.tzinfo else typed.replace(tzinfo=TOKYO), ""


def show_reconciliations(request: HttpRequest) -> HttpResponse:
    """Results of the last days; a day is compared again when asked for."""
    why = ""
    if request.method == "POST":
        why = _reconcile(request)
        if not why:
            return HttpResponseRedirect(request.path)
    found = ask(ShowReconciliations(limit=RESULTS_SHOWN))
    return the_console().sign_in.show(
        request,
        "reconciliations.html",
        400 if why else 200,
        found=found,
        why=why,
        typed=request.POST.get("day", ""),
    )


def _reconcile(request: HttpRequest) -> str:
    form = DayForm(request.POST)
    if not form.is_valid():
        return "day_wrong"
    try:
        found = transport.cross(Reconcile(day=form.cleaned_data["day"]), seconds=RECONCILE_SECONDS)
    except Refusal:
        return "day_wrong"
    except TransportError:
        return "payments_away"
    person = request.person  # type: ignore[attr-defined]
    evidence.append(
        kind="console.reconciliation_asked",
        subject=found.day.isoformat(),
        facts={"by": person.name, "differences": len(found.differences) + found.more},
    )
    return ""


def show_disputes(request: HttpRequest) -> HttpResponse:
    """Chargebacks by the day to answer by. They are answered by the client body at its desk, or
    from the terminal."""
    everything = request.GET.get("all") == "1"
    found = ask(ListDisputes(client_body="*", limit=DISPUTES_SHOWN, only_open=not everything))
    return the_console().sign_in.show(request, "disputes.html", found=found, everything=everything)
