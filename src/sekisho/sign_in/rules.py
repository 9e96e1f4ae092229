"""What a name and a password must be, and when an account is locked. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

MIN_PASSWORD_CHARACTERS = 12
"""PCI DSS 8.3.6."""
MAX_PASSWORD_CHARACTERS = 128
MAX_NAME_CHARACTERS = 64

FAILED_TRIES_LIMIT = 6
"""Wrong passwords or codes in a row before the account is locked (PCI DSS 8.3.4: at most 10)."""
LOCK_MINUTES = 30
"""PCI DSS 8.3.4: at least 30 minutes."""

IDLE_MINUTES = 15
"""PCI DSS 8.2.8: a visit without a request ends after 15 minutes."""
VISIT_HOURS = 10
"""A visit ends after a working day even if it is never idle."""
HALF_VISIT_MINUTES = 10
"""Time between the password and the second factor."""
VISITS_PER_PERSON_LIMIT = 3
"""Open visits of one person; a new one ends the oldest."""
INVITATION_HOURS = 72

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,63}")
_TOO_COMMON = re.compile(r"(.)\1+|.*(?:password|qwerty|123456|letmein|admin1234|sekisho).*")


def read_name(text: str) -> str | None:
    """Return a sign-in name in its one form (lower case), or ``None`` if it is none."""
    name = text.strip().lower()
    return name if _NAME.fullmatch(name) else None


def check_password(password: str, name: str) -> str:
    """Return why ``password`` is refused: ``short``, ``long``, ``plain`` (needs a letter and a
    digit, PCI DSS 8.3.6), ``common``, ``like_name``; or ``""``."""
    if len(password) < MIN_PASSWORD_CHARACTERS:
        return "short"
    if len(password) > MAX_PASSWORD_CHARACTERS:
        return "long"
    lower = password.lower()
    if not any(c.isalpha() for c in lower) or not any(c.isdigit() for c in lower):
        return "plain"
    if _TOO_COMMON.fullmatch(lower):
        return "common"
    if name.partition("@")[0] in lower:
        return "like_name"
    return ""


def lock_until(failed_tries: int, now: datetime) -> datetime | None:
    """Return until when an account with so many failures in a row is locked, or ``None``."""
    if failed_tries < FAILED_TRIES_LIMIT:
        return None
    return now + timedelta(minutes=LOCK_MINUTES)


def visit_is_open(
    *, opened_at: datetime, seen_at: datetime, factor_at: datetime | None, now: datetime
) -> bool:
    """Return whether a visit still counts."""
    if factor_at is None:
        return now - opened_at < timedelta(minutes=HALF_VISIT_MINUTES)
    within_day = now - opened_at < timedelta(hours=VISIT_HOURS)
    return within_day and now - seen_at < timedelta(minutes=IDLE_MINUTES)
