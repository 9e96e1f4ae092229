"""Where the pages of settlement stand, and what the edge lets through to them."""

from __future__ import annotations

from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from sekisho.client_desk.pages.desk import the_desk
from sekisho.client_desk.pages.settling import days, downloads, payouts
from sekisho.edge import LANGUAGE, FieldRule, PageRule
from sekisho.edge.page_rules import field_from_form

_MONTH = FieldRule("month", "date", max_length=7)


def urls() -> list[URLPattern]:
    """Return the addresses."""
    get = require_http_methods(["GET", "HEAD"])
    to = the_desk().sign_in.members_only
    return [
        path("settlements", get(to(days.list_days))),
        path("settlements/lines", get(to(downloads.download_lines))),
        path("settlements/statement.pdf", get(to(downloads.download_statement))),
        path("settlements/<str:day>", get(to(days.show_day))),
        path("payouts", get(to(payouts.list_payouts))),
        path("payouts/<str:payout_id>", get(to(payouts.show_payout))),
    ]


def page_rules() -> list[PageRule]:
    """Return what the edge lets through."""
    asked = tuple(
        field_from_form(name, field) for name, field in downloads.LinesForm.base_fields.items()
    )
    return [
        PageRule("/settlements", query=(LANGUAGE, _MONTH)),
        PageRule(r"/settlements/\d{4}-\d{2}-\d{2}"),
        PageRule("/settlements/lines", query=(LANGUAGE, *asked)),
        PageRule(r"/settlements/statement\.pdf", query=(LANGUAGE, _MONTH)),
        PageRule("/payouts", query=(LANGUAGE, FieldRule("after", "word", max_length=40))),
        PageRule(r"/payouts/payout_[0-9a-z]{26}"),
    ]
