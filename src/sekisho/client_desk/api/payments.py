"""Payments: searched, shown, captured, given back; refunds and disputes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from sekisho import transport
from sekisho.client_desk.api.admit_key import holder_of
from sekisho.client_desk.api.answer_once import order_begun, order_key
from sekisho.client_desk.api.declare import (
    AT_ONCE,
    DONE,
    LIST_REFUSALS,
    ORDERED,
    QUESTION_REFUSALS,
    declare,
)
from sekisho.client_desk.api.export import export_lines
from sekisho.client_desk.api.problems import Problem
from sekisho.client_desk.api.refund_alone import refund_alone
from sekisho.client_desk.api.shapes import payments as shapes
from sekisho.client_desk.api.turn_pages import read_cursor, show_cursor
from sekisho.crossings.payments import (
    AnswerDispute,
    CapturePayment,
    FindPayments,
    FindRefunds,
    ListDisputes,
    RefundPayment,
    ShowPaymentOfBody,
    VoidPayment,
)
from sekisho.vocabulary.clock import now

router = Router(tags=["Payments"])
refunds = Router(tags=["Refunds"])
disputes = Router(tags=["Disputes"])


def _find(request: HttpRequest, asked: shapes.PaymentFilters) -> FindPayments:
    filters = asked.model_dump(exclude={"cursor"})
    return FindPayments(
        client_body=holder_of(request).client_body, cursor=read_cursor(asked.cursor), **filters
    )


@declare(
    router, "GET", "", scope="payments:read", consistency=AT_ONCE,
    reply=shapes.PaymentPage, refusals=(*QUESTION_REFUSALS, *LIST_REFUSALS),
)  # fmt: skip
def list_payments(request: HttpRequest, asked: Query[shapes.PaymentFilters]) -> Any:
    """Searches payments by reference, number, state, dates, amount, brand and last four digits;
    newest first."""
    found = transport.cross(_find(request, asked))
    return {"data": found.payments, "next_cursor": show_cursor(found.next_cursor)}


@declare(
    router, "GET", "/export", scope="payments:read", consistency=AT_ONCE, reply=None,
    media_type="text/csv", refusals=("too_many_exports", *QUESTION_REFUSALS, *LIST_REFUSALS),
)  # fmt: skip
def export_payments(request: HttpRequest, asked: Query[shapes.PaymentFilters]) -> Any:
    """The same search as CSV (UTF-8 with BOM, RFC 4180), streamed: at most 100,000 lines; `limit`
    counts for nothing. Each page is asked for as it is sent, so a payment that moves meanwhile
    stands as it was when its line was written. An answer that was cut off has no last line `end`;
    the last line `more` says that there is more than fits."""
    return export_lines(_find(request, asked))


@declare(
    router, "GET", "/{payment_id}", scope="payments:read", consistency=AT_ONCE,
    reply=shapes.WholePayment, refusals=("payment_unknown", *QUESTION_REFUSALS),
)  # fmt: skip
def show_payment(request: HttpRequest, payment_id: str) -> Any:
    """One payment with its history, cards, refunds and disputes."""
    holder = holder_of(request)
    message = ShowPaymentOfBody(client_body=holder.client_body, payment_id=payment_id)
    return transport.cross(message)


@declare(
    router, "POST", "/{payment_id}/capture", scope="payments:write", consistency=ORDERED,
    reply=shapes.Money, refusals=("payment_unknown", "not_capturable", *QUESTION_REFUSALS),
)  # fmt: skip
def capture_payment(request: HttpRequest, payment_id: str) -> Any:
    """Takes the money of an authorised payment that waits for it."""
    holder = holder_of(request)
    return transport.cross(
        CapturePayment(client_body=holder.client_body, payment_id=payment_id, by=holder.by)
    )


@declare(
    router, "POST", "/{payment_id}/void", scope="payments:write", consistency=ORDERED,
    reply=shapes.Money,
    refusals=("payment_unknown", "not_voidable", "reason_wrong", *QUESTION_REFUSALS),
)  # fmt: skip
def void_payment(request: HttpRequest, payment_id: str, why: shapes.WhyVoided) -> Any:
    """Gives an authorisation back that was not captured."""
    holder = holder_of(request)
    return transport.cross(
        VoidPayment(
            client_body=holder.client_body, payment_id=payment_id, reason=why.reason, by=holder.by
        )
    )


@declare(
    router, "POST", "/{payment_id}/refunds", scope="refunds:write", consistency=ORDERED,
    status=201, reply=shapes.RefundOrder,
    refusals=(
        "payment_unknown", "not_captured", "amount_wrong", "left_changed", "in_dispute",
        "reason_wrong", "second_person_needed", *QUESTION_REFUSALS,
    ),
)  # fmt: skip
def refund_payment(request: HttpRequest, payment_id: str, refund: shapes.RefundToAsk) -> Any:
    """Gives captured money back, in whole or in part. `refund.done` or `refund.refused` tells you
    what the card network said. A key may give back what one person may alone (your limits for one
    payment and for a day); above that two people do it on the portal."""
    holder = holder_of(request)
    wish = RefundPayment(
        client_body=holder.client_body,
        key=order_key(request),
        payment_id=payment_id,
        by=holder.by,
        **refund.model_dump(),
    )
    return refund_alone(wish, now(), order_begun(request))


@declare(
    refunds, "GET", "", scope="refunds:read", consistency=AT_ONCE,
    reply=shapes.RefundPage, refusals=(*QUESTION_REFUSALS, *LIST_REFUSALS),
)  # fmt: skip
def list_refunds(request: HttpRequest, asked: Query[shapes.RefundsAsked]) -> Any:
    """Refunds, newest first."""
    filters = asked.model_dump(exclude={"cursor"})
    message = FindRefunds(
        client_body=holder_of(request).client_body, cursor=read_cursor(asked.cursor), **filters
    )
    found = transport.cross(message)
    return {"data": found.refunds, "next_cursor": show_cursor(found.next_cursor)}


@declare(
    refunds, "GET", "/{refund_id}", scope="refunds:read", consistency=AT_ONCE,
    reply=shapes.Refund, refusals=("refund_unknown", *QUESTION_REFUSALS),
)  # fmt: skip
def show_refund(request: HttpRequest, refund_id: str) -> Any:
    """One refund."""
    holder = holder_of(request)
    message = FindRefunds(client_body=holder.client_body, refund_id=refund_id, limit=1)
    found = transport.cross(message)
    if not found.refunds:
        raise Problem("refund_unknown")
    return found.refunds[0]


@declare(
    disputes, "GET", "", scope="disputes:read", consistency=AT_ONCE,
    reply=shapes.DisputePage, refusals=QUESTION_REFUSALS,
)  # fmt: skip
def list_disputes(request: HttpRequest, asked: Query[shapes.DisputesAsked]) -> Any:
    """Disputes by the day to answer by, open ones first; one page."""
    holder = holder_of(request)
    message = ListDisputes(
        client_body=holder.client_body, limit=asked.limit, only_open=asked.only_open
    )
    return {"data": transport.cross(message).disputes, "next_cursor": None}


@declare(
    disputes, "POST", "/{case_number}/answer", scope="disputes:write", consistency=DONE,
    reply=shapes.Dispute,
    refusals=(
        "dispute_unknown", "dispute_over", "dispute_answered", "too_late", "grounds_wrong",
        *QUESTION_REFUSALS,
    ),
)  # fmt: skip
def answer_dispute(request: HttpRequest, case_number: str, said: shapes.DisputeAnswer) -> Any:
    """Accepts a dispute, or contests it with grounds. It can be answered once."""
    holder = holder_of(request)
    return transport.cross(
        AnswerDispute(
            client_body=holder.client_body,
            case_number=case_number,
            answer=said.answer,
            grounds=said.grounds,
            by=holder.by,
        )
    )
