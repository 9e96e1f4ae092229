"""Asks the vault for the card of an order, on the order's single-use permit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sekisho.card_network.connector import Connector
from sekisho.card_secrets import CardExpiry, CardNumber, SecurityCode
from sekisho.crossings.message import Refusal
from sekisho.crossings.sealing import SealBroken, open_sealed, release_purpose
from sekisho.crossings.vault import Release, ReleasedCard, SignedPermit
from sekisho.transport import TransportError, cross

RELEASE_TRIES = 3
RELEASE_WAIT_S = 0.5
"""Wait before the vault is asked again when it could not be reached; it grows with each try."""


@dataclass(slots=True, repr=False)
class CardInHand:
    """A released card, in memory only. ``wipe`` it as soon as its message is written."""

    number: CardNumber
    expiry: CardExpiry
    security_code: SecurityCode | None
    holder_name: str | None

    def wipe(self) -> None:
        """Overwrite number, expiry and code."""
        self.number.wipe()
        self.expiry.wipe()
        if self.security_code is not None:
            self.security_code.wipe()
        self.holder_name = None


class ReleaseRefused(Exception):
    """The vault released nothing. ``code`` is its refusal, ``vault_unreachable`` or
    ``seal_broken``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


async def release(connector: Connector, permit: SignedPermit) -> CardInHand:
    """Spend ``permit`` and return the card. Raises ``ReleaseRefused``.

    A reply lost on the way leaves the permit spent: the second try is then refused, nothing was
    sent to the network, and the order ends as not sent."""
    for attempt in range(1, RELEASE_TRIES + 1):
        try:
            return await asyncio.get_running_loop().run_in_executor(
                connector.threads, _release, connector, permit
            )
        except Refusal as refusal:
            raise ReleaseRefused(refusal.code) from None
        except SealBroken:
            raise ReleaseRefused("seal_broken") from None
        except TransportError:
            if attempt == RELEASE_TRIES:
                raise ReleaseRefused("vault_unreachable") from None
        await asyncio.sleep(RELEASE_WAIT_S * attempt)
    raise AssertionError("unreachable")


@contextmanager
def held(card: CardInHand) -> Iterator[CardInHand]:
    """Hold a card and wipe it at the end, whatever happens."""
    try:
        yield card
    finally:
        card.wipe()


def _release(connector: Connector, permit: SignedPermit) -> CardInHand:
    reply = cross(Release(signed_permit=permit))
    released: ReleasedCard = open_sealed(
        connector.private_key,
        reply.box,
        purpose=release_purpose(permit.permit.permit_id),
        as_type=ReleasedCard,
    )
    return CardInHand(
        number=CardNumber(released.number),
        expiry=CardExpiry(released.expiry_yymm),
        security_code=SecurityCode(released.security_code) if released.security_code else None,
        holder_name=released.cardholder_name,
    )
