"""Where charge runs stand, who may do what, and what the edge lets through to them."""

from __future__ import annotations

from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from sekisho.client_desk.pages import charge_runs
from sekisho.client_desk.pages.desk import the_desk
from sekisho.client_desk.pages.menu import ACTS, DECIDES
from sekisho.edge import CSRF_FIELD, LANGUAGE, PageRule, page_from_form
from sekisho.edge.page_rules import Method, field_from_form
from sekisho.sign_in.forms import FACTOR_KINDS

STOPS = (*ACTS, *DECIDES)
"""Whoever sees that something is wrong may stop it."""

_RUN = r"/charge-runs/crun_[0-9a-z]{26}"


def urls() -> list[URLPattern]:
    """Return the addresses."""
    get = require_http_methods(["GET", "HEAD"])
    post = require_http_methods(["POST"])
    to = the_desk().sign_in.members_only
    one = "charge-runs/<str:run_id>"
    return [
        path("charge-runs", get(to(charge_runs.list_runs))),
        path("charge-runs/plan", post(to(charge_runs.plan, ACTS))),
        path(one, get(to(charge_runs.show_run))),
        path(f"{one}/approve", post(to(charge_runs.approve, DECIDES))),
        path(f"{one}/stop", post(to(charge_runs.stop, STOPS))),
        path(f"{one}/resume", post(to(charge_runs.resume, STOPS))),
        path(f"{one}/items", get(to(charge_runs.list_items))),
        path(f"{one}/items/<int:number>/decide", post(to(charge_runs.decide_item, ACTS))),
    ]


def page_rules() -> list[PageRule]:
    """Return what the edge lets through."""
    post: tuple[Method, ...] = ("POST",)
    filters = tuple(
        field_from_form(name, field) for name, field in charge_runs.FilterForm.base_fields.items()
    )
    return [
        PageRule("/charge-runs"),
        page_from_form(
            "/charge-runs/plan",
            charge_runs.PlanForm,
            kinds={"charge_on": "date", "key": "base64"},
            methods=post,
        ),
        PageRule(_RUN),
        page_from_form(
            _RUN + "/approve", charge_runs.ApproveForm, kinds=FACTOR_KINDS, methods=post
        ),
        page_from_form(_RUN + "/stop", charge_runs.StopForm, methods=post),
        PageRule(_RUN + "/resume", methods=post, fields=(CSRF_FIELD,)),
        PageRule(_RUN + "/items", query=(LANGUAGE, *filters)),
        page_from_form(_RUN + r"/items/\d{1,7}/decide", charge_runs.ItemForm, methods=post),
    ]
