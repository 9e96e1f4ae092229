"""Answers kept by idempotency key, so that a message said twice acts once. An answer holds tokens,
never an item; what was asked is kept as a digest of sealed boxes."""

from __future__ import annotations

import hashlib
import time
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
from django.db import connection

from sekisho.crossings.message import Answer, Refusal
from sekisho.crossings.repeating import IN_FLIGHT, IN_FLIGHT_WAIT_SECONDS
from sekisho.vault.records.models import StoredKey

KEPT_HOURS = 72
"""How long an answer is kept, in hours: longer than any retry of an outbox goes on."""

LOOK_AGAIN_SECONDS = 0.02
"""Pause between two looks whether a twin has ended."""

_ANSWER = TypeVar("_ANSWER", bound=Answer)


def answered(
    client_body: str, caller: str, key: str, asked: bytes, as_type: type[_ANSWER]
) -> _ANSWER | None:
    """Return the answer given before, or nothing. Waits a moment for a twin that is being answered.

    Raises ``Refusal`` ``key_reused`` when the key was used for something else, ``in_flight`` when
    the twin takes longer than ``IN_FLIGHT_WAIT_SECONDS``."""
    _wait_for_twin(f"{client_body}\x1f{caller}\x1f{key}")
    row = StoredKey.objects.filter(client_body=client_body, caller=caller, key=key).first()
    if row is None:
        return None
    if bytes(row.asked) != asked:
        raise Refusal("key_reused", "this key was used for another message", "key")
    return msgspec.msgpack.decode(bytes(row.answered), type=as_type)


def _wait_for_twin(name: str) -> None:
    """Two that say the same at once act one after the other: held to the transaction's end."""
    lock = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"
    until = time.monotonic() + IN_FLIGHT_WAIT_SECONDS
    with connection.cursor() as cursor:
        while True:
            cursor.execute(lock, [name])
            if cursor.fetchone() == (True,):
                return
            if time.monotonic() > until:
                raise Refusal(IN_FLIGHT, "the same is being worked on; say it again", "key")
            time.sleep(LOOK_AGAIN_SECONDS)


def digest_of(*parts: str | bytes) -> bytes:
    """Return what is kept of what was asked."""
    return hashlib.sha256(msgspec.msgpack.encode(parts)).digest()


def remember(
    client_body: str, caller: str, key: str, asked: bytes, answer: Answer, now: datetime
) -> None:
    """Keep ``answer`` for the key, in the transaction of the act."""
    StoredKey.objects.create(
        client_body=client_body,
        caller=caller,
        key=key,
        asked=asked,
        answered=msgspec.msgpack.encode(answer),
        stored_at=now,
    )


def drop_old(now: datetime) -> int:
    """Drop answers older than ``KEPT_HOURS`` of the client body in sight; return how many."""
    old = StoredKey.objects.filter(stored_at__lt=now - timedelta(hours=KEPT_HOURS))
    return old.delete()[0]
