"""Writes problem details (RFC 9457) as an answer."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse

from sekisho.client_desk.api import problems

PROBLEM_TYPE = "application/problem+json"
REFERENCE_KEY = "sekisho.reference"
MAX_DETAIL_CHARACTERS = 500
MAX_ERRORS = 20
"""Fields named in one answer."""


def say_no(
    request: HttpRequest,
    code: str,
    detail: str = "",
    *,
    field: str | None = None,
    errors: list[dict[str, str]] | None = None,
    retry_seconds: int = 0,
) -> HttpResponse:
    """Return the answer of a problem. ``reference`` is the number under which the request log has
    this request; it is the same as ``X-Request-Id``."""
    kind = problems.kind_of(code)
    said: dict[str, Any] = {
        "type": f"urn:sekisho:problem:{code}",
        "title": kind.title,
        "status": kind.status,
        "code": code,
        "detail": (detail or kind.title)[:MAX_DETAIL_CHARACTERS],
    }
    if field:
        said["field"] = field
    if errors:
        said["errors"] = errors[:MAX_ERRORS]
    reference = request.META.get(REFERENCE_KEY)
    if reference:
        said["instance"] = f"urn:sekisho:reference:{reference}"
        said["reference"] = reference
    response = HttpResponse(
        json.dumps(said, ensure_ascii=False), status=kind.status, content_type=PROBLEM_TYPE
    )
    response.headers["Cache-Control"] = "no-store"
    if kind.status == 401:
        # RFC 6750 3: how to ask; nothing about why the key is not good.
        response.headers["WWW-Authenticate"] = 'Bearer realm="sekisho"'
    if retry_seconds:
        response.headers["Retry-After"] = str(retry_seconds)
    return response
