"""The tables of settlement: a client body's days, what they are made of, payouts, differences, the
network's files. What was counted is never changed (``0010_payouts.sql``)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

ITEM_KINDS = (
    "capture",
    "refund",
    "chargeback",
    "representment",
    "dispute_lost",
    "correction",
)
DIFFERENCE_KINDS = (
    "not_with_us",
    "row_differs",
    "never_named",
    "clearing_differs",
    "ledger_differs",
    "payout_differs",
)


class Payout(models.Model):
    """What a client body is paid for settled days. Amounts are laid down once; ``number`` counts
    the orders to the bank; a trigger writes each step into ``payout_event``."""

    id = models.TextField(primary_key=True)
    client_body = models.TextField()
    first_day = models.DateField()
    last_day = models.DateField()
    days = models.IntegerField()
    amount_yen = models.BigIntegerField()
    carried_yen = models.BigIntegerField()
    state = models.TextField()
    number = models.IntegerField(db_default=0)
    account = models.JSONField()
    prepared_by = models.TextField()
    prepared_at = models.DateTimeField()
    approved_by = models.TextField(db_default="")
    approved_at = models.DateTimeField(null=True)
    pay_on = models.DateField(null=True)
    made_on = models.DateField(null=True)
    made_by = models.TextField(db_default="")
    bank_reference = models.TextField(db_default="")
    moved_by = models.TextField()
    why = models.TextField(db_default="")

    class Meta:
        db_table = "payout"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_yen__gt=0), name="payout_amount"),
            models.CheckConstraint(
                condition=Q(state__in=["prepared", "approved", "made", "returned", "dropped"]),
                name="payout_state",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | ~Q(approved_by=F("prepared_by")),
                name="payout_second_person",
            ),
            models.UniqueConstraint(
                fields=["client_body"], condition=Q(state="prepared"), name="one_prepared_payout"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["client_body", "id"], name="payout_body")]


class PayoutEvent(models.Model):
    """One step of a payout. Written by trigger."""

    id = models.BigAutoField(primary_key=True)
    payout_id = models.TextField()
    client_body = models.TextField()
    at = models.DateTimeField(db_default=Now())
    from_state = models.TextField()
    to_state = models.TextField()
    moved_by = models.TextField()
    why = models.TextField()

    class Meta:
        db_table = "payout_event"
        indexes: ClassVar = [models.Index(fields=["payout_id"], name="payout_event_of")]


class Settlement(models.Model):
    """A business day of a client body, closed: the sums of its items. ``id`` is
    ``<client body>:<day>``."""

    id = models.TextField(primary_key=True)
    client_body = models.TextField()
    day = models.DateField()
    closed_at = models.DateTimeField()
    captures = models.IntegerField()
    captured_yen = models.BigIntegerField()
    bills_yen = models.BigIntegerField()
    refunds = models.IntegerField()
    refunded_yen = models.BigIntegerField()
    refunded_bills_yen = models.BigIntegerField()
    chargebacks = models.IntegerField()
    chargeback_yen = models.BigIntegerField()
    representments = models.IntegerField()
    represented_yen = models.BigIntegerField()
    disputes_lost = models.IntegerField()
    disputes_lost_yen = models.BigIntegerField()
    corrections_yen = models.BigIntegerField()
    captured_fee_yen = models.BigIntegerField()
    """Of captures, with tax."""
    fee_yen = models.BigIntegerField()
    fee_tax_yen = models.BigIntegerField()
    disputes_yen = models.BigIntegerField()
    clearing_yen = models.BigIntegerField()
    ledger_yen = models.BigIntegerField()
    net_yen = models.BigIntegerField()
    payout = models.ForeignKey(Payout, models.PROTECT, null=True, db_index=False)

    class Meta:
        db_table = "settlement"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client_body", "day"], name="settled_day_once"),
            models.CheckConstraint(
                condition=Q(
                    clearing_yen=F("net_yen") + F("fee_yen") + F("fee_tax_yen") + F("disputes_yen")
                ),
                name="settlement_balances",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["client_body", "day"],
                condition=Q(payout__isnull=True),
                name="settlement_unpaid",
            ),
            models.Index(fields=["payout"], name="settlement_payout"),
            models.Index(fields=["day", "client_body"], name="settlement_day"),
        ]


class SettlementItem(models.Model):
    """One transfer of the ledger that settlement counts, once. Signed yen, as seen from us:
    ``clearing_yen`` the network's line, ``bank_yen`` the ledger's, the rest whose it is. Written by
    trigger with the clearing's line or the transfer."""

    transfer_id = models.BigIntegerField(primary_key=True)
    client_body = models.TextField()
    kind = models.TextField()
    day = models.DateField()
    """The clearing's day; of a lost dispute or a correction its business day."""
    payment_id = models.TextField()
    about = models.TextField()
    clearing_yen = models.BigIntegerField()
    bank_yen = models.BigIntegerField()
    bill_yen = models.BigIntegerField()
    fee_yen = models.BigIntegerField()
    fee_tax_yen = models.BigIntegerField()
    disputes_yen = models.BigIntegerField()
    settlement = models.ForeignKey(Settlement, models.PROTECT, null=True, db_index=False)

    class Meta:
        db_table = "settlement_item"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    clearing_yen=F("bill_yen") + F("fee_yen") + F("fee_tax_yen") + F("disputes_yen")
                ),
                name="item_balances",
            ),
            models.CheckConstraint(condition=Q(kind__in=ITEM_KINDS), name="item_kind"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["client_body", "day"],
                condition=Q(settlement__isnull=True),
                name="item_open",
            ),
            models.Index(fields=["settlement", "transfer_id"], name="item_settlement"),
        ]


