"""Where a payment's status leads: one table, so that back, reload and a second tab end right."""

from __future__ import annotations

from django.http import HttpResponse

from sekisho.crossings.payments import PaymentShown, ShowPayment
from sekisho.payer_site.pages.show import see_other
from sekisho.payer_site.records.models import Errand
from sekisho.transport import cross

PAGE_OF_STATUS = {
    "started": "card",
    "card_entered": "confirm",
    "processing": "progress",
    "challenge": "challenge",
    "authorised": "outcome",
    "succeeded": "outcome",
    "declined": "outcome",
    "failed": "outcome",
    "cancelled": "outcome",
    "expired": "outcome",
    "unknown": "outcome",
}

IN_FLIGHT = frozenset({"processing", "challenge", "authorised", "succeeded", "unknown"})
"""Nothing can be started anew from here: the card company was asked, or the money was taken."""


def shown_of(errand: Errand) -> PaymentShown:
    """Ask payments for the state of the errand's payment."""
    return cross(ShowPayment(payment_id=errand.payment_id))


def first_page(errand: Errand) -> str:
    """Return the page of an errand that has no payment yet."""
    if errand.kind == "bill":
        return "bill"
    return "terms" if errand.agreed_at is None else "person"


def go_on(handle: str, errand: Errand, shown: PaymentShown | None = None) -> HttpResponse:
    """Send the browser to the page that the errand has come to."""
    if not errand.payment_id:
        return see_other(first_page(errand), handle)
    return see_other(PAGE_OF_STATUS[(shown or shown_of(errand)).status], handle)
