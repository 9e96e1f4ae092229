"""One payment with everything that its client body may know, and what may be done with it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from sekisho import evidence, transport
from sekisho.client_desk.pages.asking import rows_of_view, told, word, yen
from sekisho.client_desk.pages.desk import acts_for, the_desk
from sekisho.client_desk.pages.menu import ACTS
from sekisho.client_desk.pages.payments.search import card_name, line_of
from sekisho.client_desk.records.portal_models import RefundRequest
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    CapturePayment,
    PaymentOfBody,
    ShowPaymentOfBody,
    VoidPayment,
)
from sekisho.transport import TransportError

MAX_REASON_CHARACTERS = 200


class VoidForm(forms.Form):
    """Why an authorisation is given back."""

    reason = forms.CharField(max_length=MAX_REASON_CHARACTERS)


def find_payment(request: HttpRequest, payment_id: str) -> PaymentOfBody | None:
    """Return a payment of the body in view, ``None`` for any other. Raises ``TransportError``."""
    try:
        return transport.cross(
            ShowPaymentOfBody(client_body=acts_for(request), payment_id=payment_id)
        )
    except Refusal:
        return None


def show_payment(
    request: HttpRequest, payment_id: str, status: int = 200, **facts: Any
) -> HttpResponse:
    """The page. Looking is on evidence (PCI DSS 10.2.1.1)."""
    try:
        found = find_payment(request, payment_id)
    except TransportError:
        return the_desk().sign_in.show(request, "payments/away.html", 503)
    if found is None:
        return the_desk().sign_in.show(request, "payments/none.html", 404)
    person: Any = request.person  # type: ignore[attr-defined]
    evidence.append(
        kind="client_desk.payment_looked_at",
        subject=found.payment.payment_id,
        facts={"client_body": acts_for(request), "by": person.person_id},
    )
    with rows_of_view(request):
        wishes = list(
            RefundRequest.objects.filter(
                payment_id=found.payment.payment_id, state__in=("asked", "approved")
            )
        )
    acts = bool(set(ACTS) & set(person.roles))
    return the_desk().sign_in.show(
        request,
        "payments/payment.html",
        status,
        page_address=f"/payments/{payment_id}",
        line=line_of(request, found.payment),
        payment=found.payment,
        amounts=_amounts(found),
        steps=[_step(request, step) for step in found.steps],
        cards=[_card(request, card) for card in found.cards],
        refunds=[_refund(request, refund) for refund in found.refunds],
        disputes=[_dispute(request, dispute) for dispute in found.disputes],
        wishes=wishes,
        reason=told(request, found.payment.reason, topic="reason") if found.payment.reason else "",
        capture_by=found.capture_by,
        may_refund=acts and found.left_yen > 0,
        may_capture=acts and found.capture_by is not None,
        done=request.GET.get("done", ""),
        **facts,
    )


def _amounts(found: PaymentOfBody) -> dict[str, str]:
    payment = found.payment
    return {
        "amount": yen(payment.amount_yen),
        "fee": yen(payment.fee_yen),
        "fee_tax": yen(payment.fee_tax_yen),
        "total": yen(payment.total_yen),
        "refunded": yen(payment.refunded_yen) if payment.refunded_yen else "",
        "left": yen(found.left_yen),
    }


def _step(request: HttpRequest, step: Any) -> dict[str, Any]:
    return {
        "at": step.at,
        "what": word(request, f"happened_{step.event}"),
        "who": word(request, f"who_{step.who}"),
        "person": step.person,
        "reason": told(request, step.reason, topic="reason") if step.reason else "",
    }


def _card(request: HttpRequest, card: Any) -> dict[str, Any]:
    return {
        "shown": card,
        "name": card_name(card.brand, card.last_four),
        "outcome": word(request, f"outcome_{card.outcome}"),
        "liability": word(request, f"liability_{card.liability}"),
    }


def _refund(request: HttpRequest, refund: Any) -> dict[str, Any]:
    return {
        "shown": refund,
        "status": word(request, f"refunded_{refund.status}"),
        "total": yen(refund.amount_yen + refund.fee_yen),
        "fee": yen(refund.fee_yen),
    }


def _dispute(request: HttpRequest, dispute: Any) -> dict[str, Any]:
    return {
        "shown": dispute,
        "status": word(request, f"dispute_{dispute.status}"),
        "amount": yen(dispute.amount_yen),
    }


def capture(request: HttpRequest, payment_id: str) -> HttpResponse:
    """Take the money that was authorised."""
    person: Any = request.person  # type: ignore[attr-defined]
    message = CapturePayment(client_body=acts_for(request), payment_id=payment_id, by=person.name)
    return _do(request, payment_id, message, "captured")


def void(request: HttpRequest, payment_id: str) -> HttpResponse:
    """Give an authorisation back."""
    form = VoidForm(request.POST)
    if not form.is_valid():
        why = told(request, "reason_wrong")
        return show_payment(request, payment_id, 400, why=why)
    person: Any = request.person  # type: ignore[attr-defined]
    message = VoidPayment(
        client_body=acts_for(request),
        payment_id=payment_id,
        reason=form.cleaned_data["reason"].strip(),
        by=person.name,
    )
    return _do(request, payment_id, message, "voided")


def _do(
    request: HttpRequest, payment_id: str, message: CapturePayment | VoidPayment, what: str
) -> HttpResponse:
    try:
        transport.cross(message)
    except Refusal as refusal:
        return show_payment(request, payment_id, 409, why=told(request, refusal.code))
    except TransportError:
        return show_payment(request, payment_id, 503, why=told(request, "away"))
    person: Any = request.person  # type: ignore[attr-defined]
    evidence.append(
        kind=f"client_desk.payment_{what}",
        subject=payment_id,
        facts={"client_body": message.client_body, "by": person.person_id},
    )
    return HttpResponseRedirect(f"/payments/{payment_id}?done={what}")
