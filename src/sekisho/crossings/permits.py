"""The one table of who may send what. Doors and senders both obey it; tests draw from it.

A caller that is not in the row of a message can't send it, whatever code runs in it."""

from __future__ import annotations

from typing import Any

from sekisho.crossings import (
    card_network,
    client_desk,
    console,
    evidence_keeper,
    payments,
    supervisor,
    vault,
)
from sekisho.crossings.message import Crossing, Health

Message = type[Crossing[Any]]

PERMITS: dict[Message, frozenset[str]] = {
    Health: frozenset({"supervisor", "terminal"}),
    # payer site -> payments
    payments.FindBill: frozenset({"payer_site"}),
    payments.StartPayment: frozenset({"payer_site"}),
    payments.ReopenCardForm: frozenset({"payer_site"}),
    payments.ShowPayment: frozenset({"payer_site"}),
    payments.FindPayment: frozenset({"payer_site"}),
    payments.ConfirmPayment: frozenset({"payer_site"}),
    payments.FinishChallenge: frozenset({"payer_site"}),
    payments.CancelPayment: frozenset({"payer_site"}),
    payments.ExtendPayment: frozenset({"payer_site"}),
    payments.FindPolicy: frozenset({"payer_site"}),
    payments.StartEnrolment: frozenset({"payer_site"}),
    # vault -> payments
    payments.CardEntered: frozenset({"vault"}),
    # card network -> payments
    payments.AuthenticationOutcome: frozenset({"card_network"}),
    payments.AuthorisationOutcome: frozenset({"card_network"}),
    payments.CaptureOutcome: frozenset({"card_network"}),
    payments.ReversalOutcome: frozenset({"card_network"}),
    # desk and terminal -> payments
    payments.OpenImport: frozenset({"client_desk", "terminal"}),
    payments.ImportBills: frozenset({"client_desk", "terminal"}),
    payments.ImportPolicies: frozenset({"client_desk", "terminal"}),
    payments.CommitImport: frozenset({"client_desk", "terminal"}),
    payments.ShowHistory: frozenset({"console", "terminal"}),
    payments.VerifyLedger: frozenset({"console", "terminal"}),
    payments.ListUnpaidBills: frozenset({"terminal"}),
    # console, terminal -> supervisor, evidence keeper
    supervisor.ShowPlatform: frozenset({"console", "terminal"}),
    evidence_keeper.ShowChain: frozenset({"console", "terminal"}),
    # terminal -> desk, console
    client_desk.InviteStaff: frozenset({"terminal"}),
    console.InviteOperator: frozenset({"terminal"}),
    # payments -> vault
    vault.OpenCardForm: frozenset({"payments"}),
    vault.StoreItems: frozenset({"payments"}),
    vault.StoreSubjects: frozenset({"payments"}),
    vault.MatchItem: frozenset({"payments"}),
    vault.ForgetCard: frozenset({"payments"}),
    vault.ForgetSecurityCode: frozenset({"payments"}),
    vault.SendMail: frozenset({"payments"}),
    # card network -> vault
    vault.Release: frozenset({"card_network"}),
    # payments -> card network
    card_network.Authenticate: frozenset({"payments"}),
    card_network.ChallengeReturned: frozenset({"payments"}),
    card_network.Authorise: frozenset({"payments"}),
    card_network.Capture: frozenset({"payments"}),
    card_network.Reverse: frozenset({"payments"}),
    card_network.Inquire: frozenset({"payments"}),
}


def may_send(caller_zone: str, message: Message) -> bool:
    """Return whether ``caller_zone`` has a permit for ``message``."""
    return caller_zone in PERMITS.get(message, frozenset())


def messages_of(receiver: str) -> list[Message]:
    """Return every message that the zone ``receiver`` answers, ``Health`` included."""
    return [message for message in PERMITS if message.receiver in (receiver, "*")]


def receivers_of(caller_zone: str) -> set[str]:
    """Return the zones that ``caller_zone`` may send something to (``*`` left out)."""
    return {
        message.receiver
        for message, callers in PERMITS.items()
        if caller_zone in callers and message.receiver != "*"
    }
