"""The tables of payments. Money is integer yen, moments are aware.

The hot path speaks SQL (``session``); these classes are the schema's description and its history
of migrations. Every table with a ``client_body`` stands behind row-level security. The busiest
tables have no foreign key to ``client_body`` and ``site``: its check would lock the same few rows
for every payment and every bill of an import."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from sekisho.payments.records.after_payment_models import ClearingLine, Dispute, Refund
from sekisho.payments.records.business_models import BodyEvent, BodyKey, PaymentLink
from sekisho.payments.records.case_models import CaseDecision
from sekisho.payments.records.charge_models import ChargeItem, ChargeRun
from sekisho.payments.records.enrolment_models import (
    CardLink,
    Enrolment,
    EnrolmentEdge,
    EnrolmentEvent,
    PaperApplication,
)
from sekisho.payments.records.guard_models import CardEntry, GuardCount, GuardPuzzle
from sekisho.payments.records.import_models import BillStaged, ImportFile, PolicyStaged
from sekisho.payments.records.ledger_models import (
    Entry,
    LedgerBlock,
    LedgerBlockSum,
    LedgerClosed,
    LedgerLink,
    Reconciliation,
    Transfer,
)
from sekisho.payments.records.payout_models import (
    ClearingFile,
    Difference,
    DifferenceEvent,
    Payout,
    PayoutEvent,
    Settlement,
    SettlementItem,
)

__all__ = [
    "Attempt",
    "Bill",
    "BillStaged",
    "BodyEvent",
    "BodyKey",
    "CardEntry",
    "CardLink",
    "CaseDecision",
    "ChargeItem",
    "ChargeRun",
    "ClearingFile",
    "ClearingLine",
    "ClientBody",
    "Difference",
    "DifferenceEvent",
    "Dispute",
    "Enrolment",
    "EnrolmentEdge",
    "EnrolmentEvent",
    "Entry",
    "GuardCount",
    "GuardPuzzle",
    "ImportFile",
    "LedgerBlock",
    "LedgerBlockSum",
    "LedgerClosed",
    "LedgerLink",
    "LifecycleEdge",
    "PaperApplication",
    "Payment",
    "PaymentEvent",
    "PaymentLink",
    "Payout",
    "PayoutEvent",
    "PermitIssued",
    "Policy",
    "PolicyStaged",
    "Reconciliation",
    "Refund",
    "Settlement",
    "SettlementItem",
    "Site",
    "Transfer",
    "WrongAnswer",
]


class ClientBody(models.Model):
    """A public body that payments are taken for."""

    id = models.TextField(primary_key=True)

    class Meta:
        db_table = "client_body"


class Site(models.Model):
    """A payer site; it belongs to one client body for good."""

    id = models.TextField(primary_key=True)
    client_body = models.ForeignKey(
        ClientBody, models.PROTECT, db_index=False, db_column="client_body"
    )

    class Meta:
        db_table = "site"


class Bill(models.Model):
    """A bill as its client body gave it. Whether it is paid is told by its payments alone."""

    id = models.TextField(primary_key=True)
    client_body = models.ForeignKey(
        ClientBody, models.PROTECT, db_index=False, db_constraint=False, db_column="client_body"
    )
    payee_number = models.TextField()
    payment_number = models.TextField()
    confirmation_number = models.TextField()
    category_number = models.TextField()
    item_ja = models.TextField()
    item_en = models.TextField()
    fiscal_year = models.SmallIntegerField()
    term = models.TextField()
    amount_yen = models.BigIntegerField()
    first_payable_at = models.DateTimeField()
    due_date = models.DateField()
    payable_until = models.DateTimeField()
    withdrawn = models.BooleanField(db_default=False)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "bill"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client_body", "payee_number", "payment_number"], name="bill_number"
            ),
            models.CheckConstraint(condition=Q(amount_yen__gt=0), name="bill_amount"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["client_body", "id", "due_date", "amount_yen"], name="bill_of_body"
            ),
        ]


class Policy(models.Model):
    """An insurance policy; its holder's date of birth is a token of the vault."""

    id = models.TextField(primary_key=True)
    client_body = models.ForeignKey(
        ClientBody, models.PROTECT, db_index=False, db_constraint=False, db_column="client_body"
    )
    policy_number = models.TextField()
    product_ja = models.TextField()
    product_en = models.TextField()
    yearly_premium_yen = models.BigIntegerField()
    joined_month = models.SmallIntegerField()
    ended = models.BooleanField(db_default=False)
    subject = models.TextField()
    date_of_birth_token = models.TextField()
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "policy"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client_body", "policy_number"], name="policy_number"),
            models.CheckConstraint(
                condition=Q(joined_month__gte=1, joined_month__lte=12), name="policy_month"
            ),
        ]


