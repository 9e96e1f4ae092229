"""Find a policy, read the terms, say who applies."""

from __future__ import annotations

from datetime import date

import msgspec
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import FindPolicy, PolicyFacts, StartEnrolment
from sekisho.payer_site.find_address import find_address
from sekisho.payer_site.forms import AgreeToTermsForm, FindPolicyForm, PersonForm, PostalCodeForm
from sekisho.payer_site.keep_visit import new_visit, open_visit
from sekisho.payer_site.pages.show import errand_page, page, see_other, show, visit_of
from sekisho.payer_site.pages.way import IN_FLIGHT, go_on, shown_of
from sekisho.payer_site.records.models import Errand, Visit
from sekisho.payer_site.run_errand import (
    SHOWN_DIGITS,
    facts_of,
    key_of_turn,
    note_started,
    one_at_a_time,
    open_errand,
)
from sekisho.payer_site.this_site import session_of, source_of, this_site
from sekisho.transport import cross
from sekisho.vocabulary.clock import now


@page
def find_policy(request: HttpRequest) -> HttpResponse:
    """Policy number and date of birth; the policy found becomes an errand."""
    if request.method != "POST":
        return show(request, "find_policy", {"form": FindPolicyForm()})
    form = FindPolicyForm(request.POST)
    if not form.is_valid() or form.number is None or form.born is None:
        return show(request, "find_policy", {"form": form}, status=422)
    visit, token = visit_of(request), ""
    if visit is None:
        visit, token = new_visit()
    try:
        facts = _ask(request, form.number, form.born, visit)
    except Refusal as refusal:
        if refusal.code != "policy_unknown":
            raise
        form.add_error("policy_number", "field.policy_number.unknown")
        response = show(request, "find_policy", {"form": form}, status=422)
    else:
        short = msgspec.structs.replace(facts, policy_number=facts.policy_number[-SHOWN_DIGITS:])
        handle = open_errand(visit, short, form.number)
        response = see_other("terms", handle)
    if token:
        open_visit(response, this_site().pages.id, token)
    return response


def _ask(request: HttpRequest, number: str, born: date, visit: Visit) -> PolicyFacts:
    sealer = this_site().sealer
    return cross(
        FindPolicy(
            policy_number=number,
            sealed_date_of_birth=sealer.seal_items({"date_of_birth": born.isoformat()}),
            source=source_of(request),
            session=session_of(visit),
        )
    ).policy


@errand_page
def terms(request: HttpRequest, handle: str, errand: Errand) -> HttpResponse:
    """The policy found, and what one agrees to."""
    if errand.kind != "policy" or errand.card_change or _in_flight(errand):
        return go_on(handle, errand)
    form = AgreeToTermsForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        errand.agreed_at = now()
        errand.save(update_fields=["agreed_at"])
        return see_other("person", handle)
    facts = {"form": form, "errand": errand, "policy": facts_of(errand), "handle": handle}
    return show(request, "terms", facts, status=422 if form.is_bound else 200)


@errand_page
def person(request: HttpRequest, handle: str, errand: Errand) -> HttpResponse:
    """Who applies. What was typed is shown by the same request only; afterwards the page says that
    it was entered and offers to enter it anew or to go on."""
    foreign = errand.kind != "policy" or errand.card_change
    if foreign or errand.agreed_at is None or _in_flight(errand):
        return go_on(handle, errand)
    if request.method == "POST" and "find_address" in request.POST:
        return _address_found(request, handle, errand)
    if request.method == "POST":
        form = PersonForm(request.POST)
        if form.is_valid() and form.items is not None:
            return _start(request, handle, errand, form)
        return _show_form(request, handle, errand, form, status=422)
    if errand.sealed is not None and "again" not in request.GET:
        return show(request, "person_entered", {"errand": errand, "handle": handle})
    return _show_form(request, handle, errand, PersonForm())


def _in_flight(errand: Errand) -> bool:
    return bool(errand.payment_id) and shown_of(errand).status in IN_FLIGHT


def _show_form(
    request: HttpRequest, handle: str, errand: Errand, form: PersonForm, *, status: int = 200,
    searched: str = "",
) -> HttpResponse:  # fmt: skip
    facts = {"form": form, "errand": errand, "handle": handle, "searched": searched}
    return show(request, "person", facts, status=status)


def _address_found(request: HttpRequest, handle: str, errand: Errand) -> HttpResponse:
    """The same form with the address of its postal code filled in; nothing is kept."""
    asked = PostalCodeForm(request.POST)
    typed = request.POST.copy()
    searched = "wrong"
    if asked.is_valid() and asked.code is not None:
        town = find_address(asked.code)
        searched = "found" if town else "none"
        typed["town"] = town or typed.get("town", "")
    form = PersonForm(initial=typed.dict())
    if searched == "wrong":
        form.postal_complaint = asked.errors["postal_code"][0]  # type: ignore[attr-defined]
    return _show_form(request, handle, errand, form, searched=searched)


def _start(request: HttpRequest, handle: str, errand: Errand, form: PersonForm) -> HttpResponse:
    items = form.items or {}
    sealed = this_site().sealer.seal_items(items)
    with one_at_a_time(errand) as mine:
        if form.turn_sent() != mine.turn:
            return go_on(handle, mine)
        mine.sealed, mine.mail_wanted = sealed, "email" in items
        start_enrolment(request, handle, mine)
    return see_other("card", handle)


def start_enrolment(request: HttpRequest, handle: str, errand: Errand) -> None:
    """Ask payments to begin the errand's enrolment, and note the card check. Raises ``Refusal``."""
    facts, site = facts_of(errand), this_site()
    if not isinstance(facts, PolicyFacts) or errand.sealed is None:
        raise TypeError("an enrolment needs a policy and who applies")
    started = cross(
        StartEnrolment(
            key=key_of_turn(errand),
            policy_id=facts.policy_id,
            box=bytes(errand.sealed),
            language=request.language,  # type: ignore[attr-defined]
            parent_origin=site.origin,
            return_url=site.origin + reverse("card_done", args=[handle]),
            source=source_of(request),
            session=session_of(errand.visit),
        )
    )
    note_started(errand, started)
