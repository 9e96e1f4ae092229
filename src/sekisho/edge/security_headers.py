"""Headers that tell a browser to be strict, on every answer, refusals too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

HSTS_SECONDS: Final = 31_536_000

STRICT_CSP: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""For a page that frames nothing and is framed by nobody (PCI DSS 6.4.3: scripts by list)."""

Headers = list[tuple[str, str]]


def security_headers(*, csp: str, https: bool) -> Headers:
    """The headers of one process. HSTS only over https: a browser ignores it else (RFC 6797 7.2).

    Referrer-Policy is `same-origin`: Django's CSRF check over https needs the referrer within the
    site, and no other site shall learn an address that holds a token.
    """
    headers = [
        ("Content-Security-Policy", csp),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), usb=(), payment=()"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]
    if https:
        headers.append(("Strict-Transport-Security", f"max-age={HSTS_SECONDS}; includeSubDomains"))
    return headers


def add_missing(answered: Sequence[tuple[str, str]], ours: Headers) -> Headers:
    """The application's headers, and those of ours that it did not set itself."""
    have = {name.lower() for name, _ in answered}
    return [*answered, *(header for header in ours if header[0].lower() not in have)]
