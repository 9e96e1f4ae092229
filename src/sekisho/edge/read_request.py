"""Reads a WSGI environment once, bounded, into what the checks and the log need."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import quote_from_bytes

from sekisho.edge.check_page import Unfit
from sekisho.edge.limits import EdgeLimits

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_DIGITS = re.compile(r"[0-9]{1,12}")
_BARE_HEADERS: Final = {"CONTENT_TYPE": b"Content-Type", "CONTENT_LENGTH": b"Content-Length"}

Headers = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class Request:
    """One request as it came. `uri` is the target of the request line, `path` decoded."""

    method: str
    uri: bytes
    path: str
    query: bytes
    version: str
    headers: Headers
    content_type: str
    body: bytes = b""
    body_bytes: int = 0
    field_names: list[str] = field(default_factory=list)


def _header_name(key: str) -> bytes:
    return key[5:].replace("_", "-").title().encode("latin-1", "replace")


def _raw(value: str) -> bytes:
    return value.encode("latin-1", "replace")


def read_request(environ: dict[str, Any]) -> Request:
    """Everything but the body. Never raises: what is wrong is found by the checks."""
    headers: Headers = []
    for key, value in environ.items():
        if key in _BARE_HEADERS:
            if value:
                headers.append((_BARE_HEADERS[key], _raw(value)))
        elif key.startswith("HTTP_"):
            headers.append((_header_name(key), _raw(value)))
    path = _raw(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""))
    query = _raw(environ.get("QUERY_STRING", ""))
    uri = _raw(environ.get("REQUEST_URI", ""))
    if not uri:
        uri = quote_from_bytes(path).encode() + (b"?" + query if query else b"")
    return Request(
        method=str(environ.get("REQUEST_METHOD", "")),
        uri=uri,
        path=path.decode("utf-8", "surrogateescape"),
        query=query,
        version=str(environ.get("SERVER_PROTOCOL", "HTTP/1.1")).removeprefix("HTTP/"),
        headers=headers,
        content_type=str(environ.get("CONTENT_TYPE", "") or ""),
    )


def check_headers(request: Request, limits: EdgeLimits) -> None:
    """Raises Unfit 431 (RFC 6585 5), 414, or 400 for a control character."""
    if len(request.uri) > limits.uri_bytes:
        raise Unfit(414, "address too long")
    sizes = [len(name) + len(value) for name, value in request.headers]
    if len(sizes) > limits.header_count or sum(sizes) > limits.headers_bytes:
        raise Unfit(431, "headers too large")
    for name, value in request.headers:
        if len(value) > limits.header_value_bytes:
            raise Unfit(431, "headers too large")
        if name == b"Cookie" and value.count(b";") >= limits.cookies:
            raise Unfit(431, "too many cookies")
        if _CONTROL.search(value):
            raise Unfit(400, "control character in a header")


def check_encoding(environ: dict[str, Any]) -> None:
    """Raises Unfit 415 for a compressed body: it could not be inspected, or would be a bomb."""
    if str(environ.get("HTTP_CONTENT_ENCODING", "") or "identity").strip().lower() != "identity":
        raise Unfit(415, "encoded body")


def body_length(environ: dict[str, Any]) -> int | None:
    """Content-Length in bytes; None when the server ends the body itself (it was chunked).

    Raises Unfit 400 for a length that is none (RFC 9112 6.3).
    """
    text = str(environ.get("CONTENT_LENGTH", "") or "")
    if not text:
        return None if environ.get("wsgi.input_terminated") else 0
    if not _DIGITS.fullmatch(text):
        raise Unfit(400, "content length")
    return int(text)


def read_body(environ: dict[str, Any], limit_bytes: int) -> bytes:
    """The whole body, and put in its place for the application to read.

    Raises Unfit 413 before more than the limit is read, 400 when less came than announced.
    """
    length = body_length(environ)
    if length is not None and length > limit_bytes:
        raise Unfit(413, "body too large")
    wanted = limit_bytes + 1 if length is None else length
    pieces: list[bytes] = []
    left = wanted
    while left > 0 and (piece := environ["wsgi.input"].read(left)):
        pieces.append(piece)
        left -= len(piece)
    body = b"".join(pieces)
    if len(body) > limit_bytes:
        raise Unfit(413, "body too large")
    if length is not None and len(body) < length:
        raise Unfit(400, "body too short")
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return body


class BoundedInput(io.RawIOBase):
    """A body that is handed on unread, never more than `limit_bytes` of it."""

    def __init__(self, source: Any, limit_bytes: int) -> None:
        super().__init__()
        self._source = source
        self._left = limit_bytes
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = cast(bytes, self._source.read(min(len(buffer), self._left)))
        buffer[: len(piece)] = piece
        self._left -= len(piece)
        self.bytes_read += len(piece)
        return len(piece)


def bound_stream(environ: dict[str, Any], limit_bytes: int) -> None:
    """Bound a body that the page reads itself.

    Raises Unfit 411 without a length (the page could not show progress nor refuse in time), 413.
    """
    length = body_length(environ)
    if length is None:
        raise Unfit(411, "no content length")
    if length > limit_bytes:
        raise Unfit(413, "body too large")
    environ["wsgi.input"] = io.BufferedReader(BoundedInput(environ["wsgi.input"], length))
