"""The one table of who may send what. Doors and senders both obey it; tests draw from it.

A caller that is not in the row of a message can't send it, whatever code runs in it."""

from __future__ import annotations

from typing import Any

from sekisho.crossings import (
    card_network,
    client_desk,
    console,
    evidence_keeper,
    hook_sender,
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
    payments.OpenLink: frozenset({"payer_site"}),
    # enrolments
    payments.StartCardChange: frozenset({"payer_site"}),
    payments.ListEnrolments: frozenset({"client_desk", "console", "terminal"}),
    payments.ShowEnrolment: frozenset({"client_desk", "console", "terminal"}),
    payments.EndEnrolment: frozenset({"client_desk", "terminal"}),
    payments.ReinstateEnrolment: frozenset({"client_desk", "terminal"}),
    payments.AskCardChange: frozenset({"client_desk", "terminal"}),
    payments.StartPaper: frozenset({"client_desk"}),
    payments.StartPaperCardChange: frozenset({"client_desk"}),
    payments.OpenPaperForm: frozenset({"client_desk"}),
    payments.EnterPaperAgain: frozenset({"client_desk"}),
    payments.CheckPaper: frozenset({"client_desk"}),
    payments.WithdrawPaper: frozenset({"client_desk"}),
    payments.ListPapers: frozenset({"client_desk", "console", "terminal"}),
    payments.ShowPaper: frozenset({"client_desk", "console", "terminal"}),
    # vault -> payments
    payments.CardCompared: frozenset({"vault"}),
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
    payments.PutBill: frozenset({"client_desk", "terminal"}),
    payments.WithdrawBill: frozenset({"client_desk", "terminal"}),
    payments.ShowBill: frozenset({"client_desk", "terminal"}),
    payments.FindBills: frozenset({"client_desk", "terminal"}),
    payments.FindPayments: frozenset({"client_desk", "terminal"}),
    payments.ShowPaymentOfBody: frozenset({"client_desk", "terminal"}),
    payments.FindRefunds: frozenset({"client_desk", "terminal"}),
    payments.CreateLink: frozenset({"client_desk", "terminal"}),
    payments.ShowLink: frozenset({"client_desk", "terminal"}),
    payments.CancelLink: frozenset({"client_desk", "terminal"}),
    payments.FindLinks: frozenset({"client_desk", "terminal"}),
    payments.NewEvents: frozenset({"client_desk", "terminal"}),
    payments.ShowMoney: frozenset({"client_desk", "console", "terminal"}),
    payments.CapturePayment: frozenset({"client_desk", "terminal"}),
    payments.VoidPayment: frozenset({"client_desk", "terminal"}),
    payments.RefundPayment: frozenset({"client_desk", "terminal"}),
    payments.AnswerDispute: frozenset({"client_desk", "terminal"}),
    payments.ListDisputes: frozenset({"client_desk", "console", "terminal"}),
    payments.ListChargeRuns: frozenset({"client_desk", "terminal"}),
    payments.ShowChargeRun: frozenset({"client_desk", "terminal"}),
    payments.ListChargeItems: frozenset({"client_desk", "terminal"}),
    payments.PlanChargeRun: frozenset({"client_desk", "terminal"}),
    payments.ApproveChargeRun: frozenset({"client_desk", "terminal"}),
    payments.StopChargeRun: frozenset({"client_desk", "terminal"}),
    payments.ResumeChargeRun: frozenset({"client_desk", "terminal"}),
    payments.RetryChargeItem: frozenset({"client_desk", "terminal"}),
    payments.CloseChargeItem: frozenset({"client_desk", "terminal"}),
    payments.SettleRows: frozenset({"terminal"}),
    # settlement
    payments.NoteClearing: frozenset({"terminal"}),
    payments.ListClearings: frozenset({"console", "terminal"}),
    payments.ListSettlements: frozenset({"client_desk", "console", "terminal"}),
    payments.ShowSettlement: frozenset({"client_desk", "console", "terminal"}),
    payments.MonthlyFigures: frozenset({"client_desk", "console", "terminal"}),
    payments.ReconciliationLines: frozenset({"client_desk", "terminal"}),
    payments.ListDifferences: frozenset({"client_desk", "console", "terminal"}),
    payments.TakeDifference: frozenset({"console", "terminal"}),
    payments.CloseDifference: frozenset({"console"}),
    payments.ListPayouts: frozenset({"client_desk", "console", "terminal"}),
    payments.ShowPayout: frozenset({"client_desk", "console", "terminal"}),
    payments.PreparePayout: frozenset({"console", "terminal"}),
    payments.ApprovePayout: frozenset({"console"}),
    payments.DropPayout: frozenset({"console", "terminal"}),
    payments.MarkPayoutMade: frozenset({"console", "terminal"}),
    payments.MarkPayoutReturned: frozenset({"console", "terminal"}),
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
    client_desk.MakeApiKey: frozenset({"terminal"}),
    client_desk.RotateApiKey: frozenset({"terminal"}),
    client_desk.RevokeApiKey: frozenset({"terminal"}),
    client_desk.ListApiKeys: frozenset({"terminal"}),
    client_desk.ListWebhooks: frozenset({"terminal"}),
    client_desk.ReplayWebhooks: frozenset({"terminal"}),
    client_desk.MakeFactorAnew: frozenset({"terminal"}),
    console.InviteOperator: frozenset({"terminal"}),
    # desk -> hook sender
    hook_sender.Deliver: frozenset({"client_desk"}),
    hook_sender.TakeOutcomes: frozenset({"client_desk"}),
    hook_sender.CheckAddress: frozenset({"client_desk"}),
    # payments -> vault
    vault.OpenCardForm: frozenset({"payments"}),
    vault.StoreItems: frozenset({"payments"}),
    vault.StoreSubjects: frozenset({"payments"}),
    vault.MatchItem: frozenset({"payments"}),
    vault.ForgetCard: frozenset({"payments"}),
    vault.ForgetItems: frozenset({"payments"}),
    vault.ForgetSecurityCode: frozenset({"payments"}),
    vault.SendMail: frozenset({"payments"}),
    vault.PrintPostcard: frozenset({"payments"}),
    vault.ListPostcards: frozenset({"payments", "terminal"}),
    vault.OpenPaperCardForm: frozenset({"payments"}),
    vault.CompareItems: frozenset({"payments"}),
    vault.CardsExpiring: frozenset({"payments"}),
    # terminal -> vault
    vault.BeginRotation: frozenset({"terminal"}),
    vault.ShowRotation: frozenset({"console", "terminal"}),
    vault.EraseSubject: frozenset({"terminal"}),
    # Payments asks how much is left, so that a charge run keeps under it.
    vault.ShowBudget: frozenset({"console", "payments", "terminal"}),
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
