"""Where enrolments and papers stand, who may open them, and what the edge lets through to them."""

from __future__ import annotations

from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from sekisho.client_desk.pages import enrolments, papers
from sekisho.client_desk.pages.desk import the_desk
from sekisho.client_desk.pages.menu import ACTS
from sekisho.client_desk.paper_application.read_entry import ENTRY_KINDS, EntryForm
from sekisho.edge import CSRF_FIELD, LANGUAGE, FieldRule, PageRule, page_from_form
from sekisho.edge.page_rules import Method, field_from_form
from sekisho.sign_in.forms import FACTOR_KINDS, FreshFactor

ENTERS = ("clerk", "approver", "administrator")
"""Roles of whoever may enter or check a paper: two of them are needed for each."""

_POST: tuple[Method, ...] = ("POST",)
_ENROLMENT = r"/enrolments/enrol_[0-9a-z]{26}"
_PAPER = r"/papers/paper_[0-9a-z]{26}"
_DONE = FieldRule("done", "word", max_length=20)


def urls() -> list[URLPattern]:
    """Return the addresses."""
    get = require_http_methods(["GET", "HEAD"])
    post = require_http_methods(["POST"])
    both = require_http_methods(["GET", "HEAD", "POST"])
    to = the_desk().sign_in.members_only
    one, paper = "enrolments/<str:enrolment_id>", "papers/<str:application_id>"
    return [
        path("enrolments", get(to(enrolments.list_enrolments))),
        path(one, get(to(enrolments.show_enrolment))),
        path(f"{one}/end", post(to(enrolments.end, ACTS))),
        path(f"{one}/reinstate", post(to(enrolments.reinstate, ACTS))),
        path(f"{one}/ask-card", post(to(enrolments.ask_card, ACTS))),
        path(f"{one}/paper-card", post(to(papers.change_card, ENTERS))),
        path("papers", get(to(papers.list_papers))),
        path("papers/new", both(to(papers.new_paper, ENTERS))),
        path(paper, get(to(papers.show_paper))),
        path(f"{paper}/card", post(to(papers.open_card, ENTERS))),
        path(f"{paper}/again", both(to(papers.enter_again, ENTERS))),
        path(f"{paper}/check", post(to(papers.check, ENTERS))),
        path(f"{paper}/withdraw", post(to(papers.withdraw, ENTERS))),
    ]


def page_rules() -> list[PageRule]:
    """Return what the edge lets through."""
    kinds = {"policy_number": "digits", "after": "token"}
    filters = tuple(
        field_from_form(name, field, kinds.get(name))
        for name, field in enrolments.FilterForm.base_fields.items()
    )
    everything = FieldRule("all", "flag", max_length=1)
    after = FieldRule("after", "token", max_length=papers.MAX_CURSOR_CHARACTERS)
    key = {"key": "base64"}
    return [
        PageRule("/enrolments", query=(LANGUAGE, *filters)),
        PageRule(_ENROLMENT, query=(LANGUAGE, _DONE)),
        page_from_form(_ENROLMENT + "/end", enrolments.EndForm, methods=_POST),
        page_from_form(_ENROLMENT + "/reinstate", enrolments.ReinstateForm, methods=_POST),
        page_from_form(_ENROLMENT + "/ask-card", enrolments.LinkForm, kinds=key, methods=_POST),
        page_from_form(_ENROLMENT + "/paper-card", papers.KeyForm, kinds=key, methods=_POST),
        PageRule("/papers", query=(LANGUAGE, everything, after)),
        page_from_form("/papers/new", EntryForm, kinds=ENTRY_KINDS),
        PageRule(_PAPER, query=(LANGUAGE, _DONE)),
        PageRule(_PAPER + "/card", methods=_POST, fields=(CSRF_FIELD,)),
        page_from_form(_PAPER + "/again", EntryForm, kinds=ENTRY_KINDS),
        page_from_form(_PAPER + "/check", FreshFactor, kinds=FACTOR_KINDS, methods=_POST),
        page_from_form(_PAPER + "/withdraw", papers.WithdrawForm, methods=_POST),
    ]
