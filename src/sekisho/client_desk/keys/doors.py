"""Doors of the keys: the terminal makes and ends them where nobody can sign in yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sekisho.client_desk.client_bodies import client_bodies
from sekisho.client_desk.keys.hold_keys import (
    list_keys,
    make_key,
    revoke_key,
    rotate_key,
    state_of,
)
from sekisho.client_desk.keys.rules import KeyRefused
from sekisho.client_desk.records.api_models import ApiKey
from sekisho.client_desk.records.scope import enter_body
from sekisho.crossings.client_desk import (
    ApiKeyMade,
    ApiKeyShown,
    ApiKeysShown,
    ListApiKeys,
    MakeApiKey,
    RevokeApiKey,
    RotateApiKey,
)
from sekisho.crossings.message import Refusal
from sekisho.transport import Caller, Doors
from sekisho.vocabulary.clock import now


def open_key_doors(doors: Doors) -> None:
    """Let the doors answer what is asked about keys."""

    @doors.on(MakeApiKey)
    def make(caller: Caller, message: MakeApiKey) -> ApiKeyMade:
        with _inside(message.client_body):
            secret, key = make_key(
                client_body=message.client_body,
                live=message.live,
                name=message.name,
                scopes=message.scopes,
                days=message.days,
                by=_by(caller, message.by),
                now=now(),
            )
            return ApiKeyMade(key=_show(key), secret=secret)

    @doors.on(RotateApiKey)
    def rotate(caller: Caller, message: RotateApiKey) -> ApiKeyMade:
        with _inside(message.client_body):
            secret, key = rotate_key(
                client_body=message.client_body,
                key_id=message.key_id,
                overlap_hours=message.overlap_hours,
                by=_by(caller, message.by),
                now=now(),
            )
            return ApiKeyMade(key=_show(key), secret=secret)

    @doors.on(RevokeApiKey)
    def revoke(caller: Caller, message: RevokeApiKey) -> ApiKeyShown:
        with _inside(message.client_body):
            by = _by(caller, message.by)
            key = revoke_key(
                client_body=message.client_body, key_id=message.key_id, by=by, now=now()
            )
            return _show(key)

    @doors.on(ListApiKeys)
    def list_them(caller: Caller, message: ListApiKeys) -> ApiKeysShown:
        with _inside(message.client_body):
            return ApiKeysShown(keys=[_show(key) for key in list_keys(message.client_body)])


@contextmanager
def _inside(client_body: str) -> Iterator[None]:
    if client_body not in client_bodies():
        known = ", ".join(client_bodies())
        raise Refusal("client_body_unknown", f"there are: {known}", "client_body")
    enter_body(client_body)
    try:
        yield
    except KeyRefused as refused:
        raise Refusal(refused.code, refused.detail, refused.field or None) from None
    finally:
        enter_body("")


def _by(caller: Caller, name: str) -> str:
    return f"{caller.zone} {name}"[:64]


def _show(key: ApiKey) -> ApiKeyShown:
    return ApiKeyShown(
        key_id=key.key_id,
        client_body=key.client_body,
        live=key.live,
        name=key.name,
        scopes=key.scopes,
        last_four=key.last_four,
        state=state_of(key, now()),
        made_by=key.made_by,
        made_at=key.made_at,
        expires_at=key.expires_at,
        used_at=key.used_at,
    )
