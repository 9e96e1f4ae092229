"""Pages of webhooks: where a body's systems are told what happened, what was sent, sending it
again. They show the live or the test side, whichever is in view."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from sekisho.client_desk.errors import WebhookRefused
from sekisho.client_desk.pages.desk import acts_for, the_desk
from sekisho.client_desk.pages.menu import ACTS, ADMINISTRATOR
from sekisho.client_desk.records.scope import enter_body
from sekisho.client_desk.webhooks import endpoints, limits, log
from sekisho.client_desk.webhooks.payload import KINDS
from sekisho.client_desk.webhooks.shown import DeliveryShown, EndpointShown
from sekisho.crossings.hook_sender import MAX_URL_CHARACTERS
from sekisho.sign_in.forms import FreshFactor
from sekisho.sign_in.gate import NotAdmitted
from sekisho.vocabulary.clock import now

DELIVERIES_SHOWN = 50


class EndpointForm(FreshFactor):
    """What is told there; none chosen: everything."""

    kinds = forms.MultipleChoiceField(choices=[(kind, kind) for kind in KINDS], required=False)
    description = forms.CharField(max_length=limits.MAX_DESCRIPTION_CHARACTERS, required=False)


class AddEndpoint(EndpointForm):
    """Also where."""

    url = forms.CharField(max_length=MAX_URL_CHARACTERS)


class SinceForm(forms.Form):
    """From when on everything is sent again."""

    since = forms.DateTimeField(input_formats=["%Y-%m-%dT%H:%M"])


@contextmanager
def in_view(request: HttpRequest) -> Iterator[str]:
    """The body in view: whose rows the database shows meanwhile."""
    person: Any = request.person  # type: ignore[attr-defined]
    body = acts_for(request)
    enter_body(body)
    try:
        yield body
    finally:
        enter_body(person.client_body)


def show_endpoints(request: HttpRequest) -> HttpResponse:
    """Every endpoint, and for administrators the form for another one."""
    if request.method == "POST":
        return _add(request)
    return _list(request)


def _list(request: HttpRequest, status: int = 200, why: str = "") -> HttpResponse:
    with in_view(request) as body:
        found = endpoints.list_endpoints(body)
    return the_desk().sign_in.show(
        request,
        "webhooks/list.html",
        status,
        endpoints=found,
        kinds=_kinds(request),
        chosen=request.POST.getlist("kinds"),
        typed=request.POST,
        may_change=_may(request, ADMINISTRATOR),
        full=len(found) >= limits.MAX_ENDPOINTS_PER_BODY,
        most=limits.MAX_ENDPOINTS_PER_BODY,
        why=why,
    )


def _kinds(request: HttpRequest) -> list[tuple[str, str]]:
    return [(kind, _word(request, "hook_kind_" + kind.replace(".", "_"))) for kind in KINDS]


def _word(request: HttpRequest, key: str) -> str:
    return the_desk().sign_in.word(request, key)


def _why(request: HttpRequest, refused: WebhookRefused) -> str:
    """What to say of a refusal; of an address also what is wrong with it."""
    said = _word(request, f"hook_why_{refused.code}")
    return f"{said} {_word(request, f'hook_url_{refused.reason}')}" if refused.reason else said


def _may(request: HttpRequest, roles: tuple[str, ...]) -> bool:
    person: Any = request.person  # type: ignore[attr-defined]
    return bool(set(roles) & set(person.roles))


def _by(request: HttpRequest) -> str:
    person: Any = request.person  # type: ignore[attr-defined]
    name: str = person.name
    return name


def _add(request: HttpRequest) -> HttpResponse:
    form = AddEndpoint(request.POST)
    if not form.is_valid():
        return _list(request, 400, _word(request, "hook_why_form"))
    typed = form.cleaned_data
    try:
        the_desk().sign_in.prove(request, form, act="add a webhook endpoint")
        with in_view(request) as body:
            endpoint, secret = endpoints.add_endpoint(
                body,
                url=typed["url"],
                kinds=typed["kinds"],
                description=typed["description"],
                by=_by(request),
                keeper=the_desk().sign_in.gate.keeper,
                now=now(),
            )
    except NotAdmitted:
        return _list(request, 403, _word(request, "hook_why_code"))
    except WebhookRefused as refused:
        return _list(request, 409, _why(request, refused))
    return _shown_once(request, endpoint, secret)


def _shown_once(request: HttpRequest, endpoint: EndpointShown, secret: str) -> HttpResponse:
    return the_desk().sign_in.show(
        request, "webhooks/secret.html", 201, endpoint=endpoint, secret=secret
    )


def show_endpoint(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    """One endpoint: how it stands, what was sent there, and what can be done."""
    return _endpoint(request, endpoint_id)


def _endpoint(
    request: HttpRequest, endpoint_id: str, status: int = 200, why: str = ""
) -> HttpResponse:
    after = request.GET.get("after") or None
    try:
        with in_view(request) as body:
            endpoint = endpoints.show_endpoint(body, endpoint_id)
            page = log.list_deliveries(body, endpoint_id, after=after, limit=DELIVERIES_SHOWN)
    except WebhookRefused:
        return the_desk().sign_in.show(request, "webhooks/none.html", 404)
    done = request.GET.get("done", "")
    return the_desk().sign_in.show(
        request,
        "webhooks/endpoint.html",
        status,
        endpoint=endpoint,
        deliveries=[_row(request, one) for one in page.rows],
        after=page.after,
        kinds=_kinds(request),
        may_change=_may(request, ADMINISTRATOR),
        may_replay=_may(request, ACTS),
        why=why,
        done=_word(request, f"hook_done_{done}") if done in DONE else "",
    )


DONE = ("changed", "on", "off", "test", "replay")


def _row(request: HttpRequest, delivery: DeliveryShown) -> dict[str, Any]:
    return {"one": delivery, "ended": _ending(request, delivery.last_status, delivery.last_why)}


def _ending(request: HttpRequest, status: int, why: str) -> str:
    """How a try ended, in words: the answer's status, or why there was none."""
    if status:
        return str(status)
    return _word(request, f"hook_try_{why}") if why else ""


