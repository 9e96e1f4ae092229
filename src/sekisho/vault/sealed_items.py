"""Items as rows: sealed under their subject's key, opened only where they lie."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sekisho.vault import envelope
from sekisho.vault.envelope import ItemPlace
from sekisho.vault.keyring import SubjectKey
from sekisho.vault.records.models import Item
from sekisho.vocabulary.identifiers import new_id


def card_binding(payment_id: str, *, kept: bool) -> str:
    """Return what a card's items are bound to: re-writing the card's row in the database does not
    make it another payment's card."""
    return f"{payment_id} {'kept' if kept else 'one-off'}"


def sealed_item(
    subject: SubjectKey,
    kind: str,
    clear: str,
    *,
    fingerprint: bytes,
    fingerprint_key_version: int,
    now: datetime,
    token: str | None = None,
    bound_to: str = "",
) -> Item:
    """Return an unsaved item of ``subject`` that holds ``clear`` sealed."""
    item = Item(
        token=token or new_id("itm"),
        subject_id=subject.row.token,
        client_body=subject.row.client_body,
        kind=kind,
        fingerprint=fingerprint,
        fingerprint_key_version=fingerprint_key_version,
        made_at=now,
    )
    item.sealed = envelope.seal(subject.key, clear.encode(), _place_of(item, subject, bound_to))
    return item


class SealedItem(Protocol):
    """A row of an item, however it was read."""

    @property
    def token(self) -> str: ...
    @property
    def subject_id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def client_body(self) -> str: ...
    @property
    def sealed(self) -> bytes | memoryview: ...


def open_item(item: SealedItem, subject: SubjectKey, *, bound_to: str = "") -> str:
    """Return the clear text of ``item``. Raises ``EnvelopeBroken`` when it was changed or moved."""
    place = _place_of(item, subject, bound_to)
    return envelope.unseal(subject.key, bytes(item.sealed), place).decode()


def _place_of(item: SealedItem, subject: SubjectKey, bound_to: str) -> ItemPlace:
    return ItemPlace(
        item.token,
        item.subject_id,
        item.kind,
        item.client_body,
        subject.row.subject_key_version,
        bound_to,
    )
