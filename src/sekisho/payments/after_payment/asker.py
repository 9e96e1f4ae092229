"""Who asks, for which client body, and in which words: checked before anything is done."""

from __future__ import annotations

import re
import unicodedata

from sekisho.crossings.message import Refusal
from sekisho.payments import limits
from sekisho.payments.records.session import EVERY_BODY
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller
from sekisho.vocabulary.digits import passes_luhn

ACTS_FOR_ALL = frozenset({"terminal", "console"})
"""Zones of operators: they may act for every client body at once."""

_LONG_DIGITS = re.compile(r"(?:\d[ -]?){12,18}\d")


def body_of(room: Room, caller: Caller, client_body: str) -> str:
    """Return what the transaction acts for. Raises ``Refusal`` ``payment_unknown`` for a body that
    no site stands for, and for ``*`` from a zone that has client bodies' people in it."""
    if client_body == EVERY_BODY and caller.zone in ACTS_FOR_ALL:
        return EVERY_BODY
    if client_body not in room.bodies():
        raise Refusal("payment_unknown", "no such client body", "client_body")
    return client_body


def person(caller: Caller, by: str) -> str:
    """Return how a person stands in the history: ``client_desk:name``. Raises ``Refusal``
    ``by_wrong``."""
    if not _is_line(by, limits.MAX_BY_CHARACTERS):
        raise Refusal("by_wrong", f"1 to {limits.MAX_BY_CHARACTERS} characters", "by")
    return f"{caller.zone}:{by}"


def check_reason(reason: str) -> str:
    """Return ``reason`` trimmed. Raises ``Refusal`` ``reason_wrong`` when it is empty, too long, no
    plain line, or holds what looks like a card number (PCI DSS 3.5.1): it stands in the history for
    good."""
    trimmed = reason.strip()
    if not _is_line(trimmed, limits.MAX_REASON_CHARACTERS):
        most = limits.MAX_REASON_CHARACTERS
        raise Refusal("reason_wrong", f"write why, in 1 to {most} characters", "reason")
    if holds_card_number(trimmed):
        raise Refusal("reason_wrong", "holds what looks like a card number", "reason")
    return trimmed


def holds_card_number(text: str) -> bool:
    """Return whether ``text`` has digits in it that look like a card number."""
    found = _LONG_DIGITS.findall(unicodedata.normalize("NFKC", text))
    return any(passes_luhn(re.sub(r"\D", "", digits)) for digits in found)


def _is_line(text: str, most: int) -> bool:
    return 1 <= len(text) <= most and all(
        unicodedata.category(character)[0] != "C" for character in text
    )
