"""Asks the other processes how they are; one that does not answer is itself an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from sekisho import transport
from sekisho.crossings.evidence_keeper import ChainShown, ShowChain
from sekisho.crossings.message import Answer, Crossing, Refusal
from sekisho.crossings.payments import (
    CaseShown,
    LedgerVerified,
    ListCases,
    PaymentHistory,
    ShowHistory,
    VerifyLedger,
)
from sekisho.crossings.supervisor import PlatformShown, ShowPlatform
from sekisho.transport import TransportError
from sekisho.vocabulary.identifiers import read_reference

ASK_SECONDS = 5.0
VERIFY_SECONDS = 60.0

CASES_LIMIT = 200

Reply = TypeVar("Reply", bound=Answer)


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


def ask(message: Crossing[Reply], seconds: float = ASK_SECONDS) -> Reply | None:
    """Return the answer, ``None`` if there is none."""
    try:
        return transport.cross(message, seconds=seconds)
    except (TransportError, Refusal):
        return None


def ask_now() -> Now:
    """Return how everything is."""
    return Now(platform=ask(ShowPlatform()), chain=ask(ShowChain()))


def check_ledger() -> LedgerVerified | None:
    """Return what a check of all books says, ``None`` if payments does not answer."""
    return ask(VerifyLedger(), VERIFY_SECONDS)


def find_history(typed: str) -> PaymentHistory:
    """Return everything of the payment with the typed reference.

    Raises ``PaymentUnknown``, ``ValueError`` for a mistyped reference, ``TransportError``."""
    try:
        return transport.cross(ShowHistory(reference=read_reference(typed)))
    except Refusal:
        raise PaymentUnknown from None


def find_case(payment_id: str) -> CaseShown | None:
    """Return an open case, ``None`` if there is none. Raises ``TransportError``."""
    found = transport.cross(ListCases(limit=CASES_LIMIT), seconds=ASK_SECONDS)
    return next((case for case in found.cases if case.payment_id == payment_id), None)


def history_of(payment_id: str) -> PaymentHistory:
    """Return everything of the payment with this id.

    Raises ``PaymentUnknown``, ``TransportError``."""
    try:
        return transport.cross(ShowHistory(reference=payment_id))
    except Refusal:
        raise PaymentUnknown from None
