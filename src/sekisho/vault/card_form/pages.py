"""The card form's one page, in each of its states. No cookie, no session: the unguessable token in
the address is the only credential, good for one card; a browser must also say that the form was
sent from this origin (Sec-Fetch-Site, else Origin), which takes the place of a CSRF token."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from sekisho.vault.card_form.dress import with_headers
from sekisho.vault.card_form.fields import CardFields, PaperFields
from sekisho.vault.card_form.write_pages import write_closed, write_form
from sekisho.vault.compare_card import compare_card
from sekisho.vault.open_card_form import token_digest
from sekisho.vault.opened import Vault, the_vault
from sekisho.vault.records.models import CardForm
from sekisho.vault.take_card import (
    CardNotTaken,
    find_form,
    shut_form,
    state_of,
    take_card,
)
from sekisho.vocabulary.clock import business_date, now

_STATUS = {
    "accepted": HTTPStatus.OK,
    "expired": HTTPStatus.GONE,
    "shut": HTTPStatus.GONE,
    "locked": HTTPStatus.GONE,
}
RETRY_AFTER_SECONDS = 5


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def card_form(request: HttpRequest, token: str) -> HttpResponse:
    """Show the form of ``token``, or take what was sent."""
    vault = the_vault()
    sent = request.method == "POST"
    from_here = sent and _sent_from_here(request, vault)
    form = find_form(token_digest(token), now(), counted=from_here)
    if form is None:
        return unknown_page(request)
    if not sent:
        return _show(request, vault, form)
    if not from_here:
        return _show(request, vault, form, status=HTTPStatus.FORBIDDEN)
    if state_of(form, now()) != "open":
        return _show(request, vault, form)
    return _take(request, vault, form)


@sensitive_variables()
def _take(request: HttpRequest, vault: Vault, form: CardForm) -> HttpResponse:
    at = now()
    kind = PaperFields if form.paper else CardFields
    typed = kind(request.POST, brands=form.accepted_brands, today=business_date(at))
    if not typed.is_valid():
        return _show(request, vault, form, typed, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    entered = typed.card()
    try:
        take = compare_card if form.compares_with else take_card
        form.state = take(vault, form, entered, at)
    except CardNotTaken as refused:
        if str(refused) == "payment_over":
            shut_form(form)
            form.state = "shut"
            return _show(request, vault, form)
        page = write_form(form, _language(request, form), typed, unavailable=True)
        response = HttpResponse(page, status=HTTPStatus.SERVICE_UNAVAILABLE)
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return with_headers(response, form.parent_origin)
    finally:
        entered.wipe()
    return _show(request, vault, form)


def _show(
    request: HttpRequest,
    vault: Vault,
    form: CardForm,
    typed: CardFields | None = None,
    *,
    status: HTTPStatus | None = None,
) -> HttpResponse:
    language, state = _language(request, form), state_of(form, now())
    if state == "open":
        response = HttpResponse(write_form(form, language, typed), status=status)
    else:
        response = HttpResponse(write_closed(form, language, state), status=_STATUS[state])
    return with_headers(response, form.parent_origin)


def unknown_page(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Say that there is no such form; any of our sites may frame this page."""
    page = write_closed(None, _language(request, None), "unknown")
    response = HttpResponse(page, status=HTTPStatus.NOT_FOUND)
    vault = the_vault()
    return with_headers(response, *vault.site_origins.values(), vault.desk_origin)


def _language(request: HttpRequest, form: CardForm | None) -> str:
    asked = request.GET.get("lang", "")
    return asked if asked in ("ja", "en") else form.language if form else "ja"


def _sent_from_here(request: HttpRequest, vault: Vault) -> bool:
    """Return whether a browser says that the form was sent from its own page. One that says
    neither is refused: every browser of the last years says at least one."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None and site != "same-origin":
        return False
    if origin is not None and origin != vault.base_url:
        return False
    return site is not None or origin is not None
