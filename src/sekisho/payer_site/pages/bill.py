"""Find a bill, show it, agree to pay it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import BillFacts, FindBill, StartPayment
from sekisho.payer_site.forms import AgreeToBillForm, FindBillForm
from sekisho.payer_site.keep_visit import new_visit, open_visit
from sekisho.payer_site.pages.show import errand_page, page, see_other, show, visit_of
from sekisho.payer_site.pages.way import IN_FLIGHT, go_on, shown_of
from sekisho.payer_site.read_slip import Slip
from sekisho.payer_site.records.models import Errand, Visit
from sekisho.payer_site.run_errand import (
    facts_of,
    key_of_turn,
    note_started,
    one_at_a_time,
    open_errand,
)
from sekisho.payer_site.this_site import sealer_for, session_of, source_of, this_site
from sekisho.transport import cross
from sekisho.vocabulary.clock import now


@page
def find_bill(request: HttpRequest) -> HttpResponse:
    """The numbers of the slip; the bill found becomes an errand."""
    if request.method != "POST":
        return show(request, "find_bill", {"form": FindBillForm()})
    form = FindBillForm(request.POST)
    if not form.is_valid() or form.slip is None:
        return show(request, "find_bill", {"form": form}, status=422)
    visit, token = visit_of(request), ""
    if visit is None:
        visit, token = new_visit()
    try:
        facts = _ask(request, form.slip, visit)
    except Refusal as refusal:
        if refusal.code not in ("number_wrong", "bill_unknown"):
            raise
        _complain(form, refusal)
        response = show(request, "find_bill", {"form": form}, status=422)
    else:
        handle = open_errand(visit, facts, form.slip.payment_number)
        response = see_other("bill", handle)
    if token:
        open_visit(response, this_site().pages.id, token)
    return response


def _ask(request: HttpRequest, slip: Slip, visit: Visit) -> BillFacts:
    return cross(
        FindBill(
            payee_number=slip.payee_number,
            payment_number=slip.payment_number,
            confirmation_number=slip.confirmation_number,
            category_number=slip.category_number,
            source=source_of(request),
            session=session_of(visit),
        )
    ).bill


def _complain(form: FindBillForm, refusal: Refusal) -> None:
    """The typed numbers stay in the form, beside the complaint."""
    el = form.cleaned_data.get("way") == "el"
    if refusal.code == "number_wrong":
        field = "el_number" if el else str(refusal.field)
        form.add_error(field if field in form.fields else None, f"field.{field}.wrong")
    else:
        form.add_error(
            "el_number" if el else "payment_number",
            "field.el_number.unknown" if el else "field.payment_number.unknown",
        )


@errand_page
def bill(request: HttpRequest, handle: str, errand: Errand) -> HttpResponse:
    """The bill as it will be paid: facts, fee, what the site can't do, agreement, mail."""
    if errand.kind != "bill":
        return go_on(handle, errand)
    if errand.payment_id and (shown := shown_of(errand)).status in IN_FLIGHT:
        return go_on(handle, errand, shown)
    form = AgreeToBillForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _start(request, handle, errand, form)
    facts = {"form": form, "errand": errand, "bill": facts_of(errand), "handle": handle}
    return show(request, "bill", facts, status=422 if form.is_bound else 200)


def _start(
    request: HttpRequest, handle: str, errand: Errand, form: AgreeToBillForm
) -> HttpResponse:
    sealed = None
    if form.address is not None:
        sealed = sealer_for(errand).seal_items({"email": form.address})
    with one_at_a_time(errand) as mine:
        if form.turn_sent() != mine.turn:
            return go_on(handle, mine)
        mine.agreed_at = now()
        mine.sealed, mine.mail_wanted = sealed, sealed is not None
        start_payment(request, handle, mine)
    return see_other("card", handle)


def start_payment(request: HttpRequest, handle: str, errand: Errand) -> None:
    """Ask payments to begin to pay the errand's bill, and note the payment. Raises ``Refusal``."""
    facts, site = facts_of(errand), this_site()
    if not isinstance(facts, BillFacts):
        raise TypeError("only a bill is paid")
    started = cross(
        StartPayment(
            key=key_of_turn(errand),
            bill_id=facts.bill_id,
            total_yen=facts.total_yen,
            language=request.language,  # type: ignore[attr-defined]
            sealed_email=None if errand.sealed is None else bytes(errand.sealed),
            parent_origin=site.origin,
            return_url=site.origin + reverse("card_done", args=[handle]),
            source=source_of(request),
            session=session_of(errand.visit),
            link_id=errand.link_id,
        )
    )
    note_started(errand, started)
