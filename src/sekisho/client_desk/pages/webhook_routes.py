"""Where the pages of webhooks stand, who may do what there, and what the edge lets through."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from sekisho.client_desk.pages import webhooks
from sekisho.client_desk.pages.desk import the_desk
from sekisho.client_desk.pages.menu import ACTS, ADMINISTRATOR
from sekisho.crossings.hook_sender import MAX_URL_CHARACTERS
from sekisho.edge import CSRF_FIELD, LANGUAGE, FieldRule, PageRule, page_from_form
from sekisho.sign_in.forms import FACTOR_KINDS, FreshFactor

MAX_ID_CHARACTERS = 40

_ENDPOINT = r"/webhooks/hook_[0-9a-z]{26}"
_DELIVERY = r"/webhooks/deliveries/delivery_[0-9a-z]{26}"
_URL = FieldRule(
    "url",
    pattern=r"https?://[A-Za-z0-9.\-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9_\-]+)*/?",
    max_length=MAX_URL_CHARACTERS,
)
_SINCE = FieldRule("since", pattern=r"\d{4}-\d\d-\d\dT\d\d:\d\d", max_length=16)
_AFTER = FieldRule("after", "word", max_length=MAX_ID_CHARACTERS)
_DONE = FieldRule("done", choices=webhooks.DONE, max_length=10)


def page_rules() -> list[PageRule]:
    """What the edge lets through to these pages."""
    return [
        page_from_form("/webhooks", webhooks.EndpointForm, kinds=FACTOR_KINDS, also=(_URL,)),
        PageRule(_ENDPOINT, query=(LANGUAGE, _AFTER, _DONE)),
        page_from_form(
            _ENDPOINT + "/change",
            webhooks.EndpointForm,
            kinds=FACTOR_KINDS,
            also=(_URL,),
            methods=("POST",),
        ),
        page_from_form(
            _ENDPOINT + "/(?:rotate|remove)", FreshFactor, kinds=FACTOR_KINDS, methods=("POST",)
        ),
        PageRule(_ENDPOINT + "/(?:on|off|test)", methods=("POST",), fields=(CSRF_FIELD,)),
        PageRule(_ENDPOINT + "/replay", methods=("POST",), fields=(CSRF_FIELD, _SINCE)),
        PageRule(_DELIVERY),
        PageRule(_DELIVERY + "/replay", methods=("POST",), fields=(CSRF_FIELD,)),
    ]


def urls() -> list[URLPattern]:
    """Where these pages stand: all read, clerks send again, administrators change."""
    members = the_desk().sign_in.members_only
    both = require_http_methods(["GET", "HEAD", "POST"])
    get, post = require_http_methods(["GET", "HEAD"]), require_http_methods(["POST"])
    one, delivery = "webhooks/<str:endpoint_id>", "webhooks/deliveries/<str:delivery_id>"

    def list_or_add(request: HttpRequest) -> HttpResponseBase:
        roles = ADMINISTRATOR if request.method == "POST" else ()
        return members(webhooks.show_endpoints, roles)(request)

    return [
        path("webhooks", both(list_or_add)),
        path(delivery, get(members(webhooks.show_delivery))),
        path(delivery + "/replay", post(members(webhooks.replay, ACTS))),
        path(one, get(members(webhooks.show_endpoint))),
        path(one + "/change", post(members(webhooks.change, ADMINISTRATOR))),
        path(one + "/rotate", post(members(webhooks.rotate, ADMINISTRATOR))),
        path(one + "/remove", post(members(webhooks.remove, ADMINISTRATOR))),
        path(one + "/test", post(members(webhooks.test, ACTS))),
        path(one + "/replay", post(members(webhooks.replay_since, ACTS))),
        path(one + "/on", post(members(webhooks.switch, ADMINISTRATOR)), {"to": "on"}),
        path(one + "/off", post(members(webhooks.switch, ADMINISTRATOR)), {"to": "off"}),
    ]
