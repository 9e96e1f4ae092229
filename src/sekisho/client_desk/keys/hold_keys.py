"""The life of a key: made, replaced by a newer one, revoked. Each is on evidence."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from django.db import connection, transaction

from sekisho import evidence
from sekisho.client_desk.keys import rules
from sekisho.client_desk.keys.rules import KeyRefused
from sekisho.client_desk.records.api_models import MAX_KEY_NAME_CHARACTERS, ApiKey

KeyState = Literal["works", "ending", "expired", "revoked"]
NAME_DETAIL = f"1 to {MAX_KEY_NAME_CHARACTERS} letters, digits and punctuation"


def list_keys(client_body: str) -> list[ApiKey]:
    """Return the keys of the body that was entered, newest first."""
    return list(ApiKey.objects.filter(client_body=client_body).order_by("-made_at"))


def state_of(key: ApiKey, now: datetime) -> KeyState:
    """Return what a key is at ``now``: ``ending`` when a newer one took its place."""
    if key.revoked_at is not None:
        return "revoked"
    if not works(key, now):
        return "expired"
    return "ending" if key.replaced_by else "works"


def works(key: ApiKey, now: datetime) -> bool:
    """Return whether a key is good at ``now``."""
    return key.revoked_at is None and key.expires_at > now


def make_key(
    *,
    client_body: str,
    live: bool,
    name: str,
    scopes: list[str],
    days: int,
    by: str,
    now: datetime,
) -> tuple[str, ApiKey]:
    """Make a key for the body that was entered; return its secret, which nobody can show again.

    Raises ``KeyRefused``: ``name_wrong``, ``name_taken``, ``scope_unknown``, ``scope_missing``,
    ``expiry_wrong``, ``too_many_keys``."""
    name = name.strip()
    if not 1 <= len(name) <= MAX_KEY_NAME_CHARACTERS or not name.isprintable():
        raise KeyRefused("name_wrong", NAME_DETAIL, "name")
    if not 1 <= days <= rules.MAX_EXPIRY_DAYS:
        raise KeyRefused("expiry_wrong", f"1 to {rules.MAX_EXPIRY_DAYS} days", "days")
    checked = rules.check_scopes(scopes)
    with transaction.atomic():
        _one_at_a_time(client_body)
        _refuse_too_many(client_body, now)
        _refuse_same_name(client_body, name, live, now)
        return _write(
            client_body=client_body,
            live=live,
            name=name,
            scopes=checked,
            expires_at=now + timedelta(days=days),
            by=by,
            now=now,
            kind="key_made",
        )


def rotate_key(
    *, client_body: str, key_id: str, overlap_hours: int, by: str, now: datetime
) -> tuple[str, ApiKey]:
    """Make a key that may do the same as ``key_id``, which ends after the overlap. A leaked key is
    replaced with no overlap.

    Raises ``KeyRefused``: ``key_unknown``, ``key_over``, ``key_replaced``, ``overlap_wrong``,
    ``too_many_keys``."""
    if not 0 <= overlap_hours <= rules.MAX_OVERLAP_HOURS:
        raise KeyRefused("overlap_wrong", f"0 to {rules.MAX_OVERLAP_HOURS} hours", "overlap_hours")
    with transaction.atomic():
        _one_at_a_time(client_body)
        former = _find(client_body, key_id)
        if not works(former, now):
            raise KeyRefused("key_over", "it has expired or was revoked", "key_id")
        if former.replaced_by:
            detail = f"{former.replaced_by} took its place already"
            raise KeyRefused("key_replaced", detail, "key_id")
        if overlap_hours:
            _refuse_too_many(client_body, now)
        secret, newer = _write(
            client_body=client_body,
            live=former.live,
            name=former.name,
            scopes=former.scopes,
            expires_at=now + timedelta(days=rules.DEFAULT_EXPIRY_DAYS),
            by=by,
            now=now,
            kind="key_rotated",
            former=former.key_id,
            overlap_hours=overlap_hours,
        )
        former.expires_at = min(former.expires_at, now + timedelta(hours=overlap_hours))
        former.replaced_by = newer.key_id
        former.save(update_fields=["expires_at", "replaced_by"])
    return secret, newer


def revoke_key(*, client_body: str, key_id: str, by: str, now: datetime) -> ApiKey:
    """End a key at once. Said again it is the same. Raises ``KeyRefused``: ``key_unknown``."""
    with transaction.atomic():
        key = _find(client_body, key_id)
        if key.revoked_at is None:
            key.revoked_at, key.revoked_by = now, by
            key.save(update_fields=["revoked_at", "revoked_by"])
            _note("key_revoked", key, by=by)
    return key


def _find(client_body: str, key_id: str) -> ApiKey:
    wanted = ApiKey.objects.select_for_update().filter(client_body=client_body, key_id=key_id)
    found = wanted.first()
    if found is None:
        raise KeyRefused("key_unknown", "no such key of this client body", "key_id")
    return found


def _one_at_a_time(client_body: str) -> None:
    """Two administrators at once must not make one key too many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"api_key {client_body}"]
        )


def _refuse_too_many(client_body: str, now: datetime) -> None:
    working = ApiKey.objects.filter(
        client_body=client_body, revoked_at=None, expires_at__gt=now
    ).count()
    if working >= rules.MAX_KEYS_PER_BODY:
        detail = f"at most {rules.MAX_KEYS_PER_BODY} keys work at once; revoke one first"
        raise KeyRefused("too_many_keys", detail, "")


def _refuse_same_name(client_body: str, name: str, live: bool, now: datetime) -> None:
    """Who revokes a key must not end another one of the same name; and an order to make one that is
    said twice makes one."""
    same = ApiKey.objects.filter(
        client_body=client_body, name=name, live=live, revoked_at=None, expires_at__gt=now
    )
    if same.exists():
        raise KeyRefused("name_taken", "another key that works is called so", "name")


def _write(*, now: datetime, by: str, kind: str, **facts: Any) -> tuple[str, ApiKey]:
    secret = rules.new_secret(live=facts["live"])
    own = {name: facts.pop(name) for name in ("client_body", "live", "name", "scopes")}
    key = ApiKey.objects.create(
        **own,
        secret_hash=rules.hash_of(secret),
        last_four=secret[-4:],
        made_by=by,
        made_at=now,
        expires_at=facts.pop("expires_at"),
    )
    _note(kind, key, by=by, scopes=key.scopes, live=key.live, **facts)
    return secret, key


def _note(act: str, key: ApiKey, **facts: Any) -> None:
    facts = {"client_body": key.client_body, **facts}
    evidence.append(kind=f"client_desk.{act}", subject=key.key_id, facts=facts)
