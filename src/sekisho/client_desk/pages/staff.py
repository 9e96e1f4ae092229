"""Staff: who may sign in, with which roles, where they are signed in; for administrators. Every act
but ending a visit wants a fresh second factor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from sekisho.client_desk.errors import StaffRefused
from sekisho.client_desk.pages.asking import word
from sekisho.client_desk.pages.desk import the_desk
from sekisho.client_desk.records.models import Person
from sekisho.client_desk.records.portal_models import FactorReset
from sekisho.client_desk.staff import administer
from sekisho.sign_in.account import LIMITS
from sekisho.sign_in.forms import MAX_ID_CHARACTERS, FreshFactor
from sekisho.sign_in.gate import NotAdmitted
from sekisho.sign_in.rules import MAX_NAME_CHARACTERS
from sekisho.vocabulary.clock import now

ROLE_CHOICES = [(role, role) for role in administer.ROLES]


class RolesForm(FreshFactor):
    """Which roles somebody has."""

    roles = forms.MultipleChoiceField(choices=ROLE_CHOICES)


class InviteForm(RolesForm):
    """Who is invited, as what."""

    name = forms.CharField(max_length=MAX_NAME_CHARACTERS)


class DecideResetForm(FreshFactor):
    """Whether a lost second factor is made anew."""

    decision = forms.ChoiceField(choices=[("approve", "approve"), ("refuse", "refuse")])


class EndVisitForm(forms.Form):
    """Which visit is ended."""

    visit = forms.CharField(max_length=MAX_ID_CHARACTERS, widget=forms.HiddenInput)


def list_staff(request: HttpRequest, status: int = 200, why: str = "") -> HttpResponse:
    """Everybody, and the second factors that wait to be made anew."""
    people = Person.objects.order_by("ended_at", "name")
    return the_desk().sign_in.show(
        request,
        "staff/list.html",
        status,
        page_address="/staff",
        people=[_shown(request, person) for person in people],
        resets=_resets(request),
        why=word(request, why) if why else "",
        done=request.GET.get("done", ""),
    )


def _resets(request: HttpRequest) -> list[dict[str, Any]]:
    person: Person = request.person  # type: ignore[attr-defined]
    return [
        {
            "reset": reset,
            "may_decide": person.person_id not in (reset.asked_by, reset.person_id)
            and person.roles_given_by != reset.asked_by,
        }
        for reset in FactorReset.objects.filter(state="asked").order_by("asked_at")
    ]


def _shown(request: HttpRequest, person: Person) -> dict[str, Any]:
    moment = now()
    state = "active"
    if person.ended_at is not None:
        state = "ended"
    elif person.active_at is None:
        state = "invited"
    elif person.locked_until is not None and person.locked_until > moment:
        state = "locked"
    return {
        "shown": person,
        "roles": [word(request, f"role_{role}") for role in person.roles],
        "state": state,
        "state_word": word(request, f"staff_state_{state}"),
        "tone": {"active": "tag--done", "locked": "tag--bad", "ended": ""}.get(state, "tag--warn"),
        "visits": the_desk().sign_in.gate.visits_of(person, moment) if state == "active" else [],
    }


def show_person(
    request: HttpRequest, person_id: str, status: int = 200, why: str = ""
) -> HttpResponse:
    """One person, and what may be done about them."""
    me: Person = request.person  # type: ignore[attr-defined]
    found = Person.objects.filter(person_id=person_id).first()
    if found is None:
        return the_desk().sign_in.show(request, "staff/none.html", 404)
    return the_desk().sign_in.show(
        request,
        "staff/person.html",
        status,
        page_address=f"/staff/{person_id}",
        **_shown(request, found),
        own=found.person_id == me.person_id,
        all_roles=_role_choices(request, found.roles),
        reset=FactorReset.objects.filter(person_id=person_id, state="asked").first(),
        limits=LIMITS,
        why=word(request, why) if why else "",
        done=request.GET.get("done", ""),
    )


def _role_choices(request: HttpRequest, chosen: list[str]) -> list[dict[str, Any]]:
    return [
        {
            "value": role,
            "name": word(request, f"role_{role}"),
            "may": word(request, f"role_may_{role}"),
            "chosen": role in chosen,
        }
        for role in administer.ROLES
    ]


def invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody; the link is shown once."""
    if request.method != "POST":
        return _invite_page(request)
    form = InviteForm(request.POST)
    if not form.is_valid():
        why = "staff_roles_wrong" if "roles" in form.errors else "staff_name_wrong"
        return _invite_page(request, 400, why)
    me: Person = request.person  # type: ignore[attr-defined]
    try:
        the_desk().sign_in.prove(request, form, act="invite staff")
        token, person, until = administer.invite(
            the_desk().sign_in.gate,
            name=form.cleaned_data["name"],
            roles=form.cleaned_data["roles"],
            by=me,
            now=now(),
        )
    except NotAdmitted:
        return _invite_page(request, 403, "wrong_factor")
    except StaffRefused as refused:
        return _invite_page(request, 409, refused.code)
    return _link_page(request, token, person, until)


