"""Where the portal's pages stand, who may open them, and what the edge lets through to them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from sekisho.client_desk.pages import disputes, home, refunds, staff
from sekisho.client_desk.pages.desk import the_desk
from sekisho.client_desk.pages.menu import ACTS, ADMINISTRATOR, DECIDES
from sekisho.client_desk.pages.payments import one_payment, search
from sekisho.edge import CSRF_FIELD, LANGUAGE, FieldRule, PageRule, page_from_form
from sekisho.edge.page_rules import Method, field_from_form
from sekisho.sign_in.forms import FACTOR_KINDS, FreshFactor

_PAYMENT = r"/payments/t?pay_[0-9a-z]{26}"
_REQUEST = r"/refunds/rreq_[0-9a-z]{26}"
_CASE = r"/disputes/[A-Za-z0-9_-]{1,40}"
_PERSON = r"/staff/person_[0-9a-z]{26}"
_RESET = r"/staff/resets/reset_[0-9a-z]{26}"
_DONE = FieldRule("done", "word", max_length=20)


def urls() -> list[URLPattern]:
    """Return the addresses."""
    get = require_http_methods(["GET", "HEAD"])
    post = require_http_methods(["POST"])
    both = require_http_methods(["GET", "HEAD", "POST"])
    to = the_desk().sign_in.members_only
    return [
        path("view", post(to(home.switch_view))),
        path("payments", get(to(search.show_search))),
        path("payments.csv", get(to(search.download))),
        path("payments/<str:payment_id>", get(to(one_payment.show_payment))),
        path("payments/<str:payment_id>/capture", post(to(one_payment.capture, ACTS))),
        path("payments/<str:payment_id>/void", post(to(one_payment.void, ACTS))),
        path("payments/<str:payment_id>/refund", both(to(_refund, ACTS))),
        path("refunds", get(to(refunds.list_requests))),
        path("refunds/<str:request_id>", get(to(refunds.show_request))),
        path("refunds/<str:request_id>/decide", post(to(refunds.decide, DECIDES))),
        path("refunds/<str:request_id>/take-back", post(to(refunds.take_back))),
        path("disputes", get(to(disputes.list_disputes))),
        path("disputes/<str:case_number>", get(to(disputes.show_dispute))),
        path("disputes/<str:case_number>/answer", post(to(disputes.answer, DECIDES))),
        path("staff", get(to(staff.list_staff, ADMINISTRATOR))),
        path("staff/invite", both(to(staff.invite, ADMINISTRATOR))),
        path("staff/resets/<str:reset_id>", post(to(staff.decide_reset, ADMINISTRATOR))),
        path("staff/<str:person_id>", get(to(staff.show_person, ADMINISTRATOR))),
        path("staff/<str:person_id>/roles", post(to(staff.give_roles, ADMINISTRATOR))),
        path("staff/<str:person_id>/end", post(to(staff.end_person, ADMINISTRATOR))),
        path("staff/<str:person_id>/unlock", post(to(staff.unlock, ADMINISTRATOR))),
        path("staff/<str:person_id>/reset", post(to(staff.ask_reset, ADMINISTRATOR))),
        path("staff/<str:person_id>/visits/end", post(to(staff.end_visit, ADMINISTRATOR))),
    ]


def _refund(request: HttpRequest, payment_id: str) -> HttpResponse:
    page = refunds.ask if request.method == "POST" else refunds.show_form
    return page(request, payment_id)


def page_rules() -> list[PageRule]:
    """Return what the edge lets through."""
    return [*_payment_rules(), *_deciding_rules(), *_staff_rules()]


def _payment_rules() -> list[PageRule]:
    kinds = {
        "reference": "word",
        "payment_number": "token",
        "policy_number": "token",
        "last_four": "digits",
    }
    filters = tuple(
        field_from_form(name, field, kinds.get(name))
        for name, field in search.SearchForm.base_fields.items()
    )
    cursor = FieldRule("cursor", "base64", max_length=search.MAX_CURSOR_CHARACTERS)
    reference = {"key": "base64"}
    return [
        page_from_form("/view", home.ViewForm, methods=("POST",)),
        PageRule(r"/payments(?:\.csv)?", query=(LANGUAGE, cursor, *filters)),
        PageRule(_PAYMENT, query=(LANGUAGE, _DONE)),
        PageRule(_PAYMENT + "/capture", methods=("POST",), fields=(CSRF_FIELD,)),
        page_from_form(_PAYMENT + "/void", one_payment.VoidForm, methods=("POST",)),
        page_from_form(_PAYMENT + "/refund", refunds.RefundForm, kinds=reference),
    ]


def _deciding_rules() -> list[PageRule]:
    everything = FieldRule("all", "flag", max_length=1)
    post: tuple[Method, ...] = ("POST",)
    return [
        PageRule("/refunds", query=(LANGUAGE, _DONE)),
        PageRule(_REQUEST, query=(LANGUAGE, _DONE)),
        page_from_form(_REQUEST + "/decide", refunds.DecideForm, kinds=FACTOR_KINDS, methods=post),
        PageRule(_REQUEST + "/take-back", methods=post, fields=(CSRF_FIELD,)),
        PageRule("/disputes", query=(LANGUAGE, everything)),
        PageRule(_CASE, query=(LANGUAGE, _DONE)),
        page_from_form(_CASE + "/answer", disputes.AnswerForm, kinds=FACTOR_KINDS, methods=post),
    ]


def _staff_rules() -> list[PageRule]:
    post: tuple[Method, ...] = ("POST",)
    return [
        PageRule("/staff", query=(LANGUAGE, _DONE)),
        page_from_form("/staff/invite", staff.InviteForm, kinds={"name": "email", **FACTOR_KINDS}),
        page_from_form(_RESET, staff.DecideResetForm, kinds=FACTOR_KINDS, methods=post),
        PageRule(_PERSON, query=(LANGUAGE, _DONE)),
        page_from_form(_PERSON + "/roles", staff.RolesForm, kinds=FACTOR_KINDS, methods=post),
        page_from_form(
            _PERSON + "/(?:end|unlock|reset)", FreshFactor, kinds=FACTOR_KINDS, methods=post
        ),
        page_from_form(
            _PERSON + "/visits/end", staff.EndVisitForm, kinds={"visit": "word"}, methods=post
        ),
    ]
