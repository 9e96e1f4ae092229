"""Take sealed boxes of typed items in, each item under an envelope of its own. Nothing is ever
read back from here: what comes out is a token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.sealing import SealBroken, items_purpose, open_sealed
from sekisho.crossings.vault import (
    MAX_SUBJECTS_PER_MESSAGE,
    ItemsStored,
    StoreItems,
    StoreSubjects,
    SubjectsStored,
)
from sekisho.vault.answered import answered, digest_of, remember
from sekisho.vault.errors import ItemInvalid, KeyDestroyed
from sekisho.vault.identifiers import idempotency_key, identifier
from sekisho.vault.item_rules import check_item
from sekisho.vault.keyring import KEPT, SubjectKey
from sekisho.vault.opened import Vault
from sekisho.vault.records.models import Item, Subject
from sekisho.vault.records.visibility import visible_to
from sekisho.vault.sealed_items import sealed_item
from sekisho.vocabulary.clock import business_date


def store_items(vault: Vault, caller: str, message: StoreItems, now: datetime) -> ItemsStored:
    """Keep the items of one box. Said again with the same key, the same answer.

    Raises ``Refusal`` ``box_broken``, ``item_invalid`` (field = kind), ``token_unknown`` (field
    ``subject``), ``key_reused`` (same key, other content)."""
    body = identifier(message.client_body, "client_body")
    key = idempotency_key(message.key)
    asked = digest_of(message.client_body, message.subject or "", message.box)
    with visible_to(body):
        earlier = answered(body, caller, key, asked, ItemsStored)
        if earlier is not None:
            return earlier
        typed = open_items(vault, body, message.box, now)
        if message.subject is None:
            subject = vault.keyring.new_subject(body, KEPT, now)
        else:
            subject = _known_subject(vault, message.subject)
        items = _sealed(vault, subject, typed, now)
        Item.objects.bulk_create(items)
        reply = _stored(subject, items)
        remember(body, caller, key, asked, reply, now)
        evidence.append(
            kind="vault.items_stored",
            subject=reply.subject,
            facts={"client_body": body, "caller": caller, "kinds": sorted(typed)},
        )
    return reply


def store_subjects(
    vault: Vault, caller: str, message: StoreSubjects, now: datetime
) -> SubjectsStored:
    """Keep many boxes, a new subject each, all or none. Refusals as ``store_items``; ``field``
    names the box by its place (``boxes.3.email``)."""
    body = identifier(message.client_body, "client_body")
    key = idempotency_key(message.key)
    if not 0 < len(message.boxes) <= MAX_SUBJECTS_PER_MESSAGE:
        limit = f"takes 1 to {MAX_SUBJECTS_PER_MESSAGE} boxes"
        raise Refusal("message_invalid", limit, "boxes")
    asked = digest_of(message.client_body, *message.boxes)
    with visible_to(body):
        earlier = answered(body, caller, key, asked, SubjectsStored)
        if earlier is not None:
            return earlier
        typed = [_open_numbered(vault, body, at, box, now) for at, box in enumerate(message.boxes)]
        subjects = vault.keyring.new_subjects(body, KEPT, now, len(typed))
        sealed = [_sealed(vault, s, items, now) for s, items in zip(subjects, typed, strict=True)]
        Item.objects.bulk_create([item for items in sealed for item in items])
        reply = SubjectsStored(
            subjects=[_stored(s, items) for s, items in zip(subjects, sealed, strict=True)]
        )
        remember(body, caller, key, asked, reply, now)
        evidence.append(
            kind="vault.subjects_stored",
            subject=body,
            facts={
                "caller": caller,
                "subjects": len(subjects),
                "kinds": sorted({kind for items in typed for kind in items}),
            },
        )
    return reply


def open_items(vault: Vault, client_body: str, box: bytes, now: datetime) -> dict[str, str]:
    """Return the checked items of a box. Raises ``Refusal`` ``box_broken``, ``item_invalid``."""
    try:
        typed: Mapping[str, str] = open_sealed(
            vault.seal_key, box, purpose=items_purpose(client_body), as_type=dict[str, str]
        )
    except SealBroken:
        raise Refusal("box_broken", "the box does not open for this client body") from None
    if not typed:
        raise Refusal("item_invalid", "the box is empty")
    try:
        today = business_date(now)
        return {kind: check_item(kind, value, today=today) for kind, value in typed.items()}
    except ItemInvalid as invalid:
        raise Refusal("item_invalid", invalid.rule, invalid.field) from None


def _open_numbered(
    vault: Vault, client_body: str, at: int, box: bytes, now: datetime
) -> dict[str, str]:
    try:
        return open_items(vault, client_body, box, now)
    except Refusal as refusal:
        field = f"boxes.{at}.{refusal.field}" if refusal.field else f"boxes.{at}"
        raise Refusal(refusal.code, refusal.detail, field) from None


def _known_subject(vault: Vault, token: str) -> SubjectKey:
    row = Subject.objects.select_for_update().filter(token=token, use=KEPT).first()
    if row is None:
        raise Refusal("token_unknown", "no such subject of this client body", "subject")
    try:
        return vault.keyring.open_subject(row)
    except KeyDestroyed:
        raise Refusal("token_unknown", "the subject was forgotten", "subject") from None


def _sealed(
    vault: Vault, subject: SubjectKey, typed: Mapping[str, str], now: datetime
) -> list[Item]:
    items = []
    for kind, value in typed.items():
        print_, version = vault.keyring.item_fingerprint(subject.row.client_body, kind, value, now)
        items.append(
            sealed_item(
                subject, kind, value, fingerprint=print_, fingerprint_key_version=version, now=now
            )
        )
    return items


def _stored(subject: SubjectKey, items: list[Item]) -> ItemsStored:
    return ItemsStored(subject=subject.row.token, tokens={item.kind: item.token for item in items})
