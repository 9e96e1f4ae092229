"""The outcome, for as long as the visit lasts; and the way back to it with the reference."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import FindPayment, PaymentShown
from sekisho.payer_site.forms import FindPaymentForm
from sekisho.payer_site.keep_visit import new_visit, open_visit
from sekisho.payer_site.pages.show import errand_page, page, show, visit_of
from sekisho.payer_site.pages.way import PAGE_OF_STATUS, go_on, shown_of
from sekisho.payer_site.records.models import Errand, Visit
from sekisho.payer_site.run_errand import facts_of, note_done
from sekisho.payer_site.tell_outcome import tell_outcome
from sekisho.payer_site.this_site import session_of, source_of, this_site
from sekisho.transport import cross


@errand_page
def outcome(request: HttpRequest, handle: str, errand: Errand) -> HttpResponse:
    """What happened, what happened to the money, whether to try again, whom to ask."""
    if not errand.payment_id:
        return go_on(handle, errand)
    shown = shown_of(errand)
    if PAGE_OF_STATUS[shown.status] != "outcome":
        return go_on(handle, errand, shown)
    if shown.status == "succeeded":
        note_done(errand)
    facts = {
        "errand": errand,
        "handle": handle,
        "about": facts_of(errand),
        "shown": shown,
        "outcome": tell_outcome(shown, change=errand.card_change),
        "can_reuse_person": errand.kind == "bill"
        or errand.sealed is not None
        or errand.card_change,
    }
    return show(request, "outcome", facts)


@page
def status(request: HttpRequest) -> HttpResponse:
    """State of a payment for who has its reference and the number it was for."""
    if request.method != "POST":
        return show(request, "status", {"form": FindPaymentForm()})
    form = FindPaymentForm(request.POST)
    if not form.is_valid():
        return show(request, "status", {"form": form}, status=422)
    visit, token = visit_of(request), ""
    if visit is None:
        visit, token = new_visit()
    try:
        shown = _ask(request, form, visit)
        over = PAGE_OF_STATUS[shown.status] == "outcome"
        facts = {"shown": shown, "outcome": tell_outcome(shown) if over else None}
        response = show(request, "status_shown", facts)
    except Refusal as refusal:
        if refusal.code != "payment_unknown":
            raise
        form.add_error("reference", "field.reference.unknown")
        response = show(request, "status", {"form": form}, status=422)
    if token:
        open_visit(response, this_site().pages.id, token)
    return response


def _ask(request: HttpRequest, form: FindPaymentForm, visit: Visit) -> PaymentShown:
    return cross(
        FindPayment(
            reference=form.reference_read or "",
            number=form.number_read or "",
            source=source_of(request),
            session=session_of(visit),
        )
    )
