"""Charge runs: planned by a clerk, approved by another person with a fresh second factor, watched,
stopped, and their work list worked."""

from __future__ import annotations

from typing import Any, get_args

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from sekisho import evidence, transport
from sekisho.client_desk.pages.asking import told, word, yen
from sekisho.client_desk.pages.desk import acts_for, the_desk
from sekisho.client_desk.pages.menu import ACTS, DECIDES
from sekisho.client_desk.records.models import Person
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    ApproveChargeRun,
    ChargeItemShown,
    ChargeItemState,
    ChargeRunShown,
    CloseChargeItem,
    ListChargeItems,
    ListChargeRuns,
    PlanChargeRun,
    ResumeChargeRun,
    RetryChargeItem,
    ShowChargeRun,
    StopChargeRun,
)
from sekisho.sign_in.forms import FreshFactor
from sekisho.sign_in.gate import NotAdmitted
from sekisho.transport import TransportError
from sekisho.vocabulary.identifiers import new_token

RUNS_SHOWN = 30
ITEMS_SHOWN = 50
REFRESH_SECONDS = 5
"""How often a page about a run at work asks again."""

MAX_REASON_CHARACTERS = 200
MAX_KEY_CHARACTERS = 64
MAX_ITEMS = 9_999_999
MAX_YEN = 9_999_999_999_999
AT_WORK = frozenset({"drafting", "approved", "running"})
STOPPABLE = frozenset({"draft", "approved", "running", "stopped"})
TONES = {
    "drafting": "",
    "draft": "tag--warn",
    "approved": "",
    "running": "",
    "stopped": "tag--bad",
    "finished": "tag--done",
    "withdrawn": "",
    "charged": "tag--done",
    "work_list": "tag--bad",
    "retrying": "tag--warn",
    "unknown": "tag--warn",
}
ITEM_STATES = get_args(ChargeItemState)


class PlanForm(forms.Form):
    """Which day is charged from; its month is the charge month."""

    charge_on = forms.DateField()
    key = forms.RegexField(r"[A-Za-z0-9_-]{43}", max_length=MAX_KEY_CHARACTERS)


class ApproveForm(FreshFactor):
    """What was seen, and a fresh second factor."""

    items = forms.IntegerField(min_value=1, max_value=MAX_ITEMS)
    total_yen = forms.IntegerField(min_value=1, max_value=MAX_YEN)


class StopForm(forms.Form):
    """Why, and whether for good."""

    reason = forms.CharField(max_length=MAX_REASON_CHARACTERS)
    for_good = forms.BooleanField(required=False)


class ResumeForm(forms.Form):
    """Go on."""


class ItemForm(forms.Form):
    """What becomes of an item of the work list, and why."""

    what = forms.ChoiceField(choices=[("retry", "retry"), ("close", "close")])
    amount_yen = forms.IntegerField(min_value=1, max_value=MAX_YEN)
    reason = forms.CharField(max_length=MAX_REASON_CHARACTERS)


class FilterForm(forms.Form):
    """Which items are shown."""

    state = forms.ChoiceField(
        choices=[("", ""), *((one, one) for one in ITEM_STATES)], required=False
    )
    after = forms.IntegerField(min_value=0, max_value=MAX_ITEMS, required=False)


def list_runs(
    request: HttpRequest, status: int = 200, why: str = "", typed: Any = None
) -> HttpResponse:
    """The runs, newest first, and the form that plans one."""
    try:
        found = transport.cross(ListChargeRuns(client_body=acts_for(request), limit=RUNS_SHOWN))
    except (Refusal, TransportError):
        return the_desk().sign_in.show(request, "payments/away.html", 503)
    return the_desk().sign_in.show(
        request,
        "charge_runs/list.html",
        status,
        runs=[_shown(request, run) for run in found.runs],
        may_plan=_has(request, ACTS),
        key=new_token(),
        why=told(request, why, topic="charge_run") if why else "",
        typed=typed or {},
    )


def plan(request: HttpRequest) -> HttpResponse:
    """Have the list of a month drafted."""
    form = PlanForm(request.POST)
    if not form.is_valid():
        return list_runs(request, 400, "date_unclear", request.POST)
    charge_on = form.cleaned_data["charge_on"]
    message = PlanChargeRun(
        client_body=acts_for(request),
        key=form.cleaned_data["key"],
        month=charge_on.isoformat()[:7],
        charge_on=charge_on,
        by=_name(request),
    )
    try:
        run = transport.cross(message)
    except Refusal as refusal:
        return list_runs(request, 409, refusal.code, request.POST)
    except TransportError:
        return list_runs(request, 503)
    return HttpResponseRedirect(f"/charge-runs/{run.run_id}")


