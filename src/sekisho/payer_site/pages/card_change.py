"""The page of a link from a mail: the holder says the date of birth and gives another card. The
token is not kept, and is gone from the address line at once."""

from __future__ import annotations

import msgspec
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import PaymentStarted, PolicyFacts, ShowPayment, StartCardChange
from sekisho.payer_site.forms import ChangeCardForm
from sekisho.payer_site.keep_visit import digest, new_visit, open_visit
from sekisho.payer_site.pages.show import page, see_other, show, visit_of
from sekisho.payer_site.records.models import Errand, Visit
from sekisho.payer_site.run_errand import SHOWN_DIGITS, note_started, open_change_errand
from sekisho.payer_site.this_site import session_of, source_of, this_site
from sekisho.transport import cross
from sekisho.vocabulary.identifiers import new_token
from sekisho.vocabulary.twins import is_test_token


@page
def change_card(request: HttpRequest, token: str) -> HttpResponse:
    """Ask the date of birth; begin the check of another card when it is right. Opening the page
    uses nothing up: a mail's scanner may do so."""
    facts = {"token": token}
    if request.method != "POST":
        return show(request, "card_change", {**facts, "form": _fresh_form()})
    form = ChangeCardForm(request.POST)
    if not form.is_valid() or form.born is None:
        return show(request, "card_change", {**facts, "form": form}, status=422)
    visit, cookie = visit_of(request), ""
    if visit is None:
        visit, cookie = new_visit()
    handle = _handle_of(form, visit)
    try:
        started = _start(request, token, form, visit, handle)
    except Refusal as refusal:
        if refusal.code == "birth_wrong":
            form.add_error("birth_year", "card_change.wrong")
            response = show(request, "card_change", {**facts, "form": form}, status=422)
        elif refusal.code == "link_unknown":
            raise Refusal("card_link_over") from None
        else:
            raise
    else:
        response = _go_to_card(visit, started, handle)
    if cookie:
        open_visit(response, this_site().pages.id, cookie)
    return response


def _fresh_form() -> ChangeCardForm:
    return ChangeCardForm(initial={"handle": new_token()})


def _handle_of(form: ChangeCardForm, visit: Visit) -> str:
    """Return the handle that came with the page, or another when it is another browser's by now."""
    handle = str(form.cleaned_data.get("handle") or "")
    taken = Errand.objects.filter(handle_digest=digest(handle)).exclude(visit=visit).exists()
    return handle if handle and not taken else new_token()


def _start(
    request: HttpRequest, token: str, form: ChangeCardForm, visit: Visit, handle: str
) -> PaymentStarted:
    site = this_site()
    sealer = site.test_sealer if is_test_token(token) else site.sealer
    born = form.born.isoformat() if form.born else ""
    return cross(
        StartCardChange(
            key=handle,
            token=token,
            sealed_date_of_birth=sealer.seal_items({"date_of_birth": born}),
            language=request.language,  # type: ignore[attr-defined]
            parent_origin=site.origin,
            return_url=site.origin + reverse("card_done", args=[handle]),
            source=source_of(request),
            session=session_of(visit),
        )
    )


def _go_to_card(visit: Visit, started: PaymentStarted, handle: str) -> HttpResponse:
    earlier = Errand.objects.filter(handle_digest=digest(handle), visit=visit).first()
    if earlier is not None:
        # The same form again: the same errand, with the form of the vault that is open now.
        if started.card_form_url:
            earlier.card_form_url = started.card_form_url
            earlier.save(update_fields=["card_form_url"])
        return see_other("card", handle)
    enrolment = cross(ShowPayment(payment_id=started.payment_id)).enrolment
    if enrolment is None:
        raise Refusal("payment_unknown")
    policy: PolicyFacts = msgspec.structs.replace(
        enrolment.policy, policy_number=enrolment.policy.policy_number[-SHOWN_DIGITS:]
    )
    errand = open_change_errand(visit, policy, handle, test=started.payment_id.startswith("tpay_"))
    note_started(errand, started)
    return see_other("card", handle)
