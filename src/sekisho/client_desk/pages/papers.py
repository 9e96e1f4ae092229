"""Applications on paper: first entry, card, second entry or a second person's look, work list. The
card's number goes from the clerk's browser to the vault's own form; the desk sees its last four."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token

from sekisho import transport
from sekisho.client_desk.pages.asking import ask_or_none, language, told, word
from sekisho.client_desk.pages.desk import FILES, acts_for, the_desk
from sekisho.client_desk.pages.paper_entry import faults_of, show_entry
from sekisho.client_desk.paper_application.read_entry import (
    Entry,
    EntryForm,
    EntryWrong,
    read_entry,
)
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    CheckPaper,
    EnterPaperAgain,
    ListPapers,
    OpenPaperForm,
    PaperFormOpened,
    PaperShown,
    ShowPaper,
    StartPaper,
    StartPaperCardChange,
    WithdrawPaper,
)
from sekisho.edge.security_headers import STRICT_CSP
from sekisho.sign_in.forms import FreshFactor
from sekisho.sign_in.gate import NotAdmitted
from sekisho.transport import TransportError
from sekisho.vocabulary.identifiers import new_token

PAPERS_SHOWN = 50
MAX_REASON_CHARACTERS = 200
MAX_CURSOR_CHARACTERS = 64
TONES = {
    "card_awaited": "tag--warn",
    "check_awaited": "tag--warn",
    "differs": "tag--bad",
    "at_network": "",
    "active": "tag--done",
    "refused": "tag--bad",
    "withdrawn": "",
}


class WithdrawForm(forms.Form):
    """Why an application is dropped."""

    reason = forms.CharField(max_length=MAX_REASON_CHARACTERS)


class KeyForm(forms.Form):
    """``key`` was made with the page."""

    key = forms.RegexField(r"[A-Za-z0-9_-]{43}", max_length=43)


def list_papers(request: HttpRequest) -> HttpResponse:
    """The work list; everything when asked for."""
    everything = request.GET.get("all") == "1"
    after = request.GET.get("after", "")[:MAX_CURSOR_CHARACTERS]
    found = ask_or_none(
        ListPapers(
            client_body=acts_for(request),
            open_only=not everything,
            after=after,
            limit=PAPERS_SHOWN,
        )
    )
    return the_desk().sign_in.show(
        request,
        "papers/list.html",
        200 if found else 503,
        away=found is None,
        papers=[line_of(request, one) for one in found.papers] if found else [],
        everything=everything,
        next=found.next if found else "",
    )


def line_of(request: HttpRequest, paper: PaperShown) -> dict[str, Any]:
    """Return an application as pages show it."""
    reason = f"paper_reason_{paper.reason}" if paper.reason else ""
    return {
        "paper": paper,
        "status_word": word(request, f"paper_{paper.status}"),
        "tone": TONES.get(paper.status, ""),
        "reason_word": word(request, reason) if reason else "",
        "differs_words": [word(request, f"paper_field_{field}") for field in paper.differs],
        "card": f"{paper.card_brand.upper()} **** {paper.card_last_four}"
        if paper.card_last_four
        else "",
        "entered_by": _name_of(paper.entered_by),
        "checked_by": _name_of(paper.checked_by),
    }


def _name_of(by: str) -> str:
    return by.partition(":")[2] or by


def new_paper(request: HttpRequest) -> HttpResponse:
    """The form of the first entry; what was typed is shown by the same request only."""
    if request.method != "POST":
        return show_entry(request, EntryForm(initial={"key": new_token()}), {})
    form = EntryForm(request.POST)
    try:
        entry = _read(request, form)
        opened = transport.cross(
            StartPaper(
                key=_key_of(form),
                client_body=acts_for(request),
                policy_number=entry.policy_number,
                box=entry.box,
                applied_on=entry.applied_on,
                by=_by(request),
                **_place(request),
            )
        )
    except EntryWrong as wrong:
        return show_entry(request, form, wrong.faults, 422)
    except Refusal as refusal:
        return show_entry(request, form, faults_of(request, refusal), 422)
    except TransportError:
        return show_entry(request, form, {"": told(request, "away")}, 503)
    return _show_card(request, opened, again=False)


def _read(request: HttpRequest, form: EntryForm, *, needs_number: bool = True) -> Entry:
    desk = the_desk()
    return read_entry(
        form,
        dict(desk.sign_in.words[language(request)]),
        language(request),
        vault_key=desk.vault_key,
        client_body=acts_for(request),
        needs_number=needs_number,
    )


def _key_of(form: EntryForm) -> str:
    return str(form.cleaned_data.get("key") or new_token())


def _place(request: HttpRequest) -> dict[str, Any]:
    address = the_desk().address.rstrip("/")
    return {
        "language": language(request),
        "parent_origin": address,
        "return_url": address + "/papers/{application_id}",
    }


def _show_card(request: HttpRequest, opened: PaperFormOpened, *, again: bool) -> HttpResponse:
    """The page that frames the vault's form, and may frame nothing else."""
    if not opened.card_form_url:
        return HttpResponseRedirect(f"/papers/{opened.paper.application_id}")
    get_token(request)
    desk = the_desk()
    response = desk.sign_in.show(
        request,
        "papers/card.html",
        **line_of(request, opened.paper),
        again=again,
        card_form_url=opened.card_form_url,
        vault_origin=desk.vault_origin,
        script=FILES.address("card_frame.js"),
        integrity=FILES.integrity("card_frame.js"),
    )
    response["Content-Security-Policy"] = f"{STRICT_CSP}; frame-src {desk.vault_origin}"
    return response


