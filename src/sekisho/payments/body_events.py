"""Tell a client body that something happened. Payments, refunds and disputes tell by trigger
(``0007_body_events.sql``); every other kind says it here, in the transaction of the act."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from sekisho.crossings.payments import BodyEventKind
from sekisho.payments.records.session import Rows


def tell_body(
    rows: Rows,
    client_body: str,
    kind: BodyEventKind,
    object_id: str,
    facts: Mapping[str, str | int | bool | None],
) -> None:
    """Write an event for ``client_body`` (one body, never ``*``) into the open transaction; the
    desk fetches it after the commit. ``facts`` are for the body's machines to read: coarse words
    and yen, no personal item, no card number. Costs no wait: the insert travels with the rest."""
    rows.do(
        "INSERT INTO body_event (client_body, kind, object_id, facts)"
        " VALUES (%s, %s, %s, %s::jsonb)",
        [client_body, kind, object_id, msgspec.json.encode(dict(facts)).decode()],
    )