def show_run(request: HttpRequest, run_id: str, status: int = 200, why: str = "") -> HttpResponse:
    """One run: totals, how far it is, and what this person may do."""
    try:
        run = transport.cross(ShowChargeRun(client_body=acts_for(request), run_id=run_id))
    except Refusal:
        return the_desk().sign_in.show(request, "charge_runs/none.html", 404)
    except TransportError:
        return the_desk().sign_in.show(request, "payments/away.html", 503)
    own = run.planned_by.partition(":")[2] == _name(request)
    response = the_desk().sign_in.show(
        request,
        "charge_runs/run.html",
        status,
        **_shown(request, run),
        totals=[
            {
                "state": word(request, f"charge_{total.state}"),
                "reason": word(request, f"charge_why_{total.reason}") if total.reason else "",
                "tone": TONES.get(total.state, ""),
                "key": total.state,
                "items": f"{total.items:,}",
                "yen": yen(total.total_yen),
            }
            for total in run.totals
        ],
        own=own,
        may_approve=run.state == "draft" and not own and _has(request, DECIDES),
        may_stop=run.state in STOPPABLE and _has(request, (*ACTS, *DECIDES)),
        may_resume=run.state == "stopped" and _has(request, (*ACTS, *DECIDES)),
        why=why,
        typed=request.POST,
    )
    if run.state in AT_WORK and request.method == "GET":
        response.headers["Refresh"] = str(REFRESH_SECONDS)
    return response


def approve(request: HttpRequest, run_id: str) -> HttpResponse:
    """The second person's yes to the figures on the page."""
    form = ApproveForm(request.POST)
    try:
        run = transport.cross(ShowChargeRun(client_body=acts_for(request), run_id=run_id))
        if _chosen_by(request, run.planned_by):
            why = told(request, "by_own_choice", topic="charge_run")
            return show_run(request, run_id, 409, why)
        the_desk().sign_in.prove(request, form, act=f"approve charge run {run_id}")
    except (Refusal, TransportError):
        return show_run(request, run_id)
    except NotAdmitted:
        return show_run(request, run_id, 403, the_desk().sign_in.word(request, "wrong_factor"))
    message = ApproveChargeRun(
        client_body=acts_for(request),
        run_id=run_id,
        items=form.cleaned_data["items"],
        total_yen=form.cleaned_data["total_yen"],
        by=_name(request),
    )
    return _say(request, run_id, message)


def _chosen_by(request: HttpRequest, planned_by: str) -> bool:
    """Whether who planned gave this person their roles: an administrator could invite a second self
    to approve with."""
    person: Any = request.person  # type: ignore[attr-defined]
    zone, _, name = planned_by.partition(":")
    planner = Person.objects.filter(name=name).first() if zone == "client_desk" else None
    return planner is not None and person.roles_given_by == planner.person_id


def stop(request: HttpRequest, run_id: str) -> HttpResponse:
    """Charge nobody more."""
    form = StopForm(request.POST)
    if not form.is_valid():
        return show_run(request, run_id, 400, told(request, "reason_wrong", topic="charge_run"))
    message = StopChargeRun(
        client_body=acts_for(request),
        run_id=run_id,
        for_good=form.cleaned_data["for_good"],
        reason=form.cleaned_data["reason"],
        by=_name(request),
    )
    return _say(request, run_id, message)


def resume(request: HttpRequest, run_id: str) -> HttpResponse:
    """Go on with a stopped run."""
    message = ResumeChargeRun(client_body=acts_for(request), run_id=run_id, by=_name(request))
    return _say(request, run_id, message)


def _say(
    request: HttpRequest, run_id: str, message: ApproveChargeRun | StopChargeRun | ResumeChargeRun
) -> HttpResponse:
    try:
        transport.cross(message, seconds=60.0)
    except Refusal as refusal:
        return show_run(request, run_id, 409, told(request, refusal.code, topic="charge_run"))
    except TransportError:
        return show_run(request, run_id, 503)
    person: Any = request.person  # type: ignore[attr-defined]
    evidence.append(
        kind=f"client_desk.{_DEEDS[type(message)]}",
        subject=run_id,
        facts={"by": person.name, "person": person.person_id},
    )
    return HttpResponseRedirect(f"/charge-runs/{run_id}")


