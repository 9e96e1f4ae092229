"""Asks the other processes how they are; one that does not answer is itself an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from sekisho import transport
from sekisho.crossings.evidence_keeper import ChainShown, ShowChain
from sekisho.crossings.message import Crossing, Refusal
from sekisho.crossings.payments import LedgerVerified, PaymentHistory, ShowHistory, VerifyLedger
from sekisho.crossings.supervisor import PlatformShown, ShowPlatform
from sekisho.transport import TransportError
from sekisho.vocabulary.identifiers import read_reference

ASK_SECONDS = 5.0
VERIFY_SECONDS = 60.0

Reply = TypeVar("Reply")


class PaymentUnknown(Exception):
    """No payment has this reference."""


@dataclass(frozen=True)
class Now:
    """The platform at this moment; ``None``: who knows it did not answer."""

    platform: PlatformShown | None
    chain: ChainShown | None

    @property
    def all_well(self) -> bool:
        """Return whether everything answered and nothing is wrong."""
        if self.platform is None or self.chain is None:
            return False
        processes_well = all(
            shown.state == "healthy" and not shown.faults for shown in self.platform.processes
        )
        return processes_well and self.platform.ready and not self.chain.faults


def _ask(message: Crossing[Any], seconds: float = ASK_SECONDS) -> Any:
    try:
        return transport.cross(message, seconds=seconds)
    except (TransportError, Refusal):
        return None


def ask_now() -> Now:
    """Return how everything is."""
    return Now(platform=_ask(ShowPlatform()), chain=_ask(ShowChain()))


def check_ledger() -> LedgerVerified | None:
    """Return what a check of all books says, ``None`` if payments does not answer."""
    found: LedgerVerified | None = _ask(VerifyLedger(), VERIFY_SECONDS)
    return found


def find_history(typed: str) -> PaymentHistory:
    """Return everything of the payment with the typed reference.

    Raises ``PaymentUnknown``, ``ValueError`` for a mistyped reference, ``TransportError``."""
    try:
        return transport.cross(ShowHistory(reference=read_reference(typed)))
    except Refusal:
        raise PaymentUnknown from None
