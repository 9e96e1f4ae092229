"""Settled days, their lines, and payouts."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from sekisho import transport
from sekisho.client_desk.api.admit_key import holder_of
from sekisho.client_desk.api.declare import AT_ONCE, QUESTION_REFUSALS, declare
from sekisho.client_desk.api.problems import Problem
from sekisho.client_desk.api.shapes import settling as shapes
from sekisho.client_desk.api.shapes.words import Asked
from sekisho.client_desk.api.turn_pages import read_cursor, read_number, show_cursor
from sekisho.crossings.payments import (
    ListPayouts,
    ListSettlements,
    ReconciliationLines,
    ShowPayout,
    ShowSettlement,
)

settlements = Router(tags=["Settlements"])
payouts = Router(tags=["Settlements"])

_PAGE = ("cursor_wrong", "limit_wrong", "after_wrong", "day_wrong", *QUESTION_REFUSALS)


def _read_day(day: str) -> date:
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise Problem("settlement_unknown", field="day") from None


@declare(
    settlements, "GET", "", scope="settlements:read", consistency=AT_ONCE,
    reply=shapes.SettlementPage, refusals=_PAGE,
)  # fmt: skip
def list_settlements(request: HttpRequest, asked: Query[shapes.SettlementsAsked]) -> Any:
    """Settled business days, newest first."""
    found = transport.cross(
        ListSettlements(
            client_body=holder_of(request).client_body,
            since=asked.since,
            until=asked.until,
            after=read_cursor(asked.cursor) or "",
            limit=asked.limit,
        )
    )
    return {"data": found.settlements, "next_cursor": show_cursor(found.next_after)}


@declare(
    settlements, "GET", "/{day}", scope="settlements:read", consistency=AT_ONCE,
    reply=shapes.Settlement, refusals=("settlement_unknown", *QUESTION_REFUSALS),
)  # fmt: skip
def show_settlement(request: HttpRequest, day: str) -> Any:
    """One settled day (`YYYY-MM-DD`)."""
    client_body = holder_of(request).client_body
    return transport.cross(ShowSettlement(client_body=client_body, day=_read_day(day)))


@declare(
    settlements, "GET", "/{day}/lines", scope="settlements:read", consistency=AT_ONCE,
    reply=shapes.LinePage, refusals=("settlement_unknown", *_PAGE),
)  # fmt: skip
def list_settlement_lines(request: HttpRequest, day: str, asked: Query[Asked]) -> Any:
    """What a settled day did to each bill and policy: the lines of 消込."""
    wanted = _read_day(day)
    found = transport.cross(
        ReconciliationLines(
            client_body=holder_of(request).client_body,
            since=wanted,
            until=wanted,
            after=read_number(asked.cursor),
            limit=asked.limit,
        )
    )
    return {"data": found.lines, "next_cursor": show_cursor(str(found.next_after or ""))}


@declare(
    payouts, "GET", "", scope="settlements:read", consistency=AT_ONCE,
    reply=shapes.PayoutPage, refusals=_PAGE,
)  # fmt: skip
def list_payouts(request: HttpRequest, asked: Query[shapes.PayoutsAsked]) -> Any:
    """Payouts, newest first."""
    found = transport.cross(
        ListPayouts(
            client_body=holder_of(request).client_body,
            state=asked.state or "",
            after=read_cursor(asked.cursor) or "",
            limit=asked.limit,
        )
    )
    return {"data": found.payouts, "next_cursor": show_cursor(found.next_after)}


@declare(
    payouts, "GET", "/{payout_id}", scope="settlements:read", consistency=AT_ONCE,
    reply=shapes.Payout, refusals=("payout_unknown", *QUESTION_REFUSALS),
)  # fmt: skip
def show_payout(request: HttpRequest, payout_id: str) -> Any:
    """One payout."""
    client_body = holder_of(request).client_body
    return transport.cross(ShowPayout(client_body=client_body, payout_id=payout_id))
