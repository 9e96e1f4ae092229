"""Which kept cards are good until the end of a month, by token. Asked by the keyed fingerprint of
the month: no card is opened, and who asks learns a month of cards that it holds tokens of."""

from __future__ import annotations

import re
from datetime import datetime

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.vault import MAX_CARDS_LISTED, CardsExpiring, CardsListed
from sekisho.vault.identifiers import identifier
from sekisho.vault.keyring import FINGERPRINT
from sekisho.vault.opened import Vault
from sekisho.vault.records.models import Card, DataKey
from sekisho.vault.records.visibility import visible_to

_MONTH = re.compile(r"20(\d\d)-(0[1-9]|1[0-2])")


def cards_expiring(vault: Vault, message: CardsExpiring, now: datetime) -> CardsListed:
    """Return a page of tokens in their order. Raises ``Refusal`` ``message_invalid``."""
    body = identifier(message.client_body, "client_body")
    month = _MONTH.fullmatch(message.month)
    if month is None:
        raise Refusal("message_invalid", "is a month of this form: 2027-01", "month")
    after = message.after and identifier(message.after, "after")
    limit = max(1, min(message.limit, MAX_CARDS_LISTED))
    with visible_to(body):
        versions = DataKey.objects.filter(client_body=body, use=FINGERPRINT).values_list(
            "version", flat=True
        )
        prints = [
            vault.keyring.item_fingerprint(body, "card_expiry", f"{month[1]}{month[2]}", now, v)[0]
            for v in versions
        ]
        found = list(
            Card.objects.filter(
                client_body=body,
                kept=True,
                forgotten_at=None,
                token__gt=after,
                subject__items__client_body=body,
                subject__items__kind="card_expiry",
                subject__items__fingerprint__in=prints,
            )
            .order_by("token")
            .values_list("token", flat=True)[: limit + 1]
        )
        evidence.append(
            kind="vault.expiring_listed",
            subject=body,
            facts={"month": message.month, "after": after, "cards": len(found[:limit])},
        )
    more = len(found) > limit
    return CardsListed(tokens=found[:limit], next=found[limit - 1] if more else "")
