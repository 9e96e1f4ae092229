"""What the vault recorded of a card, read in one question: a release asks it for every payment."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from django.db import connection

from sekisho.vault.records.models import Subject


class RecordedItem(NamedTuple):
    """A sealed item of the card."""

    token: str
    subject_id: str
    kind: str
    client_body: str
    sealed: bytes


class RecordedCard(NamedTuple):
    """A card that was entered and not forgotten, with the items asked for."""

    payment_id: str
    site: str
    kept: bool
    subject: Subject
    items: list[RecordedItem]


_SQL = """
SELECT card.payment_id, card.site, card.kept, card.client_body, subject.token, subject.use,
       subject.data_key_version, subject.subject_key_version, subject.wrapped_key,
       item.token, item.kind, item.sealed
FROM card
JOIN subject ON subject.token = card.subject_id
LEFT JOIN item ON item.subject_id = subject.token AND item.kind = ANY(%s)
WHERE card.token = %s AND card.forgotten_at IS NULL
"""


def recorded_card(card_token: str, kinds: Collection[str]) -> RecordedCard | None:
    """Return a living card of the client body in sight with its items of ``kinds``."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [list(kinds), card_token])
        rows = cursor.fetchall()
    if not rows:
        return None
    payment_id, site, kept, client_body, subject, use, key, own_key, wrapped, *_ = rows[0]
    return RecordedCard(
        payment_id=payment_id,
        site=site,
        kept=kept,
        subject=Subject(
            token=subject,
            client_body=client_body,
            use=use,
            data_key_version=key,
            subject_key_version=own_key,
            wrapped_key=wrapped,
        ),
        items=[
            RecordedItem(token, subject, kind, client_body, bytes(sealed))
            for *_, token, kind, sealed in rows
            if token is not None
        ],
    )
