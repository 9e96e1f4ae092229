"""Between the button and the outcome: waiting, the challenge, and the way back from it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import FinishChallenge
from sekisho.payer_site.errors import ErrandGone
from sekisho.payer_site.pages.show import errand_page, see_other, show
from sekisho.payer_site.pages.way import PAGE_OF_STATUS, go_on, shown_of
from sekisho.payer_site.records.models import Errand
from sekisho.payer_site.run_errand import find_returned
from sekisho.payer_site.this_site import origin_of
from sekisho.transport import TransportError, cross
from sekisho.vocabulary.clock import now

MAX_CRES_CHARACTERS = 16_384
REFRESH_SECONDS = 3
"""How often a page without script asks again."""
LONG_WAIT_SECONDS = 45
"""From then on the page says that the payer may leave and how to learn the outcome."""


@errand_page
def progress(request: HttpRequest, handle: str, errand: Errand) -> HttpResponse:
    """Say that the card company is being asked; go on by itself."""
    if not errand.payment_id:
        return go_on(handle, errand)
    shown = shown_of(errand)
    if shown.status != "processing":
        return go_on(handle, errand, shown)
    waited = (now() - errand.confirmed_at).total_seconds() if errand.confirmed_at else 0
    facts = {
        "errand": errand,
        "handle": handle,
        "shown": shown,
        "refresh_seconds": REFRESH_SECONDS,
        "long_wait": waited > LONG_WAIT_SECONDS,
    }
    return show(request, "progress", facts)


@errand_page
def state(request: HttpRequest, handle: str, errand: Errand) -> HttpResponse:
    """For the waiting page's script: where to go, or nothing yet."""
    if not errand.payment_id:
        return JsonResponse({"next": None})
    status = shown_of(errand).status
    page = PAGE_OF_STATUS[status]
    return JsonResponse({"next": None if page == "progress" else reverse(page, args=[handle])})


@errand_page
def challenge(request: HttpRequest, handle: str, errand: Errand) -> HttpResponse:
    """Send the whole window to the card company's page: a form, pressed by a script or by hand."""
    if not errand.payment_id:
        return go_on(handle, errand)
    shown = shown_of(errand)
    if shown.status != "challenge" or shown.challenge is None:
        return (
            go_on(handle, errand, shown)
            if shown.status != "challenge"
            else see_other("progress", handle)
        )
    facts = {"errand": errand, "handle": handle, "shown": shown, "challenge": shown.challenge}
    response = show(request, "challenge", facts)
    response.posts_to = origin_of(shown.challenge.acs_url)  # type: ignore[attr-defined]
    return response


@csrf_exempt
def returned(request: HttpRequest, handle: str) -> HttpResponse:
    """The browser's way back from the challenge: posted by another origin, so without our cookie.

    The unguessable handle names the errand; what comes is only a word that waiting is over (the
    result goes to the card network by the directory server). The answer is a redirect to a page of
    this site, which the cookie reaches again."""
    cres = request.POST.get("cres", "")
    try:
        errand = find_returned(handle)
        if cres and len(cres) <= MAX_CRES_CHARACTERS:
            cross(FinishChallenge(payment_id=errand.payment_id, cres=cres))
    except ErrandGone:
        return show(request, "gone", {}, status=410)
    except (Refusal, TransportError):
        # Payments learns the result anyway; the page says how far it is.
        return see_other("progress", handle)
    return see_other("progress", handle)
