"""Compare a typed value with a stored item. Nothing is opened: keyed fingerprints are compared, a
few times an hour, and every comparison is a line of evidence."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.vault import ItemMatched, MatchItem
from sekisho.vault import fingerprints
from sekisho.vault.identifiers import identifier
from sekisho.vault.limits import MATCH_TRIES_PER_HOUR
from sekisho.vault.opened import Vault
from sekisho.vault.records.models import Item
from sekisho.vault.records.visibility import visible_to
from sekisho.vault.store_items import open_items


def match_item(vault: Vault, message: MatchItem, now: datetime) -> ItemMatched:
    """Return whether the box's value of ``kind`` is the item's.

    Raises ``Refusal`` ``box_broken``, ``item_invalid``, ``token_unknown``, ``too_many_tries``
    (the try that is refused is counted too; ``detail`` is the moment of the next, ISO 8601)."""
    body = identifier(message.client_body, "client_body")
    token = identifier(message.token, "token")
    typed = open_items(vault, body, message.box, now)
    if message.kind not in typed:
        raise Refusal("item_invalid", "the box holds no such kind", message.kind[:40])
    with visible_to(body):
        item = Item.objects.filter(token=token, kind=message.kind).first()
        if item is None:
            raise Refusal("token_unknown", "no such item of this client body", "token")
        within, again_at = count_comparison(body, token, now)
        matches = within and _same(vault, item, typed[message.kind], now)
        evidence.append(
            kind="vault.item_compared",
            subject=token,
            facts={
                "client_body": body,
                "kind": message.kind,
                "result": "refused" if not within else "same" if matches else "other",
            },
        )
    if not within:
        raise Refusal("too_many_tries", again_at, "token")
    return ItemMatched(matches=matches)


def _same(vault: Vault, item: Item, value: str, now: datetime) -> bool:
    typed, _ = vault.keyring.item_fingerprint(
        item.client_body, item.kind, value, now, item.fingerprint_key_version
    )
    return fingerprints.same(typed, bytes(item.fingerprint))


def count_comparison(client_body: str, token: str, now: datetime) -> tuple[bool, str]:
    """Count a comparison with what ``token`` stands for, in the current transaction; return
    whether it is within ``MATCH_TRIES_PER_HOUR``, and when the next hour begins (ISO 8601)."""
    tried = _count_try(client_body, token, now)
    next_hour = datetime.fromtimestamp(_hour(now).timestamp() + 3600, tz=now.tzinfo)
    return tried <= MATCH_TRIES_PER_HOUR, next_hour.isoformat()


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


def _count_try(client_body: str, token: str, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO match_budget AS kept (client_body, token, hour, tried)"
            " VALUES (%s, %s, %s, 1) ON CONFLICT (token, hour)"
            " DO UPDATE SET tried = kept.tried + 1 RETURNING tried",
            [client_body, token, _hour(now)],
        )
        return int(cursor.fetchone()[0])
