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
    payments.ShowCardEntry: frozenset({"payer_site"}),
    # vault -> payments
    payments.CardEntered: frozenset({"vault"}),
    # card network -> payments
    payments.AuthenticationOutcome: frozenset({"card_network"}),
    payments.AuthorisationOutcome: frozenset({"card_network"}),
    payments.CaptureOutcome: frozenset({"card_network"}),
    payments.ReversalOutcome: frozenset({"card_network"}),
    payments.RefundOutcome: frozenset({"card_network"}),
    payments.ChargebackReceived: frozenset({"card_network"}),
    payments.DisputeEnded: frozenset({"card_network"}),
    # desk and terminal -> payments
    payments.OpenImport: frozenset({"client_desk", "terminal"}),
    payments.ImportBills: frozenset({"client_desk", "terminal"}),
    payments.ImportPolicies: frozenset({"client_desk", "terminal"}),
    payments.CommitImport: frozenset({"client_desk", "terminal"}),
    payments.ShowMoney: frozenset({"client_desk", "console", "terminal"}),
    payments.CapturePayment: frozenset({"client_desk", "terminal"}),
    payments.VoidPayment: frozenset({"client_desk", "terminal"}),
    payments.RefundPayment: frozenset({"client_desk", "terminal"}),
    payments.AnswerDispute: frozenset({"client_desk", "terminal"}),
    payments.ListDisputes: frozenset({"client_desk", "console", "terminal"}),
    payments.SettleRows: frozenset({"terminal"}),
    payments.ShowHistory: frozenset({"console", "terminal"}),
    payments.VerifyLedger: frozenset({"console", "terminal"}),
    payments.ShowBalance: frozenset({"console", "terminal"}),
    payments.Reconcile: frozenset({"console", "terminal"}),
    payments.ShowReconciliations: frozenset({"console", "terminal"}),
    payments.ListCases: frozenset({"console", "terminal"}),
    payments.DecideCase: frozenset({"console"}),
    payments.ListUnpaidBills: frozenset({"terminal"}),
    payments.ShowGuard: frozenset({"console", "terminal"}),
    payments.SetCardEntry: frozenset({"console", "terminal"}),
    # console, terminal -> supervisor, evidence keeper
    supervisor.ShowPlatform: frozenset({"console", "terminal"}),
    evidence_keeper.ShowChain: frozenset({"console", "terminal"}),
    evidence_keeper.ListAlarms: frozenset({"console", "terminal"}),
    # terminal -> desk, console
    client_desk.InviteStaff: frozenset({"terminal"}),
    console.InviteOperator: frozenset({"terminal"}),
    # payments -> vault
    vault.OpenCardForm: frozenset({"payments"}),
    vault.StoreItems: frozenset({"payments"}),
    vault.StoreSubjects: frozenset({"payments"}),
    vault.MatchItem: frozenset({"payments"}),
    vault.ForgetCard: frozenset({"payments"}),
    vault.ForgetItems: frozenset({"payments"}),
    vault.ForgetSecurityCode: frozenset({"payments"}),
    vault.SendMail: frozenset({"payments"}),
    # terminal -> vault
    vault.BeginRotation: frozenset({"terminal"}),
    vault.ShowRotation: frozenset({"console", "terminal"}),
    vault.EraseSubject: frozenset({"terminal"}),
    vault.ShowBudget: frozenset({"console", "terminal"}),
    vault.ResetBudget: frozenset({"terminal"}),
    vault.PlantHoneyCards: frozenset({"terminal"}),
    vault.MarkHoneyCard: frozenset({"terminal"}),
    # card network -> vault
    vault.Release: frozenset({"card_network"}),
    # payments -> card network
    card_network.Authenticate: frozenset({"payments"}),
    card_network.ChallengeReturned: frozenset({"payments"}),
    card_network.Authorise: frozenset({"payments"}),
    card_network.Capture: frozenset({"payments"}),
    card_network.Reverse: frozenset({"payments"}),
    card_network.Inquire: frozenset({"payments"}),
    card_network.Refund: frozenset({"payments"}),
    card_network.AnswerChargeback: frozenset({"payments"}),
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
