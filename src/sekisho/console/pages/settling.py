"""Settlement for operators: the network's files, differences worked on, payouts prepared by one and
approved by another; each act with a second factor proven for it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from sekisho import evidence, transport
from sekisho.console.pages.console import the_console
from sekisho.console.roles import may
from sekisho.crossings.message import Crossing, Refusal
from sekisho.crossings.payments import (
    ApprovePayout,
    CloseDifference,
    DifferenceShown,
    DropPayout,
    ListClearings,
    ListDifferences,
    ListPayouts,
    MarkPayoutMade,
    MarkPayoutReturned,
    PreparePayout,
    ShowPayout,
    TakeDifference,
)
from sekisho.sign_in.forms import FreshFactor
from sekisho.sign_in.gate import NotAdmitted
from sekisho.transport import TransportError

EVERY_BODY = "*"
FILES_SHOWN = 14
PAYOUTS_SHOWN = 50
DIFFERENCES_SHOWN = 500
MAX_REASON_CHARACTERS = 200
MAX_REFERENCE_CHARACTERS = 40
MAX_BODY_CHARACTERS = 40
ACTS = ("approve", "drop", "made", "returned")

SAID_AMISS = frozenset(
    {
        "same_person",
        "nothing_to_pay",
        "account_unknown",
        "amount_differs",
        "payout_over",
        "not_approved",
        "prepared_already",
        "day_wrong",
        "reason_wrong",
        "reference_wrong",
        "difference_closed",
        "taken_already",
        "test_body",
    }
)
"""Refusals that have a sentence of their own."""


class PrepareForm(FreshFactor):
    """Which body, up to which settled day."""

    body = forms.CharField(max_length=MAX_BODY_CHARACTERS)
    last_day = forms.DateField()


class PayoutForm(FreshFactor):
    """What is done with a payout; which of the others are needed depends on ``act``."""

    act = forms.ChoiceField(choices=[(act, act) for act in ACTS])
    amount_yen = forms.IntegerField(min_value=1, max_value=10**12, required=False)
    day = forms.DateField(required=False)
    reference = forms.CharField(max_length=MAX_REFERENCE_CHARACTERS, required=False)
    reason = forms.CharField(max_length=MAX_REASON_CHARACTERS, required=False)


class DifferenceForm(FreshFactor):
    """Take it (no reason), or close it with one."""

    act = forms.ChoiceField(choices=[("take", "take"), ("close", "close")])
    reason = forms.CharField(max_length=MAX_REASON_CHARACTERS, required=False)


def show_settlement(request: HttpRequest, status: int = 200, why: str = "") -> HttpResponse:
    """Files, differences and payouts on one page."""
    person: Any = request.person  # type: ignore[attr-defined]
    try:
        files = transport.cross(ListClearings(limit=FILES_SHOWN))
        listed = transport.cross(ListDifferences(client_body=EVERY_BODY, limit=DIFFERENCES_SHOWN))
        payouts = transport.cross(ListPayouts(client_body=EVERY_BODY, limit=PAYOUTS_SHOWN))
    except TransportError:
        return _away(request)
    return the_console().sign_in.show(
        request,
        "settling/settlement.html",
        status,
        files=files.clearings,
        listed=listed,
        payouts=payouts,
        prepares=may(person.roles, "propose_decisions"),
        why=_why(request, why),
    )


def prepare(request: HttpRequest) -> HttpResponse:
    """Gather a body's days into a payout."""
    person: Any = request.person  # type: ignore[attr-defined]
    form = PrepareForm(request.POST)
    if not form.is_valid():
        return show_settlement(request, 400, "form_incomplete")
    typed = form.cleaned_data
    message = PreparePayout(client_body=typed["body"], last_day=typed["last_day"], by=person.name)
    try:
        shown = _prove_and_say(request, form, message, f"prepare payout {typed['body']}")
    except NotAdmitted:
        return show_settlement(request, 403, "wrong_code")
    except Refusal as refusal:
        return show_settlement(request, 409, refusal.code)
    except TransportError:
        return _away(request)
    return HttpResponseRedirect(f"/payouts/{shown.payout_id}")


def show_payout(
    request: HttpRequest, payout_id: str, status: int = 200, why: str = ""
) -> HttpResponse:
    """One payout, and what may be done with it."""
    person: Any = request.person  # type: ignore[attr-defined]
    try:
        found = transport.cross(ShowPayout(client_body=EVERY_BODY, payout_id=payout_id))
    except Refusal:
        return the_console().sign_in.show(request, "settling/none.html", 404)
    except TransportError:
        return _away(request)
    prepared_by = found.prepared_by.partition(":")[2]
    return the_console().sign_in.show(
        request,
        "settling/payout.html",
        status,
        payout=found,
        approves=found.state in ("prepared", "returned")
        and may(person.roles, "approve_decisions")
        and prepared_by != person.name,
        drops=found.state in ("prepared", "returned") and may(person.roles, "propose_decisions"),
        marks=found.state == "approved" and may(person.roles, "propose_decisions"),
        why=_why(request, why),
    )


