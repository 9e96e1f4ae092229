"""What the request log says of a request: everything an attack rides on, no secret, no card."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import unquote

from sekisho.edge.mask_secrets import hash_secret, tidy
from sekisho.edge.page_rules import PageRule, find_page
from sekisho.edge.read_request import Request

MAX_HEADER_VALUE_CHARS: Final = 1_024
MAX_NAME_CHARS: Final = 64
MAX_PATH_CHARS: Final = 1_024
MAX_QUERY_CHARS: Final = 2_048
MAX_HEADERS_LOGGED: Final = 64
MAX_NAMES_CHARS: Final = 2_048
MAX_HEADERS_CHARS: Final = 8_192

_HASHED_HEADERS: Final = frozenset(
    ["authorization", "proxy-authorization", "x-api-key", "x-csrftoken", "x-csrf-token"]
)
_URL = re.compile(r"(https?://[^/?#]*)([^?#]*)(?:\?([^#]*))?(.*)", re.DOTALL)


def _literal_begin(page: PageRule) -> str:
    """The part of a page's path expression before its first group."""
    return page.path.split("(", 1)[0].replace("\\", "")


def hide_path(path: str, page: PageRule | None, pages: Sequence[PageRule]) -> str:
    """`path` with the groups named `secret...` of its page hashed.

    A path that is no page's but begins like one with a secret (a slash too many at the end) has
    everything behind that begin hashed.
    """
    found = page.match(path) if page is not None else None
    if found is not None:
        spans = [found.span(name) for name in found.groupdict() if name.startswith("secret")]
        for start, end in sorted(spans, reverse=True):
            if start >= 0:
                path = path[:start] + hash_secret(path[start:end]) + path[end:]
        return path
    for other in pages:
        begin = _literal_begin(other)
        if "(?P<secret" in other.path and len(begin) > 1 and path.startswith(begin):
            return begin + hash_secret(path[len(begin) :])
    return path


def hide_query(query: str, page: PageRule | None) -> str:
    """`query` with the values of the page's secret fields hashed; the rest as it came."""
    if page is None or not any(rule.secret for rule in page.query or ()):
        return query
    shown: list[str] = []
    for piece in query.split("&"):
        name, equals, value = piece.partition("=")
        rule = page.query_field(unquote(name.replace("+", " ")))
        hidden = rule is not None and rule.secret and value
        shown.append(f"{name}{equals}{hash_secret(value) if hidden else value}")
    return "&".join(shown)


def _hide_url(url: str, pages: Sequence[PageRule]) -> str:
    found = _URL.fullmatch(url)
    if found is None:
        return url
    origin, path, query, rest = found.groups()
    page = find_page(pages, unquote(path))
    shown = f"{origin}{hide_path(path, page, pages)}"
    return f"{shown}?{hide_query(query, page)}{rest}" if query is not None else shown + rest


def _show_header(name: str, value: str, pages: Sequence[PageRule]) -> str:
    if name in _HASHED_HEADERS:
        scheme, _, secret = value.partition(" ")
        shown = f"{tidy(scheme, 20)} " if secret and scheme.isalpha() else ""
        return shown + hash_secret(secret or value)
    if name == "referer":
        value = _hide_url(value, pages)
    return tidy(value, MAX_HEADER_VALUE_CHARS)


def show_headers(request: Request, pages: Sequence[PageRule]) -> dict[str, str]:
    """Headers by lower-case name, masked and bounded; of cookies names with hashed values."""
    shown: dict[str, str] = {}
    left = MAX_HEADERS_CHARS
    for raw_name, raw_value in request.headers[:MAX_HEADERS_LOGGED]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        text = show_cookies(value) if name == "cookie" else _show_header(name, value, pages)
        text = text[: max(left, 0)]
        left -= len(text)
        shown[tidy(name, MAX_NAME_CHARS)] = text
    if len(request.headers) > MAX_HEADERS_LOGGED:
        shown["…"] = f"{len(request.headers) - MAX_HEADERS_LOGGED} more"
    return shown


def show_cookies(header: str) -> str:
    """`name=~hash; ...`: the same session can be followed, and nobody can take it over."""
    shown: list[str] = []
    for pair in header.split(";")[:MAX_HEADERS_LOGGED]:
        name, equals, value = pair.strip().partition("=")
        shown.append(f"{name}={hash_secret(value)}" if equals else "(no name)")
    return tidy("; ".join(shown), MAX_NAMES_CHARS)


def describe_request(request: Request, pages: Sequence[PageRule]) -> dict[str, Any]:
    """The request's part of a log line (docs/reference/request-log.md)."""
    page = find_page(pages, request.path)
    secret_path = hide_path(request.path, page, pages)
    if secret_path != request.path:
        path = secret_path.encode("utf-8", "surrogateescape").decode("latin-1")
    else:
        path = request.uri.split(b"?", 1)[0].decode("latin-1")
    return {
        "method": tidy(request.method, 16),
        "path": tidy(path, MAX_PATH_CHARS),
        "query": tidy(hide_query(request.query.decode("latin-1"), page), MAX_QUERY_CHARS),
        "version": tidy(request.version, 8),
        "headers": show_headers(request, pages),
        "fields": tidy(",".join(request.field_names), MAX_NAMES_CHARS),
        "bytes_in": request.body_bytes,
    }
