"""What a key may be and do. Pure."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import timedelta

from sekisho.client_desk.errors import DeskError
from sekisho.vocabulary.twins import twin_of

SECRET_BYTES = 32
"""Entropy of a key, in bytes: 256 random bits can be neither guessed nor tried out, so that a plain
SHA-256 keeps it (a slow hash is for what people think up; here it would only let a stranger burn
our processor with wrong keys). NIST SP 800-63B 5.1.2.2 asks a slow one below 112 bits only."""

MAX_KEYS_PER_BODY = 20
"""Keys of one client body that work at the same time, test and live together."""

MAX_EXPIRY_DAYS = 400
DEFAULT_EXPIRY_DAYS = 365
MAX_OVERLAP_HOURS = 168
DEFAULT_OVERLAP_HOURS = 24
"""How long the former key goes on working beside the new one that takes its place."""

USED_WRITTEN_EVERY = timedelta(minutes=1)
"""``used_at`` is written at most this often: not every request is worth a write."""

LIVE_PREFIX = "sk_live_"
TEST_PREFIX = "sk_test_"
SECRET_PATTERN = r"sk_(?:live|test)_[A-Za-z0-9_-]{43}"  # noqa: S105 - the shape of a key

_SECRET = re.compile(SECRET_PATTERN)

SCOPES = {
    "bills:read": "list and show bills",
    "bills:write": "create, change and withdraw bills",
    "payments:read": "search, show and export payments",
    "payments:write": "capture and void payments",
    "links:read": "list and show payment links",
    "links:write": "create and cancel payment links",
    "refunds:read": "list and show refunds",
    "refunds:write": "refund payments",
    "disputes:read": "list disputes",
    "disputes:write": "accept and contest disputes",
    "enrolments:read": "list and show enrolments",
    "enrolments:write": "end and reinstate enrolments",
    "charge_runs:read": "show charge runs",
    "settlements:read": "show settlements and payouts",
    "events:read": "list and show events",
    "webhooks:read": "list webhook endpoints and deliveries",
    "webhooks:write": "add, change and remove webhook endpoints",
}
"""What a key may be allowed, and what it means. No scope makes keys: that is done by a person with
a second factor alone."""


class KeyRefused(DeskError):
    """The key can't be made, replaced or revoked so. ``code`` is stable, ``field`` what it is
    about."""

    def __init__(self, code: str, detail: str, field: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.code = code
        self.detail = detail
        self.field = field


def new_secret(*, live: bool) -> str:
    """Return a fresh key."""
    return (LIVE_PREFIX if live else TEST_PREFIX) + secrets.token_urlsafe(SECRET_BYTES)


def hash_of(secret: str) -> bytes:
    """Return what is kept of a key."""
    return hashlib.sha256(secret.encode()).digest()


def has_shape(text: str) -> bool:
    """Return whether ``text`` can be a key at all."""
    return _SECRET.fullmatch(text) is not None


def body_acted_on(client_body: str, *, live: bool) -> str:
    """Return the body that a key of ``client_body`` acts on: itself, or its twin for trying out."""
    return client_body if live else twin_of(client_body)


def check_scopes(scopes: Iterable[str]) -> list[str]:
    """Return the scopes in the order of ``SCOPES``. Raises ``KeyRefused``."""
    wanted = set(scopes)
    unknown = sorted(wanted - SCOPES.keys())
    if unknown:
        known = ", ".join(SCOPES)
        raise KeyRefused("scope_unknown", f"no scope {unknown[0][:40]!r}; there are: {known}",
                         "scopes")  # fmt: skip
    if not wanted:
        raise KeyRefused("scope_missing", "say at least one scope", "scopes")
    return [scope for scope in SCOPES if scope in wanted]
