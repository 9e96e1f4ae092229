"""Where the desk's pages stand; taken by Django once the desk is open."""

from __future__ import annotations

from django.urls import path
from django.views.decorators.http import require_http_methods

from sekisho.client_desk.api.urls import urlpatterns as api_urls
from sekisho.client_desk.pages import (
    charge_run_routes,
    enrolment_routes,
    files,
    home,
    keys,
    portal_routes,
    webhook_routes,
)
from sekisho.client_desk.pages.asking import in_view
from sekisho.client_desk.pages.desk import the_desk
from sekisho.client_desk.pages.settling import routes as settling_routes
from sekisho.sign_in import account

_get = require_http_methods(["GET", "HEAD"])
_post = require_http_methods(["POST"])
_members = the_desk().sign_in.members_only

HANDS_IN = ("clerk", "administrator")

urlpatterns = [
    *api_urls,
    path("", _get(_members(home.show_home))),
    path("files", _get(_members(in_view(files.show_files)))),
    path("files/begin", _post(_members(in_view(files.begin), HANDS_IN))),
    path("files/<str:upload_id>", _get(_members(in_view(files.show_file)))),
    path("files/<str:upload_id>/check", _post(_members(in_view(files.order_check), HANDS_IN))),
    path("files/<str:upload_id>/take", _post(_members(in_view(files.order_take), HANDS_IN))),
    path("files/<str:upload_id>/give-up", _post(_members(in_view(files.order_give_up), HANDS_IN))),
    path(
        "files/<str:upload_id>/<int:number>",
        _post(_members(in_view(files.receive_piece), HANDS_IN)),
    ),
    *charge_run_routes.urls(),
    *enrolment_routes.urls(),
    *keys.urls(),
    *webhook_routes.urls(),
    *portal_routes.urls(),
    *settling_routes.urls(),
    *account.urls(the_desk().sign_in),
    *the_desk().sign_in.urls(),
]