class Payment(models.Model):
    """A payment, or a card check for an enrolment. ``state`` moves along the lifecycle's edges
    only; ``step``, ``event``, ``moved_by`` and ``why`` say how it came there, and a trigger writes
    them into ``payment_event``. The generated column ``held_for`` (bill or policy while the state
    holds it; of a charge, policy and month) is unique: at most one payment holds a bill."""

    id = models.TextField(primary_key=True)
    reference = models.TextField(unique=True)
    client_body = models.ForeignKey(
        ClientBody, models.PROTECT, db_index=False, db_constraint=False, db_column="client_body"
    )
    site = models.ForeignKey(
        Site, models.PROTECT, db_index=False, db_constraint=False, db_column="site"
    )
    kind = models.TextField()
    bill = models.ForeignKey(Bill, models.PROTECT, null=True, db_index=False)
    policy = models.ForeignKey(Policy, models.PROTECT, null=True, db_index=False)
    enrolment = models.ForeignKey(Enrolment, models.PROTECT, null=True, db_index=False)
    start_key = models.TextField()
    language = models.TextField()
    amount_yen = models.BigIntegerField()
    fee_yen = models.BigIntegerField()
    fee_tax_yen = models.BigIntegerField()
    total_yen = models.BigIntegerField()
    email_token = models.TextField(null=True)
    state = models.TextField()
    step = models.IntegerField(db_default=1)
    event = models.TextField()
    moved_by = models.TextField()
    why = models.TextField(db_default="")
    attempt = models.IntegerField(db_default=0)
    """Number of the card in use; 0 before the first."""
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    extensions = models.SmallIntegerField(db_default=0)
    confirmed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    """When the sweep must look at it."""
    asked = models.SmallIntegerField(db_default=0)
    """How often the network was asked again."""
    operator_note = models.TextField(db_default="")
    """Facts for an operator when the machine can't end it; empty: nobody is needed."""
    card_change = models.BooleanField(db_default=False)
    """A check of another card for an active enrolment."""
    capture_by = models.DateTimeField(null=True)
    """Delayed capture: the hold is given back when it was not captured by then."""
    link_id = models.TextField(null=True)
    """The link by which its payer came."""
    charge_month = models.TextField(null=True)
    """``YYYY-MM`` of a charge run's payment."""

    class Meta:
        db_table = "payment"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["site", "start_key"], name="payment_start_key"),
            models.CheckConstraint(
                condition=Q(total_yen=F("amount_yen") + F("fee_yen"))
                & Q(amount_yen__gte=0, fee_tax_yen__gte=0, fee_yen__gte=F("fee_tax_yen")),
                name="payment_amounts",
            ),
            models.CheckConstraint(
                condition=Q(kind="bill", bill__isnull=False, policy__isnull=True, amount_yen__gt=0)
                | Q(
                    kind="card_check",
                    bill__isnull=True,
                    policy__isnull=False,
                    enrolment__isnull=False,
                    total_yen__lte=1,
                )
                | Q(
                    kind="charge",
                    bill__isnull=True,
                    policy__isnull=False,
                    enrolment__isnull=False,
                    charge_month__isnull=False,
                    amount_yen__gt=0,
                    fee_yen=0,
                ),
                name="payment_kind",
            ),
            models.CheckConstraint(condition=~Q(moved_by=""), name="payment_moved_by"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="payment_due"),
            models.Index(fields=["bill"], condition=Q(bill__isnull=False), name="payment_bill"),
            models.Index(
                fields=["policy"], condition=Q(policy__isnull=False), name="payment_policy"
            ),
            # For the searches of client bodies; none of the columns changes while it is under way.
            models.Index(
                fields=["client_body", "started_at", "id", "total_yen"], name="payment_of_body"
            ),
            models.Index(
                fields=["client_body", "finished_at"],
                condition=Q(finished_at__isnull=False),
                name="payment_finished",
            ),
        ]