Deed = Callable[[str, str, dict[str, Any]], Any]


def _do(
    request: HttpRequest, endpoint_id: str, deed: Deed, done: str, typed: dict[str, Any]
) -> HttpResponse:
    try:
        with in_view(request) as body:
            deed(body, endpoint_id, typed)
    except WebhookRefused as refused:
        if refused.code == "endpoint_unknown":
            return the_desk().sign_in.show(request, "webhooks/none.html", 404)
        return _endpoint(request, endpoint_id, 409, _why(request, refused))
    return HttpResponseRedirect(f"/webhooks/{endpoint_id}?done={done}" if done else "/webhooks")


def _proven(request: HttpRequest, endpoint_id: str, form: FreshFactor) -> HttpResponse | None:
    """Why the deed is not done, ``None`` once the person has proven who they are."""
    if not form.is_valid():
        return _endpoint(request, endpoint_id, 400, _word(request, "hook_why_form"))
    try:
        the_desk().sign_in.prove(request, form, act=f"change webhook {endpoint_id}")
    except NotAdmitted:
        return _endpoint(request, endpoint_id, 403, _word(request, "hook_why_code"))
    return None


def change(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    """Change address, kinds, description."""
    form, by = AddEndpoint(request.POST), _by(request)
    return _proven(request, endpoint_id, form) or _do(
        request,
        endpoint_id,
        lambda body, which, typed: endpoints.change_endpoint(
            body,
            which,
            url=typed["url"],
            kinds=typed["kinds"],
            description=typed["description"],
            by=by,
        ),
        "changed",
        form.cleaned_data,
    )


def rotate(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    """A new secret, shown once."""
    refused = _proven(request, endpoint_id, FreshFactor(request.POST))
    if refused is not None:
        return refused
    try:
        with in_view(request) as body:
            endpoint, secret = endpoints.rotate_secret(
                body,
                endpoint_id,
                by=_by(request),
                keeper=the_desk().sign_in.gate.keeper,
                now=now(),
            )
    except WebhookRefused:
        return the_desk().sign_in.show(request, "webhooks/none.html", 404)
    return _shown_once(request, endpoint, secret)


def remove(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    """Tell it nothing any more."""
    by = _by(request)
    return _proven(request, endpoint_id, FreshFactor(request.POST)) or _do(
        request,
        endpoint_id,
        lambda body, which, _typed: endpoints.remove_endpoint(body, which, by=by, now=now()),
        "",
        {},
    )


def switch(request: HttpRequest, endpoint_id: str, to: str) -> HttpResponse:
    """Switch an endpoint on or off."""
    by = _by(request)
    if to == "on":
        return _do(
            request,
            endpoint_id,
            lambda body, which, _typed: endpoints.switch_on(body, which, by=by),
            "on",
            {},
        )
    return _do(
        request,
        endpoint_id,
        lambda body, which, _typed: endpoints.switch_off(body, which, by=by, now=now()),
        "off",
        {},
    )


def test(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    """Send a test event."""
    by = _by(request)
    return _do(
        request,
        endpoint_id,
        lambda body, which, _typed: endpoints.send_test_event(body, which, by=by, now=now()),
        "test",
        {},
    )


def replay_since(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    """Send everything since a moment again."""
    form, by = SinceForm(request.POST), _by(request)
    if not form.is_valid():
        return _endpoint(request, endpoint_id, 400, _word(request, "hook_why_since"))
    return _do(
        request,
        endpoint_id,
        lambda body, which, typed: log.replay_since(body, which, typed["since"], by=by, now=now()),
        "replay",
        form.cleaned_data,
    )


def show_delivery(request: HttpRequest, delivery_id: str) -> HttpResponse:
    """One delivery and every try of it."""
    return _delivery(request, delivery_id)


def _delivery(
    request: HttpRequest, delivery_id: str, status: int = 200, why: str = ""
) -> HttpResponse:
    try:
        with in_view(request) as body:
            delivery = log.show_delivery(body, delivery_id)
            payload = log.show_payload(body, delivery.event_id)
    except WebhookRefused:
        return the_desk().sign_in.show(request, "webhooks/none.html", 404)
    return the_desk().sign_in.show(
        request,
        "webhooks/delivery.html",
        status,
        delivery=delivery,
        payload=payload,
        tries=[
            {"one": one, "ended": _ending(request, one.status, one.why)} for one in delivery.log
        ],
        may_replay=_may(request, ACTS),
        why=why,
    )


def replay(request: HttpRequest, delivery_id: str) -> HttpResponse:
    """Send one delivery again."""
    try:
        with in_view(request) as body:
            log.replay(body, delivery_id, by=_by(request), now=now())
    except WebhookRefused as refused:
        if refused.code in ("delivery_unknown", "endpoint_unknown"):
            return the_desk().sign_in.show(request, "webhooks/none.html", 404)
        return _delivery(request, delivery_id, 409, _why(request, refused))
    return HttpResponseRedirect(f"/webhooks/deliveries/{delivery_id}")


def switched_off(request: HttpRequest) -> int:
    """How many endpoints were switched off by themselves; for the home page."""
    with in_view(request) as body:
        found = endpoints.list_endpoints(body)
    return sum(one.off_why in ("gone", "failing") for one in found)
