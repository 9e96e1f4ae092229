"""For whom a question or deed of a client body is, and in which words: checked before anything is
done."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import psycopg

from sekisho.crossings.message import Crossing, Refusal
from sekisho.crossings.repeating import KEY_REUSED
from sekisho.payments import limits
from sekisho.payments.after_payment.asker import ACTS_FOR_ALL
from sekisho.payments.records.session import EVERY_BODY, Rows
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller
from sekisho.vocabulary.money import MAX_AMOUNT_YEN

MAX_FILTER_CHARACTERS = 100

_KEY = re.compile(r"[!-~]{1,200}")
"""Printable ASCII without spaces."""


def one_body(room: Room, client_body: str) -> str:
    """Return the body that a deed is for. Raises ``Refusal`` ``client_body_unknown``."""
    if client_body not in room.bodies():
        raise Refusal("client_body_unknown", "no site stands for it", "client_body")
    return client_body


def bodies_of(room: Room, caller: Caller, client_body: str) -> list[str]:
    """Return the bodies that a question is about: one, or all for ``*`` from an operators' zone.
    Raises ``Refusal`` ``client_body_unknown``."""
    if client_body == EVERY_BODY and caller.zone in ACTS_FOR_ALL:
        return sorted(room.bodies())
    return [one_body(room, client_body)]


class Said(NamedTuple):
    """A deed with a key: whose, its key, the message's name, and the digest of what it says."""

    client_body: str
    key: str
    name: str
    digest: bytes


def said(message: Crossing[Any], client_body: str, key: str) -> Said:
    """Return how ``message`` is known by its key. Who says it may differ the second time (another
    key of the same body), what it says may not. Raises ``Refusal`` ``key_wrong``."""
    if not _KEY.fullmatch(key):
        raise Refusal("key_wrong", "1 to 200 printable characters, no spaces", "key")
    told = msgspec.to_builtins(message)
    told.pop("by", None)
    digest = hashlib.sha256(msgspec.json.encode(told, order="sorted")).digest()
    return Said(client_body, key, type(message).__name__, digest)


def made_before(rows: Rows, one: Said) -> str | None:
    """Return the id of what the same deed made before. Raises ``Refusal`` ``key_reused`` when the
    key said something else."""
    row = rows.one(
        "SELECT said, digest, object_id FROM body_key WHERE client_body = %s AND key = %s",
        [one.client_body, one.key],
    )
    if row is None:
        return None
    if (row[0], bytes(row[1])) != (one.name, one.digest):
        raise Refusal(KEY_REUSED, "this key was used for something else", "key")
    return str(row[2])


def note_made(rows: Rows, one: Said, object_id: str) -> None:
    """Note what the deed made, in its transaction: the key is used up."""
    rows.do(
        "INSERT INTO body_key (client_body, key, said, digest, object_id)"
        " VALUES (%s, %s, %s, %s, %s)",
        [one.client_body, one.key, one.name, one.digest, object_id],
    )


def is_key_taken(violation: psycopg.errors.UniqueViolation) -> bool:
    """Return whether another transaction used the key a moment ago."""
    return violation.diag.constraint_name == "body_key_pkey"


def check_text(
    text: str, field: str, *, most: int, least: int = 0, code: str = "text_wrong"
) -> str:
    """Return ``text``. Raises ``Refusal`` with ``code`` when it has not ``least`` to ``most``
    characters, or holds one that nobody sees (a control character, a lone surrogate)."""
    if not least <= len(text) <= most:
        raise Refusal(code, f"{least} to {most} characters", field)
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise Refusal(code, "holds a control character", field)
    return text


def check_filters(message: msgspec.Struct) -> None:
    """Check every filter of a search by its kind: texts, amounts in yen, moments with their zone.
    Raises ``Refusal`` ``filter_wrong`` naming the field."""
    for field in message.__struct_fields__:
        value = getattr(message, field)
        if field in ("client_body", "cursor", "limit") or value is None:
            continue
        if isinstance(value, str):
            check_text(value, field, most=MAX_FILTER_CHARACTERS, code="filter_wrong")
        elif isinstance(value, datetime) and value.tzinfo is None:
            raise Refusal("filter_wrong", "a moment needs its time zone, such as +09:00", field)
        elif type(value) is int and not 0 <= value <= MAX_AMOUNT_YEN:
            raise Refusal("filter_wrong", f"from 0 to {MAX_AMOUNT_YEN}", field)


def check_by(caller: Caller, by: str) -> str:
    """Return how a person or key of a body stands in the history: ``client_desk:name``. Raises
    ``Refusal`` ``by_wrong``."""
    check_text(by, "by", least=1, most=limits.MAX_BY_CHARACTERS, code="by_wrong")
    return f"{caller.zone}:{by}"
