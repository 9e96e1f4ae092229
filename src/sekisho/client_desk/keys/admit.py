"""Who knocks with a key, and for whom it acts."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from sekisho.client_desk.keys.hold_keys import works
from sekisho.client_desk.keys.rules import USED_WRITTEN_EVERY, body_acted_on, has_shape, hash_of
from sekisho.client_desk.records.api_models import ApiKey
from sekisho.client_desk.records.scope import body_of_api_key, enter_body


@dataclass(frozen=True)
class Holder:
    """Whoever holds a good key. ``client_body`` is the one body that every question and deed is
    for: the key's own, or its test twin."""

    key_id: str
    client_body: str
    live: bool
    scopes: frozenset[str]

    @property
    def by(self) -> str:
        """The holder's name in histories."""
        return self.key_id


def admit(secret: str, now: datetime) -> Holder | None:
    """Return the holder of ``secret`` and show the database's rows of the body it acts on;
    ``None``, and no rows, for a key that is unknown, over, or none at all.

    The hash is looked up, never the key: how long that takes tells a stranger at most how a hash
    begins that they worked out themselves, and of a 256-bit key that is worth nothing."""
    enter_body("")
    if not has_shape(secret):
        return None
    wanted = hash_of(secret)
    client_body = body_of_api_key(wanted)
    if not client_body:
        return None
    enter_body(client_body)
    key = ApiKey.objects.filter(client_body=client_body, secret_hash=wanted).first()
    if key is None or not hmac.compare_digest(bytes(key.secret_hash), wanted):
        enter_body("")
        return None
    if not works(key, now):
        enter_body("")
        return None
    if key.used_at is None or now - key.used_at > USED_WRITTEN_EVERY:
        ApiKey.objects.filter(key_id=key.key_id).update(used_at=now)
    acts_on = body_acted_on(client_body, live=key.live)
    enter_body(acts_on)
    return Holder(key.key_id, acts_on, key.live, frozenset(key.scopes))
