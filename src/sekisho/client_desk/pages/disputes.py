"""Disputes: chargebacks by the day to answer by, and the answer. An answer is final, so it wants
somebody who decides and a fresh second factor."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from sekisho import evidence, transport
from sekisho.client_desk.pages.asking import ask_or_none, told, word, yen
from sekisho.client_desk.pages.desk import acts_for, the_desk
from sekisho.client_desk.pages.menu import DECIDES
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import AnswerDispute, DisputeShown, ListDisputes
from sekisho.sign_in.forms import FreshFactor
from sekisho.sign_in.gate import NotAdmitted
from sekisho.transport import TransportError
from sekisho.vocabulary.clock import business_date, now

DISPUTES_SHOWN = 200
MAX_GROUNDS_CHARACTERS = 200
SOON_DAYS = 7
"""A dispute with fewer days left is shown as urgent."""


class AnswerForm(FreshFactor):
    """Accept it or contest it, and what proves that the payment was right."""

    answer = forms.ChoiceField(choices=[("accept", "accept"), ("contest", "contest")])
    grounds = forms.CharField(max_length=MAX_GROUNDS_CHARACTERS, required=False)


def open_disputes(request: HttpRequest) -> list[DisputeShown] | None:
    """Return the disputes of the body in view that wait for an answer, ``None`` while payments is
    away."""
    found = ask_or_none(ListDisputes(client_body=acts_for(request), limit=DISPUTES_SHOWN))
    if found is None:
        return None
    return [dispute for dispute in found.disputes if dispute.status == "open"]


def list_disputes(request: HttpRequest) -> HttpResponse:
    """Open ones first; all of them when asked for."""
    everything = request.GET.get("all") == "1"
    message = ListDisputes(
        client_body=acts_for(request), limit=DISPUTES_SHOWN, only_open=not everything
    )
    found = ask_or_none(message)
    return the_desk().sign_in.show(
        request,
        "disputes/list.html",
        200 if found else 503,
        away=found is None,
        disputes=[_shown(request, one) for one in found.disputes] if found else [],
        everything=everything,
    )


def _shown(request: HttpRequest, dispute: DisputeShown) -> dict[str, Any]:
    days = (dispute.respond_by - business_date(now())).days
    tone = {"open": "tag--warn", "won": "tag--done", "lost": "tag--bad", "accepted": "tag--bad"}
    return {
        "shown": dispute,
        "amount": yen(dispute.amount_yen),
        "status_word": word(request, f"dispute_{dispute.status}"),
        "tone": tone.get(dispute.status, ""),
        "days": days,
        "soon": dispute.status == "open" and days < SOON_DAYS,
        "late": days < 0,
    }


def _find(request: HttpRequest, case_number: str) -> DisputeShown | None:
    """Return a dispute of the body in view. Raises ``TransportError``."""
    message = ListDisputes(client_body=acts_for(request), limit=DISPUTES_SHOWN, only_open=False)
    found = transport.cross(message).disputes
    return next((one for one in found if one.case_number == case_number), None)


def show_dispute(
    request: HttpRequest, case_number: str, status: int = 200, why: str = ""
) -> HttpResponse:
    """One dispute with its answer."""
    try:
        found = _find(request, case_number)
    except TransportError:
        return the_desk().sign_in.show(request, "payments/away.html", 503)
    if found is None:
        return the_desk().sign_in.show(request, "disputes/none.html", 404)
    person: Any = request.person  # type: ignore[attr-defined]
    waits = found.status == "open"
    return the_desk().sign_in.show(
        request,
        "disputes/dispute.html",
        status,
        page_address=f"/disputes/{case_number}",
        **_shown(request, found),
        dispute=found,
        waits=waits,
        may_answer=waits and bool(set(DECIDES) & set(person.roles)),
        why=why,
        typed=request.POST,
        done=request.GET.get("done", ""),
    )


def answer(request: HttpRequest, case_number: str) -> HttpResponse:
    """Answer it."""
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return show_dispute(request, case_number, 400, told(request, "answer", topic="disputed"))
    typed = form.cleaned_data
    try:
        the_desk().sign_in.prove(request, form, act=f"{typed['answer']} dispute {case_number}")
    except NotAdmitted:
        why = the_desk().sign_in.word(request, "wrong_factor")
        return show_dispute(request, case_number, 403, why)
    person: Any = request.person  # type: ignore[attr-defined]
    message = AnswerDispute(
        client_body=acts_for(request),
        case_number=case_number,
        answer=typed["answer"],
        grounds=typed["grounds"].strip(),
        by=person.name,
    )
    try:
        transport.cross(message)
    except Refusal as refusal:
        why = told(request, refusal.code, topic="disputed")
        return show_dispute(request, case_number, 409, why)
    except TransportError:
        return show_dispute(request, case_number, 503, told(request, "away"))
    evidence.append(
        kind="client_desk.dispute_answered",
        subject=case_number,
        facts={
            "client_body": message.client_body,
            "by": person.person_id,
            "answer": message.answer,
        },
    )
    return HttpResponseRedirect(f"/disputes/{case_number}?done=1")