class PaymentEvent(models.Model):
    """One edge taken. Written by trigger; the runtime role may only read it."""

    pk = models.CompositePrimaryKey("payment_id", "step")
    payment_id = models.TextField()
    step = models.IntegerField()
    client_body = models.TextField()
    at = models.DateTimeField(db_default=Now())
    from_state = models.TextField()
    to_state = models.TextField()
    event = models.TextField()
    moved_by = models.TextField()
    why = models.TextField()

    class Meta:
        db_table = "payment_event"
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(moved_by="") & ~Q(event=""), name="event_by")
        ]


class LifecycleEdge(models.Model):
    """``lifecycle.EDGES``; filled by migration, read by the trigger on ``payment``."""

    pk = models.CompositePrimaryKey("source", "target", "event")
    source = models.TextField()
    target = models.TextField()
    event = models.TextField()

    class Meta:
        db_table = "lifecycle_edge"


class Attempt(models.Model):
    """One card entered for a payment, and what the network said of it. Fingerprints are keyed in
    the vault: good for counting, useless for finding a number."""

    pk = models.CompositePrimaryKey("payment_id", "number")
    payment = models.ForeignKey(Payment, models.PROTECT, db_index=False)
    number = models.IntegerField()
    client_body = models.TextField()
    card_token = models.TextField()
    subject = models.TextField()
    brand = models.TextField()
    last_four = models.TextField()
    issuer_bin = models.TextField()
    fingerprint = models.BinaryField()
    entered_at = models.DateTimeField()
    authentication = models.TextField(db_default="")
    eci = models.TextField(db_default="")
    ds_transaction_id = models.TextField(db_default="")
    exemption = models.TextField(db_default="")
    """Why no authentication was asked for (``recurring``, ``moto``); empty when one was."""
    acs_url = models.TextField(db_default="")
    creq = models.TextField(db_default="")
    authorisation = models.TextField(db_default="")
    response_code = models.TextField(db_default="")
    approval_code = models.TextField(db_default="")
    network_reference = models.TextField(db_default="")
    trace_number = models.TextField(db_default="")
    answered_at = models.DateTimeField(null=True)
    give_back_at = models.DateTimeField(null=True)
    """A yes that is not wanted any more: when to ask (again) that it be given back."""
    give_back_asked = models.SmallIntegerField(db_default=0)
    given_back = models.BooleanField(db_default=False)
    guard = models.TextField(db_default="")
    """Why the card-testing guard held this card up, for operators; empty: it did not."""
    counted_source = models.TextField(db_default="")
    counted_session = models.TextField(db_default="")

    class Meta:
        db_table = "attempt"
        indexes: ClassVar = [
            models.Index(
                fields=["give_back_at"],
                condition=Q(give_back_at__isnull=False),
                name="attempt_give_back",
            ),
            models.Index(fields=["client_body", "last_four", "brand"], name="attempt_card"),
        ]


class PermitIssued(models.Model):
    """A release permit that was signed."""

    id = models.TextField(primary_key=True)
    payment_id = models.TextField()
    client_body = models.TextField()
    attempt = models.IntegerField()
    purpose = models.TextField()
    issued_at = models.DateTimeField()

    class Meta:
        db_table = "permit_issued"


class WrongAnswer(models.Model):
    """Wrong answers counted since ``since``, by keyed hash of session and source and by number."""

    pk = models.CompositePrimaryKey("scope", "key")
    scope = models.TextField()
    key = models.TextField()
    since = models.DateTimeField()
    count = models.IntegerField()

    class Meta:
        db_table = "wrong_answer"
        indexes: ClassVar = [models.Index(fields=["since"], name="wrong_answer_since")]