def show_paper(
    request: HttpRequest, application_id: str, status: int = 200, why: str = ""
) -> HttpResponse:
    """One application: how far it is and what this person may do for it."""
    try:
        paper = _find(request, application_id)
    except TransportError:
        return the_desk().sign_in.show(request, "payments/away.html", 503)
    if paper is None:
        return the_desk().sign_in.show(request, "papers/none.html", 404)
    mine = paper.entered_by == f"client_desk:{_by(request)}"
    waits = paper.status in ("check_awaited", "differs")
    second = waits and not mine
    types_again = (
        second
        and paper.check == "double_entry"
        and (paper.purpose == "card_change" or paper.second_by == f"client_desk:{_by(request)}")
    )
    return the_desk().sign_in.show(
        request,
        "papers/paper.html",
        status,
        **line_of(request, paper),
        mine=mine,
        may_type_card=mine and (waits or paper.status == "card_awaited" or _may_be_replaced(paper)),
        may_enter_again=second and paper.check == "double_entry" and not types_again,
        may_type_again=types_again,
        may_check=second and paper.check == "second_person",
        may_withdraw=waits or paper.status == "card_awaited",
        why=why,
        done=request.GET.get("done", ""),
    )


def _may_be_replaced(paper: PaperShown) -> bool:
    return paper.status == "refused" and paper.reason in (
        "declined_by_issuer",
        "network_unavailable",
    )


def _find(request: HttpRequest, application_id: str) -> PaperShown | None:
    ask = ShowPaper(client_body=acts_for(request), application_id=application_id)
    try:
        return transport.cross(ask)
    except Refusal:
        return None


def open_card(request: HttpRequest, application_id: str) -> HttpResponse:
    """A fresh card form for who works on the application."""
    message = OpenPaperForm(
        client_body=acts_for(request),
        application_id=application_id,
        by=_by(request),
        **_place(request),
    )
    try:
        opened = transport.cross(message)
    except Refusal as refusal:
        return show_paper(request, application_id, 409, _told(request, refusal.code))
    except TransportError:
        return show_paper(request, application_id, 503, told(request, "away"))
    again = opened.paper.entered_by != f"client_desk:{_by(request)}"
    return _show_card(request, opened, again=again)


def enter_again(request: HttpRequest, application_id: str) -> HttpResponse:
    """The form of the second entry: empty, whatever the first one holds."""
    try:
        paper = _find(request, application_id)
        if paper is None:
            return the_desk().sign_in.show(request, "papers/none.html", 404)
        if request.method != "POST":
            return show_entry(request, EntryForm(initial={"key": new_token()}), {}, paper=paper)
        form = EntryForm(request.POST)
        entry = _read(request, form, needs_number=False)
        opened = transport.cross(
            EnterPaperAgain(
                client_body=acts_for(request),
                application_id=application_id,
                box=entry.box,
                applied_on=entry.applied_on,
                by=_by(request),
                **_place(request),
            )
        )
    except EntryWrong as wrong:
        return show_entry(request, form, wrong.faults, 422, paper)
    except Refusal as refusal:
        return show_entry(request, form, faults_of(request, refusal), 422, paper)
    except TransportError:
        return show_paper(request, application_id, 503, told(request, "away"))
    if opened.paper.differs:
        faults = dict.fromkeys(
            opened.paper.differs, the_desk().sign_in.word(request, "paper_wrong_differs")
        )
        return show_entry(request, form, faults, 422, paper)
    return _show_card(request, opened, again=True)


def check(request: HttpRequest, application_id: str) -> HttpResponse:
    """A second person compared the entry with the paper; wants a fresh second factor."""
    form = FreshFactor(request.POST)
    try:
        the_desk().sign_in.prove(request, form, act=f"check paper {application_id}")
    except NotAdmitted:
        why = the_desk().sign_in.word(request, "wrong_factor")
        return show_paper(request, application_id, 403, why)
    message = CheckPaper(
        client_body=acts_for(request), application_id=application_id, by=_by(request)
    )
    return _say(request, application_id, message)


def withdraw(request: HttpRequest, application_id: str) -> HttpResponse:
    """Drop it; what was entered is forgotten."""
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        return show_paper(request, application_id, 400, _told(request, "reason_wrong"))
    message = WithdrawPaper(
        client_body=acts_for(request),
        application_id=application_id,
        reason=form.cleaned_data["reason"],
        by=_by(request),
    )
    return _say(request, application_id, message)


def _say(
    request: HttpRequest, application_id: str, message: CheckPaper | WithdrawPaper
) -> HttpResponse:
    try:
        transport.cross(message)
    except Refusal as refusal:
        return show_paper(request, application_id, 409, _told(request, refusal.code))
    except TransportError:
        return show_paper(request, application_id, 503, told(request, "away"))
    return HttpResponseRedirect(f"/papers/{application_id}?done=1")


def change_card(request: HttpRequest, enrolment_id: str) -> HttpResponse:
    """Another card for an enrolment, from paper."""
    from sekisho.client_desk.pages.enrolments import show_enrolment

    form = KeyForm(request.POST)
    if not form.is_valid():
        return show_enrolment(request, enrolment_id, 400, told(request, "other"))
    message = StartPaperCardChange(
        key=form.cleaned_data["key"],
        client_body=acts_for(request),
        enrolment_id=enrolment_id,
        by=_by(request),
        **_place(request),
    )
    try:
        opened = transport.cross(message)
    except Refusal as refusal:
        return show_enrolment(request, enrolment_id, 409, _told(request, refusal.code))
    except TransportError:
        return show_enrolment(request, enrolment_id, 503, told(request, "away"))
    return _show_card(request, opened, again=False)


def _told(request: HttpRequest, code: str) -> str:
    return told(request, code, topic="papered")


def _by(request: HttpRequest) -> str:
    person: Any = request.person  # type: ignore[attr-defined]
    return str(person.name)