_DEEDS: dict[type[Any], str] = {
    ApproveChargeRun: "charge_run_approved",
    StopChargeRun: "charge_run_stopped",
    ResumeChargeRun: "charge_run_resumed",
}


def list_items(request: HttpRequest, run_id: str, status: int = 200, why: str = "") -> HttpResponse:
    """Items of a run by state, a page at a time; those on the work list with what may be done."""
    form = FilterForm(request.GET)
    asked: dict[str, Any] = form.cleaned_data if form.is_valid() else {"state": "", "after": 0}
    message = ListChargeItems(
        client_body=acts_for(request),
        run_id=run_id,
        state=asked["state"],
        limit=ITEMS_SHOWN,
        after=asked["after"] or 0,
    )
    try:
        found = transport.cross(message)
    except Refusal:
        return the_desk().sign_in.show(request, "charge_runs/none.html", 404)
    except TransportError:
        return the_desk().sign_in.show(request, "payments/away.html", 503)
    return the_desk().sign_in.show(
        request,
        "charge_runs/items.html",
        status,
        run_id=run_id,
        items=[_item(request, item) for item in found.items],
        after=found.next,
        states=[(one, word(request, f"charge_{one}")) for one in ITEM_STATES],
        state=asked["state"],
        may_decide=_has(request, ACTS),
        why=why,
    )


def decide_item(request: HttpRequest, run_id: str, number: int) -> HttpResponse:
    """Work one item off the work list."""
    form = ItemForm(request.POST)
    if not form.is_valid():
        return list_items(request, run_id, 400, told(request, "reason_wrong", topic="charge_run"))
    about = {
        "client_body": acts_for(request),
        "run_id": run_id,
        "item": number,
        "reason": form.cleaned_data["reason"],
        "by": _name(request),
    }
    message: RetryChargeItem | CloseChargeItem
    if form.cleaned_data["what"] == "retry":
        message = RetryChargeItem(amount_yen=form.cleaned_data["amount_yen"], **about)
    else:
        message = CloseChargeItem(**about)
    try:
        transport.cross(message)
    except Refusal as refusal:
        why = told(request, refusal.code, topic="charge_run")
        return list_items(request, run_id, 409, why)
    except TransportError:
        return the_desk().sign_in.show(request, "payments/away.html", 503)
    return HttpResponseRedirect(f"/charge-runs/{run_id}/items?state=work_list")


def _shown(request: HttpRequest, run: ChargeRunShown) -> dict[str, Any]:
    return {
        "run": run,
        "state": word(request, f"charge_run_{run.state}"),
        "tone": TONES.get(run.state, ""),
        "count": f"{run.items:,}",
        "total": yen(run.total_yen),
        "charged": f"{run.charged:,}",
        "charged_yen": yen(run.charged_yen),
        "done": f"{run.done:,}",
        "planner": run.planned_by.partition(":")[2],
        "approver": run.approved_by.partition(":")[2],
    }


def _item(request: HttpRequest, item: ChargeItemShown) -> dict[str, Any]:
    return {
        "one": item,
        "yen": yen(item.amount_yen),
        "state": word(request, f"charge_{item.state}"),
        "tone": TONES.get(item.state, ""),
        "reason": word(request, f"charge_why_{item.reason}") if item.reason else "",
        "waits": item.state == "work_list",
    }


def _name(request: HttpRequest) -> str:
    person: Any = request.person  # type: ignore[attr-defined]
    name: str = person.name
    return name


def _has(request: HttpRequest, roles: tuple[str, ...]) -> bool:
    person: Any = request.person  # type: ignore[attr-defined]
    return bool(set(roles) & set(person.roles))


def waiting_for(request: HttpRequest) -> tuple[int, int]:
    """Return how many drafts wait for this person's approval, and how many items of work lists for
    their work; none while payments is away."""
    try:
        found = transport.cross(ListChargeRuns(client_body=acts_for(request), limit=RUNS_SHOWN))
    except (Refusal, TransportError):
        return 0, 0
    name = _name(request)
    drafts = sum(
        run.state == "draft" and run.planned_by.partition(":")[2] != name for run in found.runs
    )
    items = sum(run.on_work_list for run in found.runs)
    return drafts * _has(request, DECIDES), items * _has(request, ACTS)
