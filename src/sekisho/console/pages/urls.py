"""Where the console's pages stand; taken by Django once the console is open."""

from __future__ import annotations

from django.urls import path
from django.views.decorators.http import require_http_methods

from sekisho.console.pages import cases, guard, look, money
from sekisho.console.pages.console import the_console
from sekisho.console.roles import roles_with

_get = require_http_methods(["GET", "HEAD"])
_both = require_http_methods(["GET", "HEAD", "POST"])
_members = the_console().sign_in.members_only

_looks_into = roles_with("look_into_payments")
_sees_cases = roles_with("see_cases")

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
    *the_console().sign_in.urls(),
]
