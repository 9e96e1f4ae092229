"""What the vault recorded of a card, and the one statement that begins its release."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

import psycopg

from sekisho.crossings.vault import ReleasePermit
from sekisho.vault.records.raw import as_refusal, run_raw

_BEGIN_SQL = "SELECT * FROM begin_release(%s, %s, %s, %s, %s, %s, %s, %s, %s::text[], %s, %s, %s)"


class RecordedSubject(NamedTuple):
    """A subject as its key needs it."""

    token: str
    client_body: str
    use: str
    data_key_version: int
    subject_key_version: int
    wrapped_key: bytes | None


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
    kept: bool
    subject: RecordedSubject
    items: list[RecordedItem]


def begin_release(
    permit: ReleasePermit,
    kinds: Collection[str],
    *,
    facts: str,
    alarm: str | None,
    code_there: bool,
    counted: bool,
    now: datetime,
) -> RecordedCard:
    """Hold the permit against the recorded card, spend it, write the line of evidence, commit.

    ``facts`` is the line's JSON, to which site, person and kinds are added; ``alarm`` the JSON of
    an alarm that is raised with it. Raises ``Refusal`` ``token_unknown``, ``permit_foreign``,
    ``code_gone``, ``permit_spent`` and, when the release was not ``counted``, ``budget_spent``:
    then nothing was written."""
    try:
        row = run_raw(
            _BEGIN_SQL,
            [
                permit.permit_id,
                permit.client_body,
                permit.payment_id,
                permit.card_token,
                permit.purpose,
                permit.with_security_code,
                code_there,
                counted,
                list(kinds),
                facts,
                alarm,
                now,
            ],
        )
    except psycopg.Error as error:
        raise as_refusal(error) from None
    if row is None:
        raise RuntimeError("begin_release gave no row")
    payment_id, _site, kept, subject, use, version, own_version, wrapped, *items = row
    body = permit.client_body
    return RecordedCard(
        payment_id=payment_id,
        kept=kept,
        subject=RecordedSubject(subject, body, use, version, own_version, wrapped),
        items=[
            RecordedItem(token, subject, kind, body, sealed)
            for token, kind, sealed in zip(*items, strict=True)
        ],
    )
