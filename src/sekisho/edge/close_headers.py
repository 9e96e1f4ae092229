"""Which request headers no generic pattern needs to look at.

A browser sends a dozen headers, and three quarters of the engine's time for a plain GET went into
them (docs/decisions/waf-free-text-only.md). Most have a grammar so narrow that a value that fits
it whole can hold no payload: those are left out of what the Core Rule Set inspects. User-Agent,
Host, Content-Type and every header that is not named here are always inspected. The patches see
all headers.
"""

from __future__ import annotations

import re
from typing import Final

_Q = r"(?:;\s?q=[0-9.]{1,5})?"
_MEDIA = rf"[\w.+*-]{{1,40}}/[\w.+*-]{{1,60}}(?:;\s?[a-z]{{1,10}}=[\w.-]{{1,12}})*{_Q}"
_TAG = rf"[A-Za-z0-9*-]{{1,17}}{_Q}"
_ORIGIN = r"https?://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?"
_COOKIE = re.compile(r"[A-Za-z0-9_-]{1,40}=[A-Za-z0-9_-]{0,512}")

_GRAMMARS: Final[dict[bytes, re.Pattern[bytes]]] = {
    name: re.compile(grammar.encode("ascii"))
    for name, grammar in {
        b"accept": rf"{_MEDIA}(?:, ?{_MEDIA}){{0,20}}",
        b"accept-encoding": rf"{_TAG}(?:, ?{_TAG}){{0,10}}",
        b"accept-language": rf"{_TAG}(?:, ?{_TAG}){{0,20}}",
        # A machine's key: base64url of 256 random bits looks like an attack once in a while.
        b"authorization": r"Bearer sk_(?:live|test)_[A-Za-z0-9_-]{43}",
        b"cache-control": r"no-cache|no-store|max-age=0",
        b"connection": r"keep-alive|close|Keep-Alive",
        b"dnt": r"[01]",
        b"idempotency-key": r'"?[A-Za-z0-9._:-]{1,255}"?',
        b"if-none-match": r'(?:W/)?"[A-Za-z0-9_-]{1,128}"',
        b"if-modified-since": r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT",
        b"origin": rf"{_ORIGIN}|null",
        b"pragma": r"no-cache",
        b"priority": r"u=[0-7](?:, i)?|i",
        # A query or a dot-dot in the referrer is looked at.
        b"referer": rf"{_ORIGIN}(?:/[A-Za-z0-9_-]{{1,200}}){{0,10}}/?",
        b"sec-ch-ua-mobile": r"\?[01]",
        b"sec-ch-ua-platform": r'"[A-Za-z0-9 ]{1,20}"',
        b"sec-fetch-dest": r"[a-z-]{1,20}",
        b"sec-fetch-mode": r"[a-z-]{1,20}",
        b"sec-fetch-site": r"[a-z-]{1,20}",
        b"sec-fetch-user": r"\?1",
        b"sec-gpc": r"1",
        b"upgrade-insecure-requests": r"1",
        b"x-csrftoken": r"[A-Za-z0-9]{32,64}",
        b"x-forwarded-for": r"[0-9a-fA-F.:]{3,45}(?:, ?[0-9a-fA-F.:]{3,45}){0,10}",
        b"x-forwarded-proto": r"https?",
    }.items()
}

Headers = list[tuple[bytes, bytes]]


def _open_cookies(value: bytes) -> bytes:
    """The cookies of a Cookie header whose name or value is not plain letters and digits."""
    pairs = value.decode("latin-1").split(";")
    return "; ".join(p.strip() for p in pairs if not _COOKIE.fullmatch(p.strip())).encode("latin-1")


def open_headers(headers: Headers) -> Headers:
    """The headers that are left to inspect, with the cookies that are left."""
    left: Headers = []
    for name, value in headers:
        lowered = name.lower()
        if lowered == b"cookie":
            if value := _open_cookies(value):
                left.append((name, value))
            continue
        grammar = _GRAMMARS.get(lowered)
        if grammar is None or grammar.fullmatch(value) is None:
            left.append((name, value))
    return left
