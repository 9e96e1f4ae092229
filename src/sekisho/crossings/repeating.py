"""What happens when a message is said twice (a sender that heard no answer says it again).

Every message of the permits table is in exactly one class. The class is a promise of its receiver;
``tests/walls/test_say_twice.py`` names the test that holds it to each.

- *question*: asks and changes nothing but counters of wrong answers;
- *deed*: the second time it answers the same and changes nothing more. With a ``key`` the key says
  that it is the same; another body under that key is refused (``KEY_REUSED``), and while the first
  is still worked on a second one may be told so (``IN_FLIGHT``: say it again);
- *anew*: the answer is a fresh token in place of the earlier one, which is good no more;
- *once*: the second time is refused, because once is all it may be.
"""

from __future__ import annotations

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
from sekisho.crossings.message import Health
from sekisho.crossings.permits import PERMITS, Message

KEY_REUSED = "key_reused"
"""Refusal: the key was used for a message with another body. HTTP 422."""

IN_FLIGHT = "in_flight"
"""Refusal: the same message is being worked on; nothing is wrong, say it again. HTTP 409."""

KEY_KEPT_HOURS = 24
"""How long a key is remembered at least, in hours."""

IN_FLIGHT_WAIT_SECONDS = 2.0
"""How long a second one waits for the first before it is told ``IN_FLIGHT``."""

HTTP_STATUS = {KEY_REUSED: 422, IN_FLIGHT: 409}
"""How both are told over HTTP (the Idempotency-Key draft of the IETF, 2.6 and 2.7)."""

QUESTIONS: frozenset[Message] = frozenset(
    {
        Health,
        payments.FindBill,
        payments.FindBills,
        payments.FindLinks,
        payments.FindPayment,
        payments.FindPayments,
        payments.FindPolicy,
        payments.FindRefunds,
        payments.ListCases,
        payments.ListChargeItems,
        payments.ListChargeRuns,
        payments.ListClearings,
        payments.ListDifferences,
        payments.ListDisputes,
        payments.ListEnrolments,
        payments.ListPapers,
        payments.ListPayouts,
        payments.ListSettlements,
        payments.ListUnpaidBills,
        payments.MonthlyFigures,
        payments.NewEvents,
        payments.OpenLink,
        payments.ReconciliationLines,
        payments.ShowBalance,
        payments.ShowBill,
        payments.ShowCardEntry,
        payments.ShowChargeRun,
        payments.ShowEnrolment,
        payments.ShowPaper,
        payments.ShowGuard,
        payments.ShowHistory,
        payments.ShowLink,
        payments.ShowMoney,
        payments.ShowPayment,
        payments.ShowPaymentOfBody,
        payments.ShowPayout,
        payments.ShowReconciliations,
        payments.ShowSettlement,
        payments.VerifyLedger,
        hook_sender.CheckAddress,
        client_desk.ListApiKeys,
        client_desk.ListWebhooks,
        supervisor.ShowPlatform,
        evidence_keeper.ListAlarms,
        evidence_keeper.ShowChain,
        vault.CardsExpiring,
        vault.CompareItems,
        vault.ListPostcards,
        vault.MatchItem,
        vault.ShowBudget,
        vault.ShowRotation,
        # The network is asked at once instead of at its next turn; no money moves by it.
        card_network.Inquire,
    }
)

ANEW: frozenset[Message] = frozenset(
    {
        payments.EnterPaperAgain,
        payments.OpenPaperForm,
        payments.ReopenCardForm,
        # Rows are laid aside once more; the same file counts once, by its digest.
        payments.OpenImport,
        # A day is compared as it is now, which may be otherwise than a minute ago.
        payments.Reconcile,
        vault.OpenCardForm,
        vault.OpenPaperCardForm,
        # A newer key than the one before; while a rotation is under way none is begun.
        vault.BeginRotation,
        client_desk.InviteStaff,
        # Events go once more; their ids tell the receiver so.
        client_desk.ReplayWebhooks,
        client_desk.MakeFactorAnew,
        console.InviteOperator,
    }
)

ONCE: frozenset[Message] = frozenset(
    {
        # A permit is spent once; a second release is what a thief would ask for.
        vault.Release,
        # Each reset allows another hour's budget: a second one finds the breaker closed.
        vault.ResetBudget,
        # A key is told once; whoever lost it makes another and revokes this one.
        client_desk.MakeApiKey,
        client_desk.RotateApiKey,
    }
)

DEEDS: frozenset[Message] = frozenset(PERMITS) - QUESTIONS - ANEW - ONCE
