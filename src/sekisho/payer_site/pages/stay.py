"""Time: how long the session lasts, more of it, and giving up."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import CancelPayment, ExtendPayment, PaymentShown
from sekisho.payer_site.forms import StayForm
from sekisho.payer_site.pages.show import errand_page, see_other
from sekisho.payer_site.pages.way import go_on
from sekisho.payer_site.records.models import Errand
from sekisho.transport import cross
from sekisho.vocabulary.clock import now


def time_left(shown: PaymentShown) -> dict[str, Any]:
    """Return for a page: whole minutes and seconds left, and the moment of the end."""
    seconds = max(0, int((shown.expires_at - now()).total_seconds()))
    return {
        "minutes_left": -(-seconds // 60),
        "seconds_left": seconds,
        "expires_at": shown.expires_at,
    }


@errand_page
def extend(request: HttpRequest, handle: str, errand: Errand) -> HttpResponse:
    """More time (WCAG 2.2, 2.2.1). A script gets the new end as JSON, so that a half-filled card
    form stays; without one the page is shown again."""
    if not errand.payment_id:
        return go_on(handle, errand)
    wants_json = request.headers.get("Accept", "").startswith("application/json")
    try:
        shown = cross(ExtendPayment(payment_id=errand.payment_id))
    except Refusal as refusal:
        if wants_json:
            return JsonResponse({"refused": refusal.code}, status=409)
        raise
    if wants_json:
        return JsonResponse({"seconds_left": time_left(shown)["seconds_left"]})
    form = StayForm(request.POST)
    page = form.cleaned_data.get("page") if form.is_valid() else ""
    return see_other(page, handle) if page else go_on(handle, errand, shown)


@errand_page
def cancel(request: HttpRequest, handle: str, errand: Errand) -> HttpResponse:
    """Give up before the card is charged. Once the card company was asked it is too late, and the
    page says so by showing how far it is."""
    if not errand.payment_id:
        return go_on(handle, errand)
    try:
        shown = cross(CancelPayment(payment_id=errand.payment_id))
    except Refusal as refusal:
        if refusal.code not in ("payment_over", "payment_in_flight"):
            raise
        return go_on(handle, errand)
    return go_on(handle, errand, shown)
