"""The card-testing guard and the alarms: what attacks look like from here, and the one thing that
an operator may do about them at once, closing a site's card entry."""

from __future__ import annotations

import json

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from sekisho import evidence, transport
from sekisho.console.pages.cases import MAX_REASON_CHARACTERS
from sekisho.console.pages.console import the_console
from sekisho.console.roles import may
from sekisho.console.watch.ask import ask
from sekisho.crossings.evidence_keeper import ListAlarms
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import SetCardEntry, ShowGuard
from sekisho.sign_in.forms import FreshFactor
from sekisho.sign_in.gate import NotAdmitted
from sekisho.transport import TransportError

ALARMS_SHOWN = 100
COUNTS_SHOWN = 100
MAX_SITE_CHARACTERS = 40


class CardEntryForm(FreshFactor):
    """Close a site's card entry or open it again, why, and a fresh second factor."""

    site = forms.CharField(max_length=MAX_SITE_CHARACTERS)
    entry = forms.ChoiceField(choices=[("close", "close"), ("open", "open")])
    reason = forms.CharField(max_length=MAX_REASON_CHARACTERS)


def show_alarms(request: HttpRequest) -> HttpResponse:
    """What a person must look at, newest first."""
    found = ask(ListAlarms(limit=ALARMS_SHOWN))
    alarms = [
        {"shown": alarm, "facts": _facts(alarm.facts), "what": alarm.kind.removeprefix("alarm.")}
        for alarm in (found.alarms if found else [])
    ]
    return the_console().sign_in.show(request, "alarms.html", found=found, alarms=alarms)


def _facts(text: str) -> list[tuple[str, object]]:
    facts = json.loads(text)
    return list(facts.items()) if isinstance(facts, dict) else [("", facts)]


def show_guard(request: HttpRequest) -> HttpResponse:
    """Which sites take cards, and the counters near their limits."""
    why = _set_card_entry(request) if request.method == "POST" else ""
    if request.method == "POST" and not why:
        return HttpResponseRedirect(request.path)
    person = request.person  # type: ignore[attr-defined]
    return the_console().sign_in.show(
        request,
        "guard.html",
        {"": 200, "wrong_code": 403, "no_right": 403}.get(why, 400),
        found=ask(ShowGuard(limit=COUNTS_SHOWN)),
        may_set=may(person.roles, "set_card_entry"),
        why=why,
        typed=request.POST,
    )


def _set_card_entry(request: HttpRequest) -> str:
    """Do it; return why not."""
    person = request.person  # type: ignore[attr-defined]
    form = CardEntryForm(request.POST)
    if not may(person.roles, "set_card_entry"):
        return "no_right"
    if not form.is_valid():
        return "form_incomplete"
    typed = form.cleaned_data
    try:
        act = f"{typed['entry']} {typed['site']}"
        the_console().sign_in.prove(request, form, act=act)
        message = SetCardEntry(
            site=typed["site"],
            open=typed["entry"] == "open",
            reason=typed["reason"],
            by=person.name,
        )
        transport.cross(message)
    except NotAdmitted:
        return "wrong_code"
    except Refusal as refusal:
        return refusal.code if refusal.code in ("site_unknown", "reason_wrong") else "refused"
    except TransportError:
        return "payments_away"
    evidence.append(
        kind="console.card_entry_set",
        subject=typed["site"],
        facts={"by": person.name, "person": person.person_id, "entry": typed["entry"]},
    )
    return ""
