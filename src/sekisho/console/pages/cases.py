"""Cases: payments that the machine can't end. One operator proposes how, another approves; each
with a second factor proven for this very act, so that a stolen visit decides nothing."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from sekisho import evidence, transport
from sekisho.console.pages.console import the_console
from sekisho.console.roles import may
from sekisho.console.watch.ask import (
    CASES_LIMIT,
    PaymentUnknown,
    ask,
    find_case,
    history_of,
)
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import CaseShown, DecideCase, ListCases
from sekisho.sign_in.forms import FreshFactor
from sekisho.sign_in.gate import NotAdmitted
from sekisho.transport import TransportError

MAX_REASON_CHARACTERS = 500
DECISIONS = ("taken", "not_taken", "ask_again")

SAID_AMISS = frozenset(
    {
        "same_person",
        "decision_differs",
        "proposed_already",
        "nothing_proposed",
        "decision_wrong",
        "reason_wrong",
        "case_unknown",
    }
)
"""Refusals that have a sentence of their own."""


class DecisionForm(FreshFactor):
    """How a case ends, why, and a fresh second factor."""

    decision = forms.ChoiceField(choices=[(one, one) for one in DECISIONS])
    reason = forms.CharField(max_length=MAX_REASON_CHARACTERS, widget=forms.Textarea)


def list_cases(request: HttpRequest) -> HttpResponse:
    """The open cases, oldest first."""
    found = ask(ListCases(limit=CASES_LIMIT))
    done = request.GET.get("done") == "1"
    return the_console().sign_in.show(request, "cases.html", found=found, done=done)


def show_case(request: HttpRequest, payment_id: str) -> HttpResponse:
    """One case with its facts, and the decision."""
    try:
        if request.method == "POST":
            return _decide(request, payment_id)
        return _page(request, payment_id)
    except TransportError:
        return _page_without_payments(request)


def _page(request: HttpRequest, payment_id: str, status: int = 200, **facts: Any) -> HttpResponse:
    person = request.person  # type: ignore[attr-defined]
    case = find_case(payment_id)
    if case is None:
        return the_console().sign_in.show(request, "case_over.html", status=404)
    try:
        history = history_of(payment_id)
    except PaymentUnknown:
        return the_console().sign_in.show(request, "case_over.html", status=404)
    evidence.append(
        kind="console.payment_looked_at",
        subject=payment_id,
        facts={"by": person.name, "person": person.person_id, "as": "case"},
    )
    approves = _would_approve(case, person)
    return the_console().sign_in.show(
        request,
        "case.html",
        status,
        case=case,
        history=history,
        own=case.proposed_by == person.name,
        approves=approves,
        allowed=may(person.roles, "approve_decisions" if approves else "propose_decisions"),
        **facts,
    )


def _page_without_payments(request: HttpRequest) -> HttpResponse:
    return the_console().sign_in.show(request, "cases.html", 503, found=None, done=False)


def _would_approve(case: CaseShown, person: Any) -> bool:
    return case.asked_for is not None and case.proposed_by != person.name


def _decide(request: HttpRequest, payment_id: str) -> HttpResponse:
    person = request.person  # type: ignore[attr-defined]
    form = DecisionForm(request.POST)
    typed = {"decision": form.data.get("decision", ""), "reason": form.data.get("reason", "")}
    if not form.is_valid():
        return _page(request, payment_id, 400, why="form_incomplete", typed=typed)
    case = find_case(payment_id)
    if case is None:
        return _page(request, payment_id)
    decision, reason = form.cleaned_data["decision"], form.cleaned_data["reason"].strip()
    if (case.proposed_by, case.asked_for, case.reason) == (person.name, decision, reason):
        # The page was sent twice: it stands as proposed, and the code is used up.
        return HttpResponseRedirect(request.path)
    approves = decision != "ask_again" and _would_approve(case, person)
    if not may(person.roles, "approve_decisions" if approves else "propose_decisions"):
        return the_console().sign_in.show(request, "sign_in/no_role.html", status=403)
    try:
        act = f"{'approve' if approves else 'propose'} {decision} {payment_id}"
        the_console().sign_in.prove(request, form, act=act)
    except NotAdmitted:
        return _page(request, payment_id, 403, why="wrong_code", typed=typed)
    message = DecideCase(
        payment_id=payment_id,
        decision=decision,
        approves=approves,
        reason=reason,
        by=person.name,
    )
    return _say(request, message, typed)


def _say(request: HttpRequest, message: DecideCase, typed: dict[str, str]) -> HttpResponse:
    try:
        case = transport.cross(message)
    except Refusal as refusal:
        why = refusal.code if refusal.code in SAID_AMISS else "refused"
        return _page(request, message.payment_id, 409, why=why, detail=refusal.detail, typed=typed)
    person = request.person  # type: ignore[attr-defined]
    evidence.append(
        kind="console.case_decided" if message.approves else "console.case_proposed",
        subject=message.payment_id,
        facts={"by": person.name, "person": person.person_id, "decision": message.decision},
    )
    return HttpResponseRedirect(request.path if case.open else "/cases?done=1")
