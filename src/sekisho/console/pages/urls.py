"""Where the console's pages stand; taken by Django once the console is open."""

from __future__ import annotations

from django.urls import path
from django.views.decorators.http import require_http_methods

from sekisho.console.pages import look
from sekisho.console.pages.console import the_console
from sekisho.console.roles import roles_with

_get = require_http_methods(["GET", "HEAD"])
_both = require_http_methods(["GET", "HEAD", "POST"])
_members = the_console().sign_in.members_only

urlpatterns = [
    path("", _get(_members(look.show_now, roles_with("look")))),
    path("payments", _both(_members(look.show_payment, roles_with("look_into_payments")))),
    path("ledger", _both(_members(look.show_ledger, roles_with("look_into_payments")))),
    *the_console().sign_in.urls(),
]