def _invite_page(request: HttpRequest, status: int = 200, why: str = "") -> HttpResponse:
    return the_desk().sign_in.show(
        request,
        "staff/invite.html",
        status,
        all_roles=_role_choices(request, request.POST.getlist("roles")),
        typed=request.POST,
        why=word(request, why) if why else "",
    )


def _link_page(request: HttpRequest, token: str, person: Person, until: Any) -> HttpResponse:
    link = f"{the_desk().address}/invitation/{person.client_body}/{token}"
    return the_desk().sign_in.show(
        request, "staff/link.html", page_address="/staff", link=link, invited=person, until=until
    )


def give_roles(request: HttpRequest, person_id: str) -> HttpResponse:
    """Give other roles."""
    form = RolesForm(request.POST)
    if not form.is_valid():
        return show_person(request, person_id, 400, "staff_roles_wrong")
    me: Person = request.person  # type: ignore[attr-defined]
    return _act(
        request,
        person_id,
        form,
        "give roles to",
        lambda: administer.give_roles(person_id, form.cleaned_data["roles"], by=me),
    )


def end_person(request: HttpRequest, person_id: str) -> HttpResponse:
    """End somebody."""
    me: Person = request.person  # type: ignore[attr-defined]
    return _act(
        request,
        person_id,
        FreshFactor(request.POST),
        "end",
        lambda: administer.end_person(person_id, by=me, now=now()),
    )


def unlock(request: HttpRequest, person_id: str) -> HttpResponse:
    """Let a locked person try again."""
    me: Person = request.person  # type: ignore[attr-defined]
    return _act(
        request,
        person_id,
        FreshFactor(request.POST),
        "unlock",
        lambda: administer.unlock(person_id, by=me),
    )


def ask_reset(request: HttpRequest, person_id: str) -> HttpResponse:
    """Ask that a second factor be made anew."""
    me: Person = request.person  # type: ignore[attr-defined]
    return _act(
        request,
        person_id,
        FreshFactor(request.POST),
        "ask a new factor for",
        lambda: administer.ask_reset(person_id, by=me, now=now()),
    )


def _act(
    request: HttpRequest,
    person_id: str,
    form: FreshFactor,
    act: str,
    do: Callable[[], object],
) -> HttpResponse:
    try:
        the_desk().sign_in.prove(request, form, act=f"{act} {person_id}")
        do()
    except NotAdmitted:
        return show_person(request, person_id, 403, "wrong_factor")
    except StaffRefused as refused:
        return show_person(request, person_id, 409, refused.code)
    return HttpResponseRedirect(f"/staff/{person_id}?done=1")


def end_visit(request: HttpRequest, person_id: str) -> HttpResponse:
    """End one of somebody's visits."""
    form = EndVisitForm(request.POST)
    me: Person = request.person  # type: ignore[attr-defined]
    person = Person.objects.filter(person_id=person_id).first()
    if person is not None and form.is_valid():
        the_desk().sign_in.gate.end_visit(person, form.cleaned_data["visit"], by=me.person_id)
    return HttpResponseRedirect(f"/staff/{person_id}")


def decide_reset(request: HttpRequest, reset_id: str) -> HttpResponse:
    """The second administrator's word; the new invitation is shown once."""
    form = DecideResetForm(request.POST)
    if not form.is_valid():
        return list_staff(request, 400, "refund_decision")
    me: Person = request.person  # type: ignore[attr-defined]
    gate, said = the_desk().sign_in.gate, form.cleaned_data["decision"]
    try:
        the_desk().sign_in.prove(request, form, act=f"{said} {reset_id}")
        if said == "refuse":
            administer.refuse_reset(reset_id, by=me, now=now())
            return HttpResponseRedirect("/staff?done=1")
        token, person, until = administer.approve_reset(gate, reset_id, by=me, now=now())
    except NotAdmitted:
        return list_staff(request, 403, "wrong_factor")
    except StaffRefused as refused:
        return list_staff(request, 409, refused.code)
    return _link_page(request, token, person, until)


def waiting_resets(request: HttpRequest) -> int:
    """Return how many second factors wait for this administrator."""
    person: Person = request.person  # type: ignore[attr-defined]
    if "administrator" not in person.roles:
        return 0
    return sum(one["may_decide"] for one in _resets(request))
