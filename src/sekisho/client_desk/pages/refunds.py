"""Refunds: asked for on a payment's page, decided by a second person where they are large."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from sekisho.client_desk.client_bodies import client_bodies
from sekisho.client_desk.errors import RefundRefused, RefundUnknown
from sekisho.client_desk.pages.asking import rows_of_view, told, word, yen
from sekisho.client_desk.pages.desk import the_desk
from sekisho.client_desk.pages.menu import DECIDES
from sekisho.client_desk.pages.payments.one_payment import find_payment
from sekisho.client_desk.pages.payments.search import line_of
from sekisho.client_desk.records.portal_models import RefundRequest
from sekisho.client_desk.refunds.ask_refund import (
    MAX_REASON_CHARACTERS,
    Wish,
    ask_refund,
)
from sekisho.client_desk.refunds.decide_refund import approve, find_request, refuse, say_to_payments
from sekisho.crossings.payments import PaymentOfBody
from sekisho.sign_in.forms import FreshFactor
from sekisho.sign_in.gate import NotAdmitted
from sekisho.transport import TransportError
from sekisho.vocabulary.clock import now
from sekisho.vocabulary.identifiers import new_token

REQUESTS_SHOWN = 100
MAX_YEN = 99_999_999
MAX_KEY_CHARACTERS = 64
TONES = {"asked": "tag--warn", "approved": "tag--warn", "done": "tag--done", "refused": "tag--bad"}


class RefundForm(forms.Form):
    """How much goes back, and why. ``key`` and ``left_yen`` were made with the page."""

    amount_yen = forms.IntegerField(min_value=0, max_value=MAX_YEN)
    fee_yen = forms.IntegerField(min_value=0, max_value=MAX_YEN, required=False)
    reason = forms.CharField(max_length=MAX_REASON_CHARACTERS)
    key = forms.RegexField(r"[A-Za-z0-9_-]{43}", max_length=MAX_KEY_CHARACTERS)
    left_yen = forms.IntegerField(min_value=0, max_value=MAX_YEN)


class DecideForm(FreshFactor):
    """Yes or no, and a word to the asker; a yes wants a fresh second factor."""

    decision = forms.ChoiceField(choices=[("approve", "approve"), ("refuse", "refuse")])
    note = forms.CharField(max_length=MAX_REASON_CHARACTERS, required=False)


class TakeBackForm(forms.Form):
    """The asker takes the wish back."""


def show_form(
    request: HttpRequest,
    payment_id: str,
    status: int = 200,
    *,
    why: str = "",
    field: str = "amount_yen",
) -> HttpResponse:
    """The form on which a refund is asked for."""
    try:
        found = find_payment(request, payment_id)
    except TransportError:
        return the_desk().sign_in.show(request, "payments/away.html", 503)
    if found is None:
        return the_desk().sign_in.show(request, "payments/none.html", 404)
    person: Any = request.person  # type: ignore[attr-defined]
    body = client_bodies()[person.client_body]
    typed = {"amount_yen": found.left_yen - found.left_fee_yen, "fee_yen": found.left_fee_yen}
    return the_desk().sign_in.show(
        request,
        "refunds/ask.html",
        status,
        line=line_of(request, found.payment),
        payment=found.payment,
        left=yen(found.left_yen),
        left_yen=found.left_yen,
        left_fee=yen(found.left_fee_yen),
        typed={**typed, "reason": "", **request.POST.dict()},
        # A form that was refused asked for nothing yet: a fresh key goes with the fresh figures.
        key=new_token(),
        alone_up_to=yen(body.refund_alone_up_to_yen),
        alone_a_day=yen(body.refund_alone_up_to_yen_a_day),
        why=told(request, why, topic="refund") if why else "",
        field=field,
    )


def ask(request: HttpRequest, payment_id: str) -> HttpResponse:
    """Take the form: order it at once, or put it before a second person."""
    form = RefundForm(request.POST)
    if not form.is_valid():
        first = next(iter(form.errors))
        field = first if first in ("fee_yen", "reason") else "amount_yen"
        return show_form(request, payment_id, 400, why=f"{field}_wrong", field=field)
    typed = form.cleaned_data
    try:
        found = find_payment(request, payment_id)
    except TransportError:
        return show_form(request, payment_id, 503)
    if found is None:
        return show_form(request, payment_id)
    with rows_of_view(request) as client_body:
        earlier = RefundRequest.objects.filter(key=typed["key"]).first()
    if earlier is None and found.left_yen != typed["left_yen"]:
        return show_form(request, payment_id, 409, why="left_changed")
    try:
        made = _ask(request, found, typed, client_body)
    except RefundRefused as refused:
        why = refused.code.removeprefix("refund_")
        return show_form(request, payment_id, 400, why=why, field=refused.field)
    done = {"done": "refunded", "asked": "asked", "approved": "refunded"}.get(made.state)
    page = f"/payments/{payment_id}?done={done}" if done else f"/refunds/{made.request_id}"
    return HttpResponseRedirect(page)


def _ask(
    request: HttpRequest, found: PaymentOfBody, typed: dict[str, Any], client_body: str
) -> RefundRequest:
    person: Any = request.person  # type: ignore[attr-defined]
    wish = Wish(
        key=typed["key"],
        payment_id=found.payment.payment_id,
        reference=found.payment.reference,
        amount_yen=typed["amount_yen"],
        fee_yen=typed["fee_yen"] or 0,
        left_yen=typed["left_yen"],
        # What payments says, not the form: refunds under way count as given back.
        refunded_yen=found.payment.total_yen - found.left_yen,
        reason=typed["reason"].strip(),
    )
    body = client_bodies()[person.client_body]
    with rows_of_view(request):
        made = ask_refund(wish, client_body=client_body, body=body, by=person, now=now())
        return say_to_payments(made)


def list_requests(request: HttpRequest) -> HttpResponse:
    """What waits for a second person, and the newest others."""
    person: Any = request.person  # type: ignore[attr-defined]
    with rows_of_view(request):
        waiting = list(
            RefundRequest.objects.filter(state__in=("asked", "approved")).order_by("asked_at")[
                :REQUESTS_SHOWN
            ]
        )
        over = list(
            RefundRequest.objects.filter(state__in=("done", "refused")).order_by("-asked_at")[
                :REQUESTS_SHOWN
            ]
        )
    return the_desk().sign_in.show(
        request,
        "refunds/list.html",
        waiting=[shown(request, one) for one in waiting],
        over=[shown(request, one) for one in over],
        decides=bool(set(DECIDES) & set(person.roles)),
        done=request.GET.get("done", ""),
    )


def shown(request: HttpRequest, one: RefundRequest) -> dict[str, Any]:
    """Return a request as the pages show it."""
    person: Any = request.person  # type: ignore[attr-defined]
    return {
        "wish": one,
        "total": yen(one.total_yen),
        "fee": yen(one.fee_yen),
        "state": word(request, f"wish_{one.state}"),
        "tone": TONES[one.state],
        "own": one.asked_by == person.person_id,
        "problem": told(request, one.problem, topic="refund") if one.problem else "",
    }


def show_request(
    request: HttpRequest, request_id: str, status: int = 200, why: str = ""
) -> HttpResponse:
    """One request with its decision."""
    person: Any = request.person  # type: ignore[attr-defined]
    try:
        with rows_of_view(request):
            found = find_request(request_id)
    except RefundUnknown:
        return the_desk().sign_in.show(request, "refunds/none.html", 404)
    facts = shown(request, found)
    waits = found.state == "asked"
    return the_desk().sign_in.show(
        request,
        "refunds/request.html",
        status,
        page_address=f"/refunds/{request_id}",
        **facts,
        may_decide=waits and not facts["own"] and bool(set(DECIDES) & set(person.roles)),
        may_take_back=waits and facts["own"],
        waits=waits,
        why=why,
        typed=request.POST,
    )


def decide(request: HttpRequest, request_id: str) -> HttpResponse:
    """The second person's yes or no. A yes wants a fresh second factor: a stolen visit approves
    nothing. Nobody decides their own wish."""
    form = DecideForm(request.POST)
    if not form.is_valid():
        return show_request(request, request_id, 400, told(request, "decision", topic="refund"))
    person: Any = request.person  # type: ignore[attr-defined]
    said = form.cleaned_data["decision"]
    try:
        with rows_of_view(request):
            if find_request(request_id).asked_by == person.person_id:
                raise RefundRefused("refund_own", "decision")
        # Before the rows of the twin are in view: the person's own record is under their own body.
        the_desk().sign_in.prove(request, form, act=f"{said} refund {request_id}")
        with rows_of_view(request):
            if said == "approve":
                say_to_payments(approve(request_id, by=person, now=now()))
            else:
                refuse(request_id, form.cleaned_data["note"].strip(), by=person, now=now())
    except NotAdmitted:
        return show_request(
            request, request_id, 403, the_desk().sign_in.word(request, "wrong_factor")
        )
    except RefundUnknown:
        return show_request(request, request_id)
    except RefundRefused as refused:
        why = told(request, refused.code.removeprefix("refund_"), topic="refund")
        return show_request(request, request_id, 409, why)
    return HttpResponseRedirect(f"/refunds/{request_id}")


def take_back(request: HttpRequest, request_id: str) -> HttpResponse:
    """The asker takes the wish back before anybody decided."""
    person: Any = request.person  # type: ignore[attr-defined]
    try:
        with rows_of_view(request):
            if find_request(request_id).asked_by != person.person_id:
                return the_desk().sign_in.show(request, "sign_in/no_role.html", 403)
            refuse(request_id, "", by=person, now=now())
    except RefundUnknown:
        return show_request(request, request_id)
    except RefundRefused as refused:
        why = told(request, refused.code.removeprefix("refund_"), topic="refund")
        return show_request(request, request_id, 409, why)
    return HttpResponseRedirect(f"/refunds/{request_id}")


def waiting_for(request: HttpRequest) -> int:
    """Return how many requests wait for this person's decision."""
    person: Any = request.person  # type: ignore[attr-defined]
    if not set(DECIDES) & set(person.roles):
        return 0
    with rows_of_view(request):
        waiting = RefundRequest.objects.filter(state="asked").exclude(asked_by=person.person_id)
        return waiting.count()
