"""Which language a reader gets, kept in a cookie once they chose; and headers of personal pages."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from sekisho.edge.look.words import LANGUAGES
from sekisho.edge.refuse import choose_language
from sekisho.payer_site.this_site import this_site

Answer = Callable[[HttpRequest], HttpResponse]
LANGUAGE_COOKIE_SECONDS = 180 * 24 * 3600


def language_cookie() -> str:
    """Return the name of the cookie: one for each site, as localhost's ports share cookies."""
    return f"sekisho_{this_site().pages.id}_lang"


def language_of(request: HttpRequest) -> str:
    """Return the language that the reader chose, or that their browser prefers, or Japanese."""
    for chosen in (request.GET.get("lang"), request.COOKIES.get(language_cookie())):
        if chosen in LANGUAGES:
            return chosen
    return choose_language(request.headers.get("Accept-Language", ""))


class Languages:
    """Middleware: ``request.language``; ``?lang=`` is remembered, the page stays the same."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.language = language_of(request)  # type: ignore[attr-defined]
        response = self._answer(request)
        response.headers.setdefault("Content-Language", request.language)  # type: ignore[attr-defined]
        response.headers.setdefault("Cache-Control", "no-store")
        if request.GET.get("lang") in LANGUAGES:
            response.set_cookie(
                language_cookie(),
                request.language,  # type: ignore[attr-defined]
                max_age=LANGUAGE_COOKIE_SECONDS,
                httponly=True,
                samesite="Lax",
            )
        return response


class PagePolicy:
    """Middleware: the Content-Security-Policy of each page. A page may frame the vault's origin
    (``response.frames``) or post to one access control server (``response.posts_to``); no page
    runs or loads anything that is not this site's own (PCI DSS 6.4.3)."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._answer(request)
        frames = getattr(response, "frames", "") or "'none'"
        posts_to = " ".join(filter(None, ("'self'", getattr(response, "posts_to", ""))))
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
            f"connect-src 'self'; frame-src {frames}; form-action {posts_to}; "
            "base-uri 'none'; frame-ancestors 'none'"
        )
        return response
