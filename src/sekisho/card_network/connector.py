"""What every order is worked with: connection, scribe, keys, limits, the name of the acquirer."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sekisho.card_network import orders
from sekisho.card_network.connection import NetworkLink
from sekisho.card_network.errors import SettingsWrong
from sekisho.card_network.records.models import Order
from sekisho.card_network.scribe import Scribe
from sekisho.vocabulary.clock import now

RELEASE_THREADS = 6
"""Releases asked of the vault at once."""

DAY_S = 86_400.0
ASK_AGAIN_WAITS_S = (2.0, 10.0, 60.0, 300.0, 3_600.0, *(DAY_S,) * 5)
"""Waits before a reversal or capture that was not answered is said again: a few quick ones, then
after 5 minutes, 1 hour, and daily for 5 days. After the last an operator must look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Times in seconds; tests make them small."""

    answer_s: float = 12.0
    """Longest wait for the network's answer before an authorisation is undone."""
    ready_s: float = 10.0
    """Longest wait for the connection before an order is put off."""
    put_off_s: float = 5.0
    """Pause before an order that could not be worked on is taken up again."""
    fresh_s: float = 120.0
    """An authorisation older than this is not sent any more: its payer has gone."""
    honour_s: float = 600.0
    """An approval found by inquiry is honoured until the order is this old, then undone."""
    ask_again_s: tuple[float, ...] = ASK_AGAIN_WAITS_S
    directory_answer_s: float = 10.0
    challenge_s: float = 660.0
    """The access control server ends a challenge after 600 s; its result comes after that."""
    result_s: float = 15.0
    """Longest wait for the result after the browser is back from the challenge."""
    poll_s: float = 0.5
    """Pause between two looks for orders that are due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquirer:
    """How the network knows us. Raises ``SettingsWrong`` naming the setting."""

    acquirer_id: str = "49000001"
    terminal_id: str = "SEKISHO1"
    merchant_category: str = "9311"
    """ISO 18245: 9311 is tax payments."""
    merchant_categories: dict[str, str] = field(default_factory=dict)
    """Category by merchant id, where it differs."""
    requestor_id: str = "SEKISHO-3DS-REQUESTOR"
    requestor_name: str = "sekisho"

    def __post_init__(self) -> None:
        identifier = self.acquirer_id
        if not (identifier.isdecimal() and len(identifier) <= 11 and identifier[0] != "0"):
            raise SettingsWrong("acquirer_id must be 1 to 11 digits and not begin with 0")
        if not (self.terminal_id.isascii() and 1 <= len(self.terminal_id) <= 8):
            raise SettingsWrong("terminal_id must be 1 to 8 ASCII characters")
        for category in (self.merchant_category, *self.merchant_categories.values()):
            if not (category.isdecimal() and len(category) == 4):
                raise SettingsWrong("a merchant category must be four digits (ISO 18245)")

    def category_of(self, merchant_id: str) -> str:
        """Return the four digits of ISO 18245 for a merchant."""
        return self.merchant_categories.get(merchant_id, self.merchant_category)


class DirectoryServer(Protocol):
    """Where AReq messages go."""

    async def ask(self, body: bytes) -> bytes:
        """Return the answer. Raises ``DirectoryServerFailed``."""
        ...

    async def close(self) -> None:
        """Close the connections."""


@dataclass(slots=True, kw_only=True)
class Connector:
    """One connector: what the stories of an order share."""

    link: NetworkLink
    scribe: Scribe
    private_key: X25519PrivateKey
    directory_server: DirectoryServer
    result_url: str
    """Base of the addresses at which the directory server brings results."""
    acquirer: Acquirer = field(default_factory=Acquirer)
    patience: Patience = field(default_factory=Patience)
    now: Callable[[], datetime] = now
    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(RELEASE_THREADS, "release")
    )

    async def finish(self, order: Order, result: str, **facts: Any) -> None:
        """Write the outcome of ``order`` down, as ``orders.finish``."""

        def act() -> None:
            orders.finish(order, result, now=self.now(), **facts)

        # What payments was told of as unknown is put on evidence, too: more than one statement.
        await (self.scribe.write(act) if order.told else self.scribe.note(act))
