"""Keeps the API and the pages apart, in one process: no cookie gets in or out under ``/api/``."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from sekisho.client_desk.api import limits
from sekisho.client_desk.api.problems import BY_STATUS
from sekisho.client_desk.api.say_no import PROBLEM_TYPE, say_no

ASKED_FOR = ("application/json", "text/csv", PROBLEM_TYPE)


class StandApart:
    """Django middleware, the first of all: whoever is signed in on the portal is nobody here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(limits.PREFIX):
            return self._get_response(request)
        request.META.pop("HTTP_COOKIE", None)
        response = _refuse_body(request) or self._get_response(request)
        response.cookies.clear()
        if response.status_code >= 400 and not _is_ours(response):
            allow = response.headers.get("Allow")
            response = say_no(request, BY_STATUS.get(response.status_code, "fault"))
            if allow:
                response.headers["Allow"] = allow
        left = getattr(request, "rate_left", None)
        if left is not None:
            for name, value in left.headers().items():
                response.headers[name] = value
        response.headers.setdefault("Cache-Control", "no-store")
        if not response.streaming:
            # So that the connection stays open for the machine's next request.
            response.headers["Content-Length"] = str(len(response.content))
        return response


def _is_ours(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "") in ASKED_FOR


def _refuse_body(request: HttpRequest) -> HttpResponse | None:
    """What the edge refuses first; held here too, as the last word is the application's."""
    if request.method in ("GET", "HEAD"):
        return None
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return say_no(request, "malformed")
    if length and str(request.content_type or "").lower() != "application/json":
        return say_no(request, "content_type_wrong")
    if length > limits.MAX_BODY_BYTES:
        code = "body_too_large"
        return say_no(request, code, f"at most {limits.MAX_BODY_BYTES} bytes")
    return None
