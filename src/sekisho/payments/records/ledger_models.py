"""The tables of the ledger: what moved, its chain, its sums, what was reconciled."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

_ABOUT = ~Q(about="")


class Transfer(models.Model):
    """A movement of money: ``pending`` opens a claim, ``posted``, ``voided`` or ``expired`` ends
    it, each a new row; refunds, disputes and settlement likewise (``settles`` points at the row
    that is ended). ``about`` is the refund, the network's case or the correction; empty for the
    payment itself. The runtime role reads transfers and entries; they are written by the database
    functions of ``0003_ledger`` alone. ``xid`` (in SQL only) is the transaction that wrote it."""

    id = models.BigAutoField(primary_key=True)
    client_body = models.TextField()
    payment_id = models.TextField()
    """Empty for a correction or payout."""
    kind = models.TextField()
    settles = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        db_column="settles",
        db_index=False,
        # The function that writes has just read that row; a check would lock it once more.
        db_constraint=False,
    )
    amount_yen = models.BigIntegerField()
    legs = models.SmallIntegerField()
    made_at = models.DateTimeField(db_default=Now())
    about = models.TextField(db_default="")
    why = models.TextField(db_default="")

    class Meta:
        db_table = "transfer"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["settles"], condition=Q(settles__isnull=False), name="settled_once"
            ),
            models.UniqueConstraint(
                fields=["payment_id"], condition=Q(kind="posted"), name="posted_once"
            ),
            models.UniqueConstraint(fields=["kind", "about"], condition=_ABOUT, name="about_once"),
            models.CheckConstraint(
                condition=Q(kind__in=("pending",), settles__isnull=True, about="", legs__gte=2)
                | Q(
                    kind__in=("posted", "voided", "expired", "settled"),
                    settles__isnull=False,
                    about="",
                    legs__gte=2,
                )
                | Q(
                    kind__in=(
                        "refund_pending",
                        "dispute_opened",
                        "dispute_settled",
                        "correction",
                        "payout_pending",
                    ),
                    settles__isnull=True,
                    legs__gte=2,
                )
                & _ABOUT
                | Q(
                    kind__in=(
                        "refund_posted",
                        "refund_voided",
                        "refund_settled",
                        "dispute_won",
                        "dispute_lost",
                        "win_settled",
                        "payout_posted",
                        "payout_voided",
                    ),
                    settles__isnull=False,
                    legs__gte=2,
                )
                & _ABOUT
                | Q(kind="voided", settles__isnull=False, legs=0),
                name="transfer_kind",
            ),
            models.CheckConstraint(condition=Q(amount_yen__gt=0), name="transfer_amount"),
        ]
        indexes: ClassVar = [models.Index(fields=["payment_id"], name="transfer_payment")]


class Entry(models.Model):
    """One leg: yen in or out of an account of a client body; debits positive, credits negative."""

    pk = models.CompositePrimaryKey("transfer_id", "leg")
    transfer = models.ForeignKey(
        Transfer,
        models.PROTECT,
        db_index=False,
        # The trigger entry_joins_own wants a transfer of the same transaction: it is there.
        db_constraint=False,
    )
    leg = models.SmallIntegerField()
    legs = models.SmallIntegerField()
    client_body = models.TextField()
    account = models.TextField()
    amount_yen = models.BigIntegerField()

    class Meta:
        db_table = "entry"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(leg__gte=1, leg__lte=F("legs")), name="entry_leg"),
            models.CheckConstraint(condition=~Q(amount_yen=0), name="entry_amount"),
            models.CheckConstraint(
                condition=Q(
                    account__in=(
                        "payer",
                        "acquirer",
                        "client_body",
                        "fee",
                        "tax",
                        "refunds",
                        "disputes",
                        "bank",
                        "payouts",
                    )
                ),
                name="entry_account",
            ),
        ]


class LedgerLink(models.Model):
    """A transfer's place in the chain. ``xid`` (in SQL only) is its transaction. Written by the
    database function ``link_transfers`` alone, as the three tables after it."""

    position = models.BigIntegerField(primary_key=True)
    transfer_id = models.BigIntegerField(unique=True)
    digest = models.BinaryField()

    class Meta:
        db_table = "ledger_link"


class LedgerBlock(models.Model):
    """A run of the chain whose sums are kept, and between which moments its transfers were made."""

    last_position = models.BigIntegerField(primary_key=True)
    first_position = models.BigIntegerField()
    earliest = models.DateTimeField()
    latest = models.DateTimeField()

    class Meta:
        db_table = "ledger_block"


class LedgerBlockSum(models.Model):
    """What one block moved in an account of a client body, in yen."""

    pk = models.CompositePrimaryKey("last_position", "client_body", "account")
    last_position = models.BigIntegerField()
    client_body = models.TextField()
    account = models.TextField()
    debit_yen = models.BigIntegerField()
    credit_yen = models.BigIntegerField()

    class Meta:
        db_table = "ledger_block_sum"


class LedgerClosed(models.Model):
    """One row: every transfer made up to ``upto`` is in the chain. ``next_at`` is the moment that
    is closed once every transaction before ``next_xid`` (in SQL only) is over."""

    id = models.SmallIntegerField(primary_key=True)
    upto = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ledger_closed"
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="closed_one_row")]


class Reconciliation(models.Model):
    """What a comparison of ledger, payments and evidence of one business day found."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    ran_at = models.DateTimeField(db_default=Now())
    by_itself = models.BooleanField()
    """The daily run: one for each day; others were asked for."""
    payments = models.BigIntegerField()
    transfers = models.BigIntegerField()
    lines = models.BigIntegerField()
    money_yen = models.JSONField()
    differences = models.JSONField()
    more = models.BigIntegerField()

    class Meta:
        db_table = "reconciliation"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["day"], condition=Q(by_itself=True), name="reconciled_once_a_day"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["day", "ran_at"], name="reconciliation_day")]
