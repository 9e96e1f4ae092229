"""Enrolments: the list, one with its history, its end, its return, another card."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from sekisho import transport
from sekisho.client_desk.pages.asking import ask_or_none, told, word, yen
from sekisho.client_desk.pages.desk import acts_for, the_desk
from sekisho.client_desk.pages.menu import ACTS
from sekisho.crossings.message import Crossing, Refusal
from sekisho.crossings.payments import (
    AskCardChange,
    EndEnrolment,
    EnrolmentShown,
    ListEnrolments,
    ReinstateEnrolment,
    ShowEnrolment,
)
from sekisho.transport import TransportError
from sekisho.vocabulary.identifiers import new_token

ENROLMENTS_SHOWN = 50
MAX_REASON_CHARACTERS = 200
MAX_NUMBER_CHARACTERS = 12
MAX_CURSOR_CHARACTERS = 64
TONES = {"active": "tag--done", "ended": "", "refused": "tag--bad", "applied": "tag--warn"}
STATUSES = ("active", "applied", "ended", "refused")


class FilterForm(forms.Form):
    """Which enrolments; every field may be empty."""

    status = forms.ChoiceField(choices=[(one, one) for one in STATUSES], required=False)
    policy_number = forms.CharField(max_length=MAX_NUMBER_CHARACTERS, required=False)
    expiring = forms.BooleanField(required=False)
    after = forms.CharField(max_length=MAX_CURSOR_CHARACTERS, required=False)


class EndForm(forms.Form):
    """Whose wish it is, and why."""

    ended_by = forms.ChoiceField(choices=[("holder", "holder"), ("body", "body")])
    reason = forms.CharField(max_length=MAX_REASON_CHARACTERS)


class ReinstateForm(forms.Form):
    """Why an end is taken back."""

    reason = forms.CharField(max_length=MAX_REASON_CHARACTERS)


class LinkForm(forms.Form):
    """``key`` was made with the page: sent twice it is one mail."""

    key = forms.RegexField(r"[A-Za-z0-9_-]{43}", max_length=43)


def list_enrolments(request: HttpRequest) -> HttpResponse:
    """A page of enrolments by status, number, or card about to expire."""
    form = FilterForm(request.GET)
    form.is_valid()
    typed = form.cleaned_data
    found = ask_or_none(
        ListEnrolments(
            client_body=acts_for(request),
            status=typed.get("status") or None,
            policy_number=typed.get("policy_number") or "",
            expiring_only=bool(typed.get("expiring")),
            after=typed.get("after") or "",
            limit=ENROLMENTS_SHOWN,
        )
    )
    more = request.GET.copy()
    if found is not None and found.next:
        more["after"] = found.next
    return the_desk().sign_in.show(
        request,
        "enrolments/list.html",
        200 if found else 503,
        away=found is None,
        enrolments=[line_of(request, one) for one in found.enrolments] if found else [],
        statuses=[(one, word(request, f"enrolment_{one}")) for one in STATUSES],
        typed=typed,
        more=more.urlencode() if found is not None and found.next else "",
    )


def line_of(request: HttpRequest, shown: EnrolmentShown) -> dict[str, Any]:
    """Return an enrolment as pages show it."""
    ja = the_desk().sign_in.word(request, "language_code") == "ja"
    ended_by = f"ended_by_{shown.ended_by}" if shown.ended_by else ""
    return {
        "shown": shown,
        "status_word": word(request, f"enrolment_{shown.status}"),
        "tone": TONES.get(shown.status, ""),
        "channel_word": word(request, f"channel_{shown.channel}"),
        "ended_word": word(request, ended_by) if ended_by else "",
        "product": shown.policy.product_ja if ja else shown.policy.product_en,
        "premium": yen(shown.policy.yearly_premium_yen),
        "card": f"{shown.card_brand.upper()} **** {shown.card_last_four}"
        if shown.card_last_four
        else "",
    }


def show_enrolment(
    request: HttpRequest, enrolment_id: str, status: int = 200, why: str = ""
) -> HttpResponse:
    """One enrolment with every step of its life."""
    ask = ShowEnrolment(client_body=acts_for(request), enrolment_id=enrolment_id)
    try:
        found = transport.cross(ask)
    except Refusal:
        return the_desk().sign_in.show(request, "enrolments/none.html", 404)
    except TransportError:
        return the_desk().sign_in.show(request, "payments/away.html", 503)
    person: Any = request.person  # type: ignore[attr-defined]
    shown = found.enrolment
    return the_desk().sign_in.show(
        request,
        "enrolments/enrolment.html",
        status,
        **line_of(request, shown),
        events=[
            (event, word(request, f"step_{event.event}"), event.by.removeprefix("client_desk:"))
            for event in found.events
        ],
        may_act=bool(set(ACTS) & set(person.roles)),
        key=new_token(),
        why=why,
        done=request.GET.get("done", ""),
        done_word=word(request, f"done_{request.GET.get('done', '')}"),
    )


def end(request: HttpRequest, enrolment_id: str) -> HttpResponse:
    """End it for the holder or the body."""
    form = EndForm(request.POST)
    if not form.is_valid():
        return show_enrolment(request, enrolment_id, 400, _told(request, "reason_wrong"))
    message = EndEnrolment(
        client_body=acts_for(request),
        enrolment_id=enrolment_id,
        ended_by=form.cleaned_data["ended_by"],
        reason=form.cleaned_data["reason"],
        by=_by(request),
    )
    return _say(request, enrolment_id, message, "ended")


def reinstate(request: HttpRequest, enrolment_id: str) -> HttpResponse:
    """Take an end back."""
    form = ReinstateForm(request.POST)
    if not form.is_valid():
        return show_enrolment(request, enrolment_id, 400, _told(request, "reason_wrong"))
    message = ReinstateEnrolment(
        client_body=acts_for(request),
        enrolment_id=enrolment_id,
        reason=form.cleaned_data["reason"],
        by=_by(request),
    )
    return _say(request, enrolment_id, message, "reinstated")


def ask_card(request: HttpRequest, enrolment_id: str) -> HttpResponse:
    """Have the holder sent a link with which another card is given."""
    form = LinkForm(request.POST)
    if not form.is_valid():
        return show_enrolment(request, enrolment_id, 400, _told(request, "other"))
    message = AskCardChange(
        key=form.cleaned_data["key"],
        client_body=acts_for(request),
        enrolment_id=enrolment_id,
        by=_by(request),
    )
    return _say(request, enrolment_id, message, "mailed")


def _say(
    request: HttpRequest, enrolment_id: str, message: Crossing[Any], done: str
) -> HttpResponse:
    try:
        transport.cross(message)
    except Refusal as refusal:
        return show_enrolment(request, enrolment_id, 409, _told(request, refusal.code))
    except TransportError:
        return show_enrolment(request, enrolment_id, 503, told(request, "away"))
    return HttpResponseRedirect(f"/enrolments/{enrolment_id}?done={done}")


def _told(request: HttpRequest, code: str) -> str:
    return told(request, code, topic="enrolling")


def _by(request: HttpRequest) -> str:
    person: Any = request.person  # type: ignore[attr-defined]
    return str(person.name)