def act_on_payout(request: HttpRequest, payout_id: str) -> HttpResponse:
    """Approve it, give it up, or say what the bank said."""
    person: Any = request.person  # type: ignore[attr-defined]
    form = PayoutForm(request.POST)
    message = _payout_message(form.cleaned_data, payout_id, person) if form.is_valid() else None
    if message is None:
        return show_payout(request, payout_id, 400, "form_incomplete")
    act = form.cleaned_data["act"]
    if not may(person.roles, "approve_decisions" if act == "approve" else "propose_decisions"):
        return the_console().sign_in.show(request, "sign_in/no_role.html", status=403)
    try:
        _prove_and_say(request, form, message, f"{act} payout {payout_id}")
    except NotAdmitted:
        return show_payout(request, payout_id, 403, "wrong_code")
    except Refusal as refusal:
        return show_payout(request, payout_id, 409, refusal.code)
    except TransportError:
        return _away(request)
    return HttpResponseRedirect(request.path)


def _payout_message(typed: dict[str, Any], payout_id: str, person: Any) -> Crossing[Any] | None:
    """Return the message of an act, ``None`` when something that it needs was not typed."""
    act, amount, day = typed["act"], typed["amount_yen"], typed["day"]
    if act == "approve" and amount and day:
        return ApprovePayout(payout_id=payout_id, amount_yen=amount, pay_on=day, by=person.name)
    if act == "made" and amount and day and typed["reference"]:
        return MarkPayoutMade(
            payout_id=payout_id,
            amount_yen=amount,
            made_on=day,
            bank_reference=typed["reference"],
            by=person.name,
        )
    if act in ("drop", "returned") and typed["reason"].strip():
        kind = DropPayout if act == "drop" else MarkPayoutReturned
        return kind(payout_id=payout_id, reason=typed["reason"], by=person.name)
    return None


def show_difference(
    request: HttpRequest, difference_id: str, status: int = 200, why: str = ""
) -> HttpResponse:
    """One difference, and what may be done with it."""
    person: Any = request.person  # type: ignore[attr-defined]
    try:
        found = _find(difference_id)
    except TransportError:
        return _away(request)
    if found is None:
        return the_console().sign_in.show(request, "settling/none.html", 404)
    own = found.proposed_by.partition(":")[2] == person.name
    seconds = found.state == "proposed"
    right = "approve_decisions" if seconds else "propose_decisions"
    return the_console().sign_in.show(
        request,
        "settling/difference.html",
        status,
        difference=found,
        own=own,
        closes=may(person.roles, right) and not (seconds and own),
        takes=found.state == "open" and may(person.roles, "propose_decisions"),
        why=_why(request, why),
    )


def act_on_difference(request: HttpRequest, difference_id: str) -> HttpResponse:
    """Take it, propose that it be closed, or close it."""
    person: Any = request.person  # type: ignore[attr-defined]
    form = DifferenceForm(request.POST)
    if not form.is_valid():
        return show_difference(request, difference_id, 400, "form_incomplete")
    act, reason = form.cleaned_data["act"], form.cleaned_data["reason"].strip()
    message: Crossing[Any] = (
        TakeDifference(difference_id=difference_id, by=person.name)
        if act == "take"
        else CloseDifference(difference_id=difference_id, reason=reason, by=person.name)
    )
    try:
        found = _find(difference_id)
        seconds = act == "close" and found is not None and found.state == "proposed"
        if not may(person.roles, "approve_decisions" if seconds else "propose_decisions"):
            return the_console().sign_in.show(request, "sign_in/no_role.html", status=403)
        _prove_and_say(request, form, message, f"{act} difference {difference_id}")
    except NotAdmitted:
        return show_difference(request, difference_id, 403, "wrong_code")
    except Refusal as refusal:
        return show_difference(request, difference_id, 409, refusal.code)
    except TransportError:
        return _away(request)
    return HttpResponseRedirect(request.path)


def _find(difference_id: str) -> DifferenceShown | None:
    message = ListDifferences(client_body=EVERY_BODY, only_open=False, limit=DIFFERENCES_SHOWN)
    while True:
        page = transport.cross(message)
        for one in page.differences:
            if one.difference_id == difference_id:
                return one
        if not page.next_after:
            return None
        message = ListDifferences(
            client_body=EVERY_BODY,
            only_open=False,
            after=page.next_after,
            limit=DIFFERENCES_SHOWN,
        )


def _prove_and_say(
    request: HttpRequest, form: FreshFactor, message: Crossing[Any], act: str
) -> Any:
    """Say it after the second factor was proven for it. Raises ``NotAdmitted``, ``Refusal``,
    ``TransportError``."""
    person: Any = request.person  # type: ignore[attr-defined]
    the_console().sign_in.prove(request, form, act=act)
    answer = transport.cross(message)
    evidence.append(
        kind="console.settlement_act",
        subject=person.person_id,
        facts={"by": person.name, "act": act},
    )
    return answer


def _why(request: HttpRequest, code: str) -> str:
    if not code:
        return ""
    known = code in SAID_AMISS or code in ("form_incomplete", "wrong_code")
    if code == "wrong_code":
        return the_console().sign_in.word(request, code)
    return the_console().sign_in.word(request, f"settling_{code if known else 'refused'}")


def _away(request: HttpRequest) -> HttpResponse:
    return the_console().sign_in.show(request, "settling/away.html", 503)
