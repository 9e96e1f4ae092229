"""Enrolments and charge runs. What needs a second person (planning and approving a run) or the
vault's form (an application on paper) is done on the portal."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from sekisho import transport
from sekisho.client_desk.api.admit_key import holder_of
from sekisho.client_desk.api.answer_once import order_key
from sekisho.client_desk.api.declare import AT_ONCE, DONE, ORDERED, QUESTION_REFUSALS, declare
from sekisho.client_desk.api.shapes import standing as shapes
from sekisho.client_desk.api.shapes.words import Asked
from sekisho.client_desk.api.turn_pages import read_cursor, read_number, show_cursor
from sekisho.crossings.payments import (
    AskCardChange,
    EndEnrolment,
    ListChargeItems,
    ListChargeRuns,
    ListEnrolments,
    ReinstateEnrolment,
    ShowChargeRun,
    ShowEnrolment,
)

enrolments = Router(tags=["Enrolments"])
runs = Router(tags=["Charge runs"])

_PAGE = ("cursor_wrong", "limit_wrong", *QUESTION_REFUSALS)


@declare(
    enrolments, "GET", "", scope="enrolments:read", consistency=AT_ONCE,
    reply=shapes.EnrolmentPage, refusals=_PAGE,
)  # fmt: skip
def list_enrolments(request: HttpRequest, asked: Query[shapes.EnrolmentsAsked]) -> Any:
    """Enrolments by state, channel, policy, month of joining, or whose card is about to expire."""
    found = transport.cross(
        ListEnrolments(
            client_body=holder_of(request).client_body,
            status=asked.status,
            channel=asked.channel,
            policy_number=asked.policy_number or "",
            joined_month=asked.joined_month,
            expiring_only=asked.expiring_only,
            after=read_cursor(asked.cursor) or "",
            limit=asked.limit,
        )
    )
    return {"data": found.enrolments, "next_cursor": show_cursor(found.next)}


@declare(
    enrolments, "GET", "/{enrolment_id}", scope="enrolments:read", consistency=AT_ONCE,
    reply=shapes.WholeEnrolment, refusals=("enrolment_unknown", *QUESTION_REFUSALS),
)  # fmt: skip
def show_enrolment(request: HttpRequest, enrolment_id: str) -> Any:
    """One enrolment with its history."""
    client_body = holder_of(request).client_body
    return transport.cross(ShowEnrolment(client_body=client_body, enrolment_id=enrolment_id))


@declare(
    enrolments, "POST", "/{enrolment_id}/end", scope="enrolments:write", consistency=DONE,
    reply=shapes.Enrolment,
    refusals=("enrolment_unknown", "not_active", "reason_wrong", *QUESTION_REFUSALS),
)  # fmt: skip
def end_enrolment(request: HttpRequest, enrolment_id: str, end: shapes.EnrolmentEnd) -> Any:
    """Cancels an enrolment: no charge is begun from now on."""
    holder = holder_of(request)
    return transport.cross(
        EndEnrolment(
            client_body=holder.client_body,
            enrolment_id=enrolment_id,
            ended_by=end.ended_by,
            reason=end.reason,
            by=holder.by,
        )
    )


@declare(
    enrolments, "POST", "/{enrolment_id}/reinstate", scope="enrolments:write", consistency=DONE,
    reply=shapes.Enrolment,
    refusals=(
        "enrolment_unknown", "not_ended", "card_forgotten", "policy_ended", "policy_enrolled",
        "reason_wrong", *QUESTION_REFUSALS,
    ),
)  # fmt: skip
def reinstate_enrolment(request: HttpRequest, enrolment_id: str, why: shapes.WhyReinstated) -> Any:
    """Takes an end back while the card is kept."""
    holder = holder_of(request)
    return transport.cross(
        ReinstateEnrolment(
            client_body=holder.client_body,
            enrolment_id=enrolment_id,
            reason=why.reason,
            by=holder.by,
        )
    )


@declare(
    enrolments, "POST", "/{enrolment_id}/ask-card-change", scope="enrolments:write",
    consistency=ORDERED, reply=shapes.Enrolment,
    refusals=("enrolment_unknown", "not_active", "no_mail", "asked_lately", *QUESTION_REFUSALS),
)  # fmt: skip
def ask_card_change(request: HttpRequest, enrolment_id: str) -> Any:
    """Has a link mailed with which the holder gives another card; an earlier link is good no
    more."""
    holder = holder_of(request)
    return transport.cross(
        AskCardChange(
            key=order_key(request),
            client_body=holder.client_body,
            enrolment_id=enrolment_id,
            by=holder.by,
        )
    )


@declare(
    runs, "GET", "", scope="charge_runs:read", consistency=AT_ONCE,
    reply=shapes.ChargeRunPage, refusals=_PAGE,
)  # fmt: skip
def list_charge_runs(request: HttpRequest, asked: Query[Asked]) -> Any:
    """Charge runs, newest first."""
    found = transport.cross(
        ListChargeRuns(
            client_body=holder_of(request).client_body,
            limit=asked.limit,
            after=read_cursor(asked.cursor) or "",
        )
    )
    return {"data": found.runs, "next_cursor": show_cursor(found.next)}


@declare(
    runs, "GET", "/{run_id}", scope="charge_runs:read", consistency=AT_ONCE,
    reply=shapes.ChargeRun, refusals=("run_unknown", *QUESTION_REFUSALS),
)  # fmt: skip
def show_charge_run(request: HttpRequest, run_id: str) -> Any:
    """One charge run with its totals."""
    client_body = holder_of(request).client_body
    return transport.cross(ShowChargeRun(client_body=client_body, run_id=run_id))


@declare(
    runs, "GET", "/{run_id}/items", scope="charge_runs:read", consistency=AT_ONCE,
    reply=shapes.ChargeItemPage, refusals=("run_unknown", *_PAGE),
)  # fmt: skip
def list_charge_items(
    request: HttpRequest, run_id: str, asked: Query[shapes.ChargeItemsAsked]
) -> Any:
    """The enrolments of a charge run, in their order."""
    found = transport.cross(
        ListChargeItems(
            client_body=holder_of(request).client_body,
            run_id=run_id,
            state=asked.state or "",
            limit=asked.limit,
            after=read_number(asked.cursor),
        )
    )
    return {"data": found.items, "next_cursor": show_cursor(str(found.next or ""))}
