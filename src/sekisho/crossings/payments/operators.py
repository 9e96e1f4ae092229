"""What operators may ask of payments."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

import msgspec

from sekisho.crossings.message import Answer, Crossing
from sekisho.crossings.payments.after_payment import DisputeShown, RefundShown


class PaymentEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    at: datetime
    from_state: str
    to_state: str
    event: str
    by: str
    why: str


class AttemptShown(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A card that was entered, and what 3-D Secure and the issuer said. ``liability``: who bears a
    fraudulent payment, ``issuer`` after authentication or its attempt (EMV 3DS, ECI 05/02 and
    06/01), else ``acquirer``; ``none`` before an answer."""

    number: int
    entered_at: datetime
    brand: str
    last_four: str
    issuer_bin: str
    authentication: str
    eci: str
    ds_transaction_id: str
    exemption: str
    """Why no authentication was asked for, empty when one was: ``recurring``, ``moto``."""
    liability: Literal["issuer", "acquirer", "none"]
    authorisation: str
    response_code: str
    approval_code: str
    network_reference: str
    trace_number: str
    answered_at: datetime | None
    guard: str
    """What the card-testing guard said: empty, ``step_up: …`` or ``refused: …``."""


class PaymentHistory(Answer, frozen=True, kw_only=True):
    reference: str
    payment_id: str
    client_body: str
    site: str
    kind: str
    state: str
    status: str
    """The coarse status that the payer sees."""
    reason: str
    amount_yen: int
    fee_yen: int
    due_at: datetime | None
    """When the machine looks at it next."""
    operator_note: str
    """Why an operator is needed; empty: nobody is."""
    events: list[PaymentEvent]
    attempts: list[AttemptShown]
    refunds: list[RefundShown]
    disputes: list[DisputeShown]
    entries: list[dict[str, str | int]]


class ShowHistory(Crossing[PaymentHistory], frozen=True, kw_only=True):
    """Everything of one payment for an operator, by payer's reference or id."""

    receiver: ClassVar[str] = "payments"
    reference: str


class VerifyLedger(Crossing["LedgerVerified"], frozen=True, kw_only=True):
    """Check that every transfer sums to zero, each payment's state fits its entries, the chain
    holds and the books balance."""

    receiver: ClassVar[str] = "payments"


class LedgerVerified(Answer, frozen=True, kw_only=True):
    ok: bool
    transfers: int
    entries: int
    payments: int
    linked: int
    """Transfers in the hash chain; the newest ones join within seconds."""
    faults: list[str]


class AccountBalance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sums in yen of one account of one client body."""

    client_body: str
    account: str
    debit_yen: int
    credit_yen: int

    @property
    def balance_yen(self) -> int:
        return self.debit_yen - self.credit_yen


class ShowBalance(Crossing["BalanceShown"], frozen=True, kw_only=True):
    """The trial balance as it stood at ``at`` (now when absent). Refusal: ``at_wrong`` (in the
    future)."""

    receiver: ClassVar[str] = "payments"
    at: datetime | None


class BalanceShown(Answer, frozen=True, kw_only=True):
    at: datetime
    final: bool
    """Whether every transfer made before ``at`` is in the chain: the figures can't change."""
    accounts: list[AccountBalance]


class Reconcile(Crossing["Reconciled"], frozen=True, kw_only=True):
    """Compare ledger, payments and evidence of the business day ``day`` (Asia/Tokyo; yesterday
    when absent), and keep the result. Refusal: ``day_wrong``."""

    receiver: ClassVar[str] = "payments"
    day: date | None


class Reconciled(Answer, frozen=True, kw_only=True):
    day: date
    ran_at: datetime
    payments: int
    transfers: int
    lines: int
    """Lines of evidence that were compared."""
    money_yen: dict[str, int]
    """Captured, refunded and so on, by kind, as the ledger has it."""
    differences: list[str]
    """Each by name: payment, what each of the three says."""
    more: int
    """Differences beyond those shown."""


class ShowReconciliations(Crossing["ReconciliationsShown"], frozen=True, kw_only=True):
    """Results of the last days, newest first."""

    receiver: ClassVar[str] = "payments"
    limit: int


class ReconciliationsShown(Answer, frozen=True, kw_only=True):
    results: list[Reconciled]


CaseDecision = Literal["taken", "not_taken", "ask_again"]


class CaseShown(Answer, frozen=True, kw_only=True):
    """A payment that the machine can't end. ``asked_for``: a decision that waits for a second
    person, with who proposed it and why."""

    payment_id: str
    reference: str
    client_body: str
    site: str
    state: str
    total_yen: int
    note: str
    since: datetime
    asked_for: CaseDecision | None
    proposed_by: str
    reason: str
    open: bool


class ListCases(Crossing["CasesShown"], frozen=True, kw_only=True):
    """Open cases, oldest first."""

    receiver: ClassVar[str] = "payments"
    limit: int


class CasesShown(Answer, frozen=True, kw_only=True):
    cases: list[CaseShown]
    more: int


class DecideCase(Crossing[CaseShown], frozen=True, kw_only=True):
    """Say how a case ends, as the network's or issuer's own record shows: ``taken`` (the money was
    taken: honour it), ``not_taken`` (it was not, or was given back), ``ask_again`` (start the
    questions anew; one person may). The first of two persons proposes, the second ``approves`` the
    same decision, which ends it. Refusals: ``case_unknown``, ``same_person``,
    ``decision_differs``, ``proposed_already`` (not meant as an approval), ``nothing_proposed``
    (meant as one), ``decision_wrong``, ``reason_wrong``, ``person_wrong``."""

    receiver: ClassVar[str] = "payments"
    payment_id: str
    decision: CaseDecision
    approves: bool
    reason: str
    by: str


class ListUnpaidBills(Crossing["UnpaidBills"], frozen=True, kw_only=True):
    """A few unpaid sample bills and unenrolled policies, for ``make up`` to print."""

    receiver: ClassVar[str] = "payments"
    limit: int


class UnpaidBills(Answer, frozen=True, kw_only=True):
    bills: list[dict[str, str | int]]
    policies: list[str]


ShowHistory.reply = PaymentHistory
VerifyLedger.reply = LedgerVerified
ShowBalance.reply = BalanceShown
Reconcile.reply = Reconciled
ShowReconciliations.reply = ReconciliationsShown
ListCases.reply = CasesShown
DecideCase.reply = CaseShown
ListUnpaidBills.reply = UnpaidBills
