"""The answer to a request that is refused: small, in the reader's language, with a reference.

It never says which rule or field: that is in the log under the same reference.
"""

from __future__ import annotations

import html
import json
import tomllib
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from sekisho.edge.limits import RETRY_AFTER_SECONDS
from sekisho.edge.look import LOOK

Headers = list[tuple[str, str]]

_TEXTS: Final[dict[str, dict[str, dict[str, str]]]] = tomllib.loads(
    Path(__file__).with_name("refusals.toml").read_text(encoding="utf-8")
)
_REFERENCE: Final = {"ja": "お問い合わせ番号", "en": "Reference number"}
_MAX_ACCEPT_CHARS: Final = 1_000

MACHINES: Final = "/api/"
"""Below this path machines ask, whatever their Accept header says."""

CODES: Final = {
    400: "malformed",
    403: "not_accepted",
    404: "path_unknown",
    405: "method_not_allowed",
    411: "length_required",
    413: "body_too_large",
    414: "address_too_long",
    415: "content_type_wrong",
    429: "too_many_requests",
    431: "headers_too_large",
    500: "fault",
    503: "unavailable",
}
"""The stable word for each status, for machines."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal before it is written: status (RFC 9110), the word for the log, extra headers."""

    status: int
    reason: str
    field: str = ""
    allow: tuple[str, ...] = ()


def _qualities(header: str) -> dict[str, float]:
    """Items of an Accept-like header with their quality (RFC 9110 12.4.2); 0 for a broken one."""
    found: dict[str, float] = {}
    for item in header[:_MAX_ACCEPT_CHARS].lower().split(","):
        name, _, rest = item.strip().partition(";")
        quality = 1.0
        if "q=" in rest:
            try:
                quality = float(rest.partition("q=")[2].split(";", 1)[0])
            except ValueError:
                quality = 0.0
        found.setdefault(name.strip(), quality)
    return found


def choose_language(accept_language: str) -> str:
    """ "ja" or "en"; Japanese when the reader has no wish."""
    best = {"ja": 0.0, "en": 0.0}
    for name, quality in _qualities(accept_language).items():
        language = name.split("-", 1)[0]
        if language in best:
            best[language] = max(best[language], quality)
    return "en" if best["en"] > best["ja"] else "ja"


def wants_json(accept: str) -> bool:
    """Whether a machine asks: JSON named, and not ranked below HTML."""
    asked = _qualities(accept)
    machine = max(asked.get("application/json", 0.0), asked.get("application/problem+json", 0.0))
    return machine > 0 and machine >= asked.get("text/html", 0.0)


def _page(status: int, language: str, reference: str) -> bytes:
    said = _TEXTS[str(status)][language]
    title, text = html.escape(said["title"]), html.escape(said["text"])
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n"
        f'<link rel="stylesheet" href="{LOOK.address("sekisho.css")}">\n</head>\n<body>\n'
        f'<main class="page">\n<h1>{title}</h1>\n<p>{text}</p>\n'
        f"<p>{_REFERENCE[language]}: <strong>{html.escape(reference)}</strong></p>\n"
        f"</main>\n</body>\n</html>\n"
    ).encode()


def _problem(status: int, language: str, reference: str) -> bytes:
    """RFC 9457; `instance` names this occurrence, as the reference does for a person."""
    said = _TEXTS[str(status)][language]
    code = CODES[status]
    problem = {
        "type": f"urn:sekisho:problem:{code}",
        "title": said["title"],
        "status": status,
        "code": code,
        "detail": said["text"],
        "instance": f"urn:sekisho:reference:{reference}",
        "reference": reference,
    }
    return json.dumps(problem, ensure_ascii=False).encode()


def write_refusal(
    refused: Refused, environ: dict[str, Any], reference: str
) -> tuple[str, Headers, bytes]:
    """Status line, headers and body of a refusal, as the client's Accept headers want it."""
    status = refused.status if str(refused.status) in _TEXTS else 403
    language = choose_language(str(environ.get("HTTP_ACCEPT_LANGUAGE", "")))
    machine = str(environ.get("PATH_INFO", "")).startswith(MACHINES)
    as_json = machine or wants_json(str(environ.get("HTTP_ACCEPT", "")))
    body = (_problem if as_json else _page)(status, language, reference)
    kind = "application/problem+json" if as_json else "text/html; charset=utf-8"
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("Content-Language", language),
        ("Cache-Control", "no-store"),
        ("Vary", "Accept, Accept-Language"),
    ]
    if refused.allow:
        headers.append(("Allow", ", ".join(refused.allow)))
    if status in (429, 503):
        headers.append(("Retry-After", str(RETRY_AFTER_SECONDS)))
    if environ.get("REQUEST_METHOD") == "HEAD":
        body = b""
    return f"{status} {HTTPStatus(status).phrase}", headers, body
