"""Identifiers that come in messages: short words, or refused. A caller that was taken over could
else write anything it likes into rows and evidence, card numbers too."""

from __future__ import annotations

import re

from sekisho.crossings.message import Refusal

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,63}")
_KEY = re.compile(r"[A-Za-z0-9_.:/-]{1,200}")


def identifier(value: str, field: str) -> str:
    """Return an identifier (a letter, then up to 63 letters, digits and ``_.:-``). Raises
    ``Refusal`` ``message_invalid`` naming ``field``."""
    if not _IDENTIFIER.fullmatch(value):
        raise Refusal("message_invalid", "is not an identifier", field)
    return value


def idempotency_key(value: str, field: str = "key") -> str:
    """Return an idempotency key. Raises ``Refusal`` ``message_invalid``."""
    if not _KEY.fullmatch(value):
        raise Refusal("message_invalid", "is not a key of 1 to 200 plain characters", field)
    return value
