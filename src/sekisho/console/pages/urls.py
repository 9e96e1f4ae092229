"""Where the console's pages stand; taken by Django once the console is open."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_http_methods

from sekisho.console.pages import cases, guard, look, money, settling
from sekisho.console.pages.console import the_console
from sekisho.console.roles import roles_with
from sekisho.sign_in import account

_get = require_http_methods(["GET", "HEAD"])
_both = require_http_methods(["GET", "HEAD", "POST"])
_members = the_console().sign_in.members_only

_post = require_http_methods(["POST"])
_looks_into = roles_with("look_into_payments")
_sees_cases = roles_with("see_cases")


def _payout(request: HttpRequest, payout_id: str) -> HttpResponse:
    page = settling.act_on_payout if request.method == "POST" else settling.show_payout
    return page(request, payout_id)


def _difference(request: HttpRequest, difference_id: str) -> HttpResponse:
    page = settling.act_on_difference if request.method == "POST" else settling.show_difference
    return page(request, difference_id)


urlpatterns = [
    path("", _get(_members(look.show_now, roles_with("look")))),
    path("payments", _both(_members(look.show_payment, _looks_into))),
    path("cases", _get(_members(cases.list_cases, _sees_cases))),
    path("cases/<str:payment_id>", _both(_members(cases.show_case, _sees_cases))),
    path("alarms", _get(_members(guard.show_alarms, roles_with("look")))),
    path("disputes", _get(_members(money.show_disputes, _looks_into))),
    path("guard", _both(_members(guard.show_guard, _looks_into))),
    path("ledger", _both(_members(money.show_ledger, _looks_into))),
    path("reconciliations", _both(_members(money.show_reconciliations, _looks_into))),
    path("settlement", _get(_members(settling.show_settlement, _sees_cases))),
    path(
        "settlement/prepare",
        _post(_members(settling.prepare, roles_with("propose_decisions"))),
    ),
    path("payouts/<str:payout_id>", _both(_members(_payout, _sees_cases))),
    path("differences/<str:difference_id>", _both(_members(_difference, _sees_cases))),
    *account.urls(the_console().sign_in),
    *the_console().sign_in.urls(),
]
