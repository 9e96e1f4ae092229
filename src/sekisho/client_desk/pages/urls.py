"""Where the desk's pages stand; taken by Django once the desk is open."""

from __future__ import annotations

from django.urls import path
from django.views.decorators.http import require_http_methods

from sekisho.client_desk.pages import files, home
from sekisho.client_desk.pages.desk import the_desk

_get = require_http_methods(["GET", "HEAD"])
_post = require_http_methods(["POST"])
_members = the_desk().sign_in.members_only

HANDS_IN = ("clerk", "administrator")

urlpatterns = [
    path("", _get(_members(home.show_home))),
    path("files", _get(_members(files.show_files))),
    path("files/begin", _post(_members(files.begin, HANDS_IN))),
    path("files/<str:upload_id>", _get(_members(files.show_file))),
    path("files/<str:upload_id>/check", _post(_members(files.order_check, HANDS_IN))),
    path("files/<str:upload_id>/take", _post(_members(files.order_take, HANDS_IN))),
    path("files/<str:upload_id>/give-up", _post(_members(files.order_give_up, HANDS_IN))),
    path("files/<str:upload_id>/<int:number>", _post(_members(files.receive_piece, HANDS_IN))),
    *the_desk().sign_in.urls(),
]
