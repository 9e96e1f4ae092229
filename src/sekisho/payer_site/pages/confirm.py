"""Everything once more, then the button that pays (WCAG 2.2, 3.3.4)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from sekisho.crossings.card_network import BrowserFacts
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import ConfirmPayment
from sekisho.payer_site.forms import ConfirmForm
from sekisho.payer_site.pages.show import errand_page, see_other, show
from sekisho.payer_site.pages.stay import time_left
from sekisho.payer_site.pages.way import go_on, shown_of
from sekisho.payer_site.records.models import Errand
from sekisho.payer_site.run_errand import facts_of, note_unasked, one_at_a_time
from sekisho.payer_site.this_site import session_of, source_of, this_site
from sekisho.transport import cross
from sekisho.vocabulary.clock import now

MAX_ACCEPT_CHARACTERS = 2_048
MAX_USER_AGENT_CHARACTERS = 2_048
"""EMV 3-D Secure 2.2: browserAcceptHeader and browserUserAgent."""


@errand_page
def confirm(request: HttpRequest, handle: str, errand: Errand) -> HttpResponse:
    """Show all facts; a POST asks payments to charge."""
    if not errand.payment_id:
        return go_on(handle, errand)
    if request.method == "POST":
        return _pay(request, handle, errand)
    shown = shown_of(errand)
    if shown.status != "card_entered":
        return go_on(handle, errand, shown)
    facts = {
        "errand": errand,
        "handle": handle,
        "about": facts_of(errand),
        "shown": shown,
        **time_left(shown),
    }
    return show(request, "confirm", facts)


def _pay(request: HttpRequest, handle: str, errand: Errand) -> HttpResponse:
    form = ConfirmForm(request.POST)
    form.is_valid()
    with one_at_a_time(errand) as mine:
        if form.turn_sent() != mine.turn:
            return go_on(handle, mine)
        # Committed before the crossing: whatever happens now, no page may say that surely nothing
        # was charged.
        mine.confirmed_at = mine.confirmed_at or now()
        mine.save(update_fields=["confirmed_at"])
    site = this_site()
    try:
        shown = cross(
            ConfirmPayment(
                payment_id=errand.payment_id,
                notification_url=site.origin + reverse("returned", args=[handle]),
                browser=browser_facts(request, form),
                proof=form.cleaned_data.get("proof") or None,
                source=source_of(request),
                session=session_of(errand.visit),
            )
        )
    except Refusal as refusal:
        if refusal.code == "cards_closed":
            note_unasked(errand)
            raise
        return see_other("progress", handle)
    if shown.status == "card_entered":
        # A puzzle first: nobody was asked to charge anything yet.
        note_unasked(errand)
    return go_on(handle, errand, shown)


def browser_facts(request: HttpRequest, form: ConfirmForm) -> BrowserFacts:
    """Return what 3-D Secure wants to know; a script adds the screen, nothing is made up."""

    def number(name: str, least: int, most: int) -> int | None:
        try:
            value = int(str(form.data.get(name, "")))
        except ValueError:
            return None
        return value if least <= value <= most else None

    languages = request.headers.get("Accept-Language", "").split(",")[0].split(";")[0].strip()
    return BrowserFacts(
        accept_header=request.headers.get("Accept", "*/*")[:MAX_ACCEPT_CHARACTERS],
        user_agent=request.headers.get("User-Agent", "")[:MAX_USER_AGENT_CHARACTERS],
        language=languages[:8] or request.language,  # type: ignore[attr-defined]
        java_script=form.data.get("java_script") == "1",
        color_depth=number("color_depth", 1, 48),
        screen_height=number("screen_height", 1, 999_999),
        screen_width=number("screen_width", 1, 999_999),
        time_zone_minutes=number("time_zone", -840, 840),
    )
