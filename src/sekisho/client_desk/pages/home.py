"""The first page after signing in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from sekisho.client_desk.pages.desk import the_desk
from sekisho.client_desk.records.models import Upload

NEWEST_SHOWN = 5


def show_home(request: HttpRequest) -> HttpResponse:
    """What can be done here, and the newest files."""
    return the_desk().sign_in.show(
        request, "home.html", uploads=Upload.objects.order_by("-begun_at")[:NEWEST_SHOWN]
    )
