"""Settled days of a month, and one day as the network's clearing, the ledger and the payout tell
it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse

from sekisho import transport
from sekisho.client_desk.pages.asking import word, yen
from sekisho.client_desk.pages.desk import acts_for, the_desk
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    DifferenceShown,
    ListDifferences,
    MonthlyFigures,
    SettlementShown,
    ShowSettlement,
)
from sekisho.transport import TransportError
from sekisho.vocabulary.clock import business_date, now

DIFFERENCES_SHOWN = 200
FIRST_YEAR = 2000
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


def read_month(text: str) -> date:
    """Return the first day of a month such as ``2026-11``, of this month when ``text`` is none."""
    found = _MONTH.fullmatch(text)
    today = business_date(now())
    return date(int(found[1]), int(found[2]), 1) if found else today.replace(day=1)


def month_text(first: date) -> str:
    """Return a month as ``2026-11``."""
    return f"{first:%Y-%m}"


def figures(shown: msgspec.Struct) -> dict[str, str]:
    """Return each whole number of an answer as people read it: 12,345."""
    return {
        name: yen(value)
        for name in shown.__struct_fields__
        if isinstance(value := getattr(shown, name), int) and not isinstance(value, bool)
    }


def list_days(request: HttpRequest) -> HttpResponse:
    """The days of a month with its sums and its files."""
    first = read_month(request.GET.get("month", ""))
    before, after = first - timedelta(days=1), first + timedelta(days=32)
    show = the_desk().sign_in.show
    message = MonthlyFigures(client_body=acts_for(request), month=month_text(first))
    try:
        found = transport.cross(message)
        differences = _differences(request)
    except (Refusal, TransportError):
        return show(request, "payments/away.html", 503)
    return show(
        request,
        "settling/days.html",
        month=month_text(first),
        before=month_text(before),
        after=month_text(after) if after.replace(day=1) <= business_date(now()) else "",
        found=found,
        f=figures(found),
        days=[{"shown": day, "f": figures(day)} for day in reversed(found.days)],
        first=first.isoformat(),
        last=(after.replace(day=1) - timedelta(days=1)).isoformat(),
        differences=[_difference(request, one) for one in differences],
    )


def show_day(request: HttpRequest, day: str) -> HttpResponse:
    """One day, three ways."""
    show = the_desk().sign_in.show
    try:
        asked = date.fromisoformat(day)
        found = transport.cross(ShowSettlement(client_body=acts_for(request), day=asked))
        differences = [one for one in _differences(request) if one.day == asked]
    except (Refusal, ValueError):
        return show(request, "settling/none.html", 404)
    except TransportError:
        return show(request, "payments/away.html", 503)
    return show(
        request,
        "settling/day.html",
        found=found,
        f=figures(found),
        agrees=_agrees(found),
        differences=[_difference(request, one) for one in differences],
    )


def _agrees(found: SettlementShown) -> bool:
    return found.clearing_yen == found.ledger_yen and found.payout_yen in (None, found.net_yen)


def _differences(request: HttpRequest) -> list[DifferenceShown]:
    message = ListDifferences(client_body=acts_for(request), limit=DIFFERENCES_SHOWN)
    return transport.cross(message).differences


def _difference(request: HttpRequest, one: DifferenceShown) -> dict[str, Any]:
    return {
        "shown": one,
        "f": figures(one),
        "kind": word(request, f"difference_{one.kind}"),
        "state": word(request, f"differs_{one.state}"),
    }
