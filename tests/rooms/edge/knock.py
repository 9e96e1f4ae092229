"""Knocks at an edge as a server would: builds a WSGI environment and gathers the answer."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sekisho.edge import FORM, JSON, MULTIPART, Edge, FieldRule, PageRule
from sekisho.edge.page_rules import CSRF_FIELD

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/124.0.0.0 Safari/537.36"
)
BROWSER_HEADERS = {
    "Host": "localhost:7001",
    "User-Agent": CHROME,
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
    "Accept-Language": "ja,en-US;q=0.9,en;q=0.8",
    "Accept-Encoding": "gzip, deflate, br",
    "Connection": "keep-alive",
    "Referer": "http://localhost:7001/find",
    "Cookie": "sessionid=k3j5h6g7f8d9s0a1p2o3i4u5y6t7r8e9; csrftoken=" + "aB3" * 10,
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Upgrade-Insecure-Requests": "1",
}

PAGES = (
    PageRule(r"/"),
    PageRule(
        r"/find",
        methods=("GET", "HEAD", "POST"),
        query=(
            FieldRule("lang", "word", 10),
            FieldRule("q", max_length=200),
            FieldRule("return_url", max_length=500),
            FieldRule("ticket", "word", 64, secret=True),
        ),
        fields=(
            CSRF_FIELD,
            FieldRule("number", "digits", 40),
            FieldRule("kind", choices=("1", "2"), strict=True),
            FieldRule("form_token", "word", 64, strict=True),
            FieldRule("name", "japanese", 100),
            FieldRule("email", "email", 200),
            FieldRule("note", max_length=2000),
            FieldRule("tag", "word", 20, many=True),
            FieldRule("password", "opaque", 200),
        ),
    ),
    PageRule(
        r"/card/(?P<secret>[A-Za-z0-9_-]{16,64})",
        methods=("GET", "POST"),
        fields=(
            CSRF_FIELD,
            FieldRule("card_number", "digits", 40),
            FieldRule("security_code", "digits", 8),
            FieldRule("expiry", "expiry", 12),
        ),
    ),
    PageRule(r"/free", methods=("POST",), content_types=(FORM, MULTIPART), fields=None),
    PageRule(r"/api/bills", methods=("POST",), content_types=(JSON,), fields=None),
    PageRule(
        r"/api/closed",
        methods=("POST",),
        content_types=(JSON,),
        fields=(FieldRule("amount", "digits", 12), FieldRule("memo", max_length=50)),
    ),
    PageRule(
        r"/upload",
        methods=("POST",),
        content_types=("text/csv",),
        body="stream",
        max_body_bytes=100_000,
    ),
)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")


class FakeZone:
    """The application behind the edge: remembers what it was given."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.environs: list[dict[str, Any]] = []
        self.headers: list[tuple[str, str]] = [("Content-Type", "text/plain")]
        self.status = "200 OK"

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.environs.append(environ)
        self.bodies.append(environ["wsgi.input"].read())
        start_response(self.status, list(self.headers))
        return [b"zone"]


def _wsgi(text: str) -> str:
    """PEP 3333: bytes of the wire as Latin-1."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def environ_of(
    method: str = "GET",
    path: str = "/",
    query: str = "",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    client: str = "192.0.2.7",
    plain: bool = False,
) -> dict[str, Any]:
    """`headers` go over a browser's, None takes one away; `plain` sends no other header."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _wsgi(path),
        "QUERY_STRING": _wsgi(query),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": client,
        "wsgi.input": io.BytesIO(body or b""),
        "wsgi.url_scheme": "http",
    }
    sent = {} if plain else dict(BROWSER_HEADERS)
    if body is not None:
        sent["Content-Length"] = str(len(body))
    sent.update(headers or {})
    for name, value in sent.items():
        key = name.upper().replace("-", "_")
        if value is not None:
            bare = key in ("CONTENT_TYPE", "CONTENT_LENGTH")
            environ[key if bare else f"HTTP_{key}"] = _wsgi(value)
    return environ


def knock(edge: Edge, *args: Any, **kwargs: Any) -> Answer:
    """Send one request and read the whole answer, as a WSGI server does."""
    return knock_with(edge, environ_of(*args, **kwargs))


def knock_with(edge: Edge, environ: dict[str, Any]) -> Answer:
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        begun.append((status, headers))

    chunks = edge(environ, start_response)
    body = b"".join(chunks)
    if hasattr(chunks, "close"):
        chunks.close()
    status, headers = begun[-1]
    return Answer(int(status.split()[0]), dict(headers), body)


def post(edge: Edge, path: str, fields: Any, **headers: str) -> Answer:
    """Send an urlencoded form as a browser does."""
    body = urlencode(fields).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return knock(edge, "POST", path, body=body, headers={"Content-Type": FORM, **named})


def log_bytes(folder: Path) -> bytes:
    return (folder / "requests.jsonl").read_bytes()


def log_lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log_bytes(folder).splitlines()]
