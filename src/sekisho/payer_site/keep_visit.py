"""Who is at the door: a visit for each browser, known by a random cookie.

The database holds hashes only. A visit lasts longer than any payment may (a day), so that no form
runs out of time before a card is asked for; from then on the payment's own time counts, which is
shown and can be extended (WCAG 2.2, 2.2.1)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection

from sekisho.payer_site.records.models import Visit
from sekisho.vocabulary.clock import now
from sekisho.vocabulary.identifiers import new_token

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

VISIT_LIFE = timedelta(hours=24)
MAX_VISITS_SWEPT = 200
"""Old visits removed when a new one opens."""
MAX_TOKEN_CHARACTERS = 100


def digest(token: str) -> bytes:
    """Return what the database knows a cookie or a handle by."""
    return hashlib.sha256(token.encode()).digest()


def cookie_name(site_id: str) -> str:
    """Return the cookie's name: its own for each site, as localhost's ports share their cookies."""
    return f"sekisho_{site_id}"


def find_visit(request: HttpRequest, site_id: str) -> Visit | None:
    """Return the visit of the request's cookie, if there is one that lasts."""
    token = request.COOKIES.get(cookie_name(site_id), "")
    if not token or len(token) > MAX_TOKEN_CHARACTERS:
        return None
    return Visit.objects.filter(digest=digest(token), ends_at__gt=now()).first()


def open_visit(response: HttpResponse, site_id: str, token: str) -> None:
    """Hand the browser the cookie of a visit made by ``new_visit``."""
    response.set_cookie(cookie_name(site_id), token, httponly=True, samesite="Lax", path="/")


def new_visit() -> tuple[Visit, str]:
    """Make a visit; return it with the token for the browser."""
    token, moment = new_token(), now()
    sweep(moment)
    visit = Visit.objects.create(
        digest=digest(token), opened_at=moment, ends_at=moment + VISIT_LIFE
    )
    return visit, token


def sweep(moment: datetime) -> int:
    """Remove some visits that ended before ``moment``, with their errands and sealed boxes; return
    how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT digest FROM visit WHERE ends_at < %s LIMIT %s", [moment, MAX_VISITS_SWEPT]
        )
        old = [row[0] for row in cursor.fetchall()]
    if old:
        Visit.objects.filter(digest__in=old).delete()
    return len(old)
