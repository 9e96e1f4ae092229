"""Payouts, what is owed besides, and one payout with its fee statement."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from sekisho import transport
from sekisho.client_desk.pages.asking import word
from sekisho.client_desk.pages.desk import acts_for, the_desk
from sekisho.client_desk.pages.settling.days import figures
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import ListPayouts, PayoutShown, ShowPayout
from sekisho.transport import TransportError

PAYOUTS_SHOWN = 50


def list_payouts(request: HttpRequest) -> HttpResponse:
    """Newest first, a page at a time."""
    message = ListPayouts(
        client_body=acts_for(request), after=request.GET.get("after", ""), limit=PAYOUTS_SHOWN
    )
    try:
        found = transport.cross(message)
    except (Refusal, TransportError):
        return the_desk().sign_in.show(request, "payments/away.html", 503)
    return the_desk().sign_in.show(
        request,
        "settling/payouts.html",
        payouts=[_shown(request, one) for one in found.payouts],
        owed=found.owed[0] if found.owed else None,
        owed_f=figures(found.owed[0]) if found.owed else {},
        after=found.next_after,
    )


def show_payout(request: HttpRequest, payout_id: str) -> HttpResponse:
    """One payout: what it is made of, where it went."""
    message = ShowPayout(client_body=acts_for(request), payout_id=payout_id)
    try:
        found = transport.cross(message)
    except Refusal:
        return the_desk().sign_in.show(request, "settling/none.html", 404)
    except TransportError:
        return the_desk().sign_in.show(request, "payments/away.html", 503)
    return the_desk().sign_in.show(request, "settling/payout.html", **_shown(request, found))


def _shown(request: HttpRequest, payout: PayoutShown) -> dict[str, Any]:
    tone = {"made": "tag--done", "returned": "tag--bad", "dropped": "tag--bad"}
    return {
        "shown": payout,
        "f": figures(payout),
        "state": word(request, f"payout_{payout.state}"),
        "tone": tone.get(payout.state, "tag--warn"),
        "account_kind": word(request, f"account_{payout.account.kind}"),
    }
