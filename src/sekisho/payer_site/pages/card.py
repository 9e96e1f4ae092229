"""The card: a frame of the vault's own origin. The number never comes here."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import ReopenCardForm
from sekisho.payer_site.errors import CardFormForeign
from sekisho.payer_site.forms import StayForm
from sekisho.payer_site.pages.bill import start_payment
from sekisho.payer_site.pages.policy import start_enrolment
from sekisho.payer_site.pages.show import errand_page, see_other, show
from sekisho.payer_site.pages.stay import time_left
from sekisho.payer_site.pages.way import IN_FLIGHT, go_on, shown_of
from sekisho.payer_site.records.models import Errand
from sekisho.payer_site.run_errand import facts_of, note_started, one_at_a_time
from sekisho.payer_site.this_site import origin_of, this_site
from sekisho.transport import cross


@errand_page
def card(request: HttpRequest, handle: str, errand: Errand) -> HttpResponse:
    """Frame the vault's form. Only while payments waits for a card."""
    if not errand.payment_id:
        return go_on(handle, errand)
    shown = shown_of(errand)
    if shown.status != "started":
        return go_on(handle, errand, shown)
    site = this_site()
    if origin_of(errand.card_form_url) != site.vault_origin:
        raise CardFormForeign("the card form is not on the vault's origin")
    facts = {
        "errand": errand,
        "handle": handle,
        "about": facts_of(errand),
        "shown": shown,
        "card_form_url": _in_language(errand.card_form_url, request.language),  # type: ignore[attr-defined]
        "vault_origin": site.vault_origin,
        **time_left(shown),
    }
    response = show(request, "card", facts)
    response.frames = site.vault_origin  # type: ignore[attr-defined]
    return response


def _in_language(url: str, language: str) -> str:
    """The frame follows the reader's language, also when it is switched on this page."""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "lang"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("lang", language)])))


@errand_page
def card_done(request: HttpRequest, handle: str, errand: Errand) -> HttpResponse:
    """Where the vault sends the whole window: when it took the card, or when its form is shut (too
    many tries, too old) and payments still waits for one."""
    if not errand.payment_id:
        return go_on(handle, errand)
    shown = shown_of(errand)
    if shown.status == "started":
        return show(request, "card_missing", {"errand": errand, "handle": handle})
    return go_on(handle, errand, shown)


@errand_page
def another_card(request: HttpRequest, handle: str, errand: Errand) -> HttpResponse:
    """A fresh card form: for another card before paying, or after a refusal that took nothing."""
    form = StayForm(request.POST)
    with one_at_a_time(errand) as mine:
        if not mine.payment_id or form.turn_sent() != mine.turn:
            return go_on(handle, mine)
        try:
            _reopen(mine, handle)
        except Refusal as refusal:
            if refusal.code != "payment_over":
                raise
            shown = shown_of(mine)
            if shown.status in IN_FLIGHT:
                return go_on(handle, mine, shown)
            _start_anew(request, handle, mine)
    return see_other("card", handle)


def _reopen(errand: Errand, handle: str) -> None:
    site = this_site()
    started = cross(
        ReopenCardForm(
            payment_id=errand.payment_id,
            parent_origin=site.origin,
            return_url=site.origin + reverse("card_done", args=[handle]),
        )
    )
    note_started(errand, started)


def _start_anew(request: HttpRequest, handle: str, errand: Errand) -> None:
    """The payment ended without money: another one, for the same bill or policy."""
    if errand.card_change:
        # Only the link of the mail begins another one: this browser has its token no more.
        raise Refusal("card_link_over")
    if errand.kind == "bill":
        start_payment(request, handle, errand)
    else:
        start_enrolment(request, handle, errand)
