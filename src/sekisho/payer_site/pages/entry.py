"""The entry page and the page about the site."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from sekisho.payer_site.ask_card_entry import takes_cards
from sekisho.payer_site.pages.show import page, show
from sekisho.payer_site.read_notices import read_notices
from sekisho.payer_site.this_site import this_site
from sekisho.vocabulary.clock import now

FEE_BRACKETS_SHOWN = 5


@page
def entry(request: HttpRequest) -> HttpResponse:
    """What one needs, what the site can't do, hours, fees, whom to ask."""
    site = this_site()
    fee = site.money.fee
    facts = {
        "notices": read_notices(site.notice_file, now()),
        "brackets": fee.brackets(FEE_BRACKETS_SHOWN) if fee else [],
        "fee": fee,
        "cards_closed": not takes_cards(),
    }
    return show(request, f"entry_{site.pages.kind}", facts)


@page
def about(request: HttpRequest) -> HttpResponse:
    """Personal data, security, accessibility."""
    return show(request, "about", {})


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No such page."""
    return show(request, "not_found", {}, status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """A fault of ours: says nothing of what it was."""
    return show(request, "failed", {}, status=500)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form did not come from this site's page in this browser (CSRF), or cookies are off."""
    return show(request, "form_expired", {}, status=403)