class ClearingFile(models.Model):
    """A file of the network as it was taken, or that none came in time. ``totals``: count and yen
    by kind, as its trailer says."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    sha256 = models.TextField()
    state = models.TextField()
    final = models.BooleanField()
    rows = models.IntegerField()
    net_yen = models.BigIntegerField()
    totals = models.JSONField()
    settled = models.IntegerField()
    differences = models.IntegerField()
    taken_at = models.DateTimeField()
    why = models.TextField(db_default="")

    class Meta:
        db_table = "clearing_file"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day", "sha256", "state"], name="clearing_file_once"),
            models.CheckConstraint(
                condition=Q(state__in=["taken", "broken", "missing"]), name="clearing_file_state"
            ),
        ]


class Difference(models.Model):
    """What clearing, ledger and payout say differently. ``key`` names it, so that it is found
    once. ``client_body`` is empty where nobody knows whose it is."""

    id = models.TextField(primary_key=True)
    client_body = models.TextField()
    day = models.DateField()
    kind = models.TextField()
    key = models.TextField(unique=True)
    subject = models.TextField()
    said = models.TextField()
    amount_yen = models.BigIntegerField()
    state = models.TextField(db_default="open")
    found_at = models.DateTimeField()
    taken_by = models.TextField(db_default="")
    proposed_by = models.TextField(db_default="")
    reason = models.TextField(db_default="")
    closed_by = models.TextField(db_default="")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "difference"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=DIFFERENCE_KINDS), name="difference_kind"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "taken", "proposed"], closed_at__isnull=True)
                | Q(state="closed", closed_at__isnull=False) & ~Q(closed_by="") & ~Q(reason=""),
                name="difference_state",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["client_body", "day"],
                condition=~Q(state="closed"),
                name="difference_open",
            )
        ]


class DifferenceEvent(models.Model):
    """One word on a difference. Written by trigger."""

    id = models.BigAutoField(primary_key=True)
    difference_id = models.TextField()
    client_body = models.TextField()
    at = models.DateTimeField(db_default=Now())
    state = models.TextField()
    by_name = models.TextField()
    reason = models.TextField()

    class Meta:
        db_table = "difference_event"
        indexes: ClassVar = [models.Index(fields=["difference_id"], name="difference_event_of")]
