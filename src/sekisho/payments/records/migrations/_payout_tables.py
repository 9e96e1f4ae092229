"""Tables of 0010_payouts: days and what they are made of, payouts."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

PAYOUT_TABLES = (
    migrations.CreateModel(
        name="Payout",
        fields=[
            ("id", models.TextField(primary_key=True, serialize=False)),
            ("client_body", models.TextField()),
            ("first_day", models.DateField()),
            ("last_day", models.DateField()),
            ("days", models.IntegerField()),
            ("amount_yen", models.BigIntegerField()),
            ("carried_yen", models.BigIntegerField()),
            ("state", models.TextField()),
            ("number", models.IntegerField(db_default=0)),
            ("account", models.JSONField()),
            ("prepared_by", models.TextField()),
            ("prepared_at", models.DateTimeField()),
            ("approved_by", models.TextField(db_default="")),
            ("approved_at", models.DateTimeField(null=True)),
            ("pay_on", models.DateField(null=True)),
            ("made_on", models.DateField(null=True)),
            ("made_by", models.TextField(db_default="")),
            ("bank_reference", models.TextField(db_default="")),
            ("moved_by", models.TextField()),
            ("why", models.TextField(db_default="")),
        ],
        options={
            "db_table": "payout",
        },
    ),
    migrations.CreateModel(
        name="PayoutEvent",
        fields=[
            ("id", models.BigAutoField(primary_key=True, serialize=False)),
            ("payout_id", models.TextField()),
            ("client_body", models.TextField()),
            ("at", models.DateTimeField(db_default=Now())),
            ("from_state", models.TextField()),
            ("to_state", models.TextField()),
            ("moved_by", models.TextField()),
            ("why", models.TextField()),
        ],
        options={
            "db_table": "payout_event",
        },
    ),
    migrations.CreateModel(
        name="Settlement",
        fields=[
            ("id", models.TextField(primary_key=True, serialize=False)),
            ("client_body", models.TextField()),
            ("day", models.DateField()),
            ("closed_at", models.DateTimeField()),
            ("captures", models.IntegerField()),
            ("captured_yen", models.BigIntegerField()),
            ("bills_yen", models.BigIntegerField()),
            ("refunds", models.IntegerField()),
            ("refunded_yen", models.BigIntegerField()),
            ("refunded_bills_yen", models.BigIntegerField()),
            ("chargebacks", models.IntegerField()),
            ("chargeback_yen", models.BigIntegerField()),
            ("representments", models.IntegerField()),
            ("represented_yen", models.BigIntegerField()),
            ("disputes_lost", models.IntegerField()),
            ("disputes_lost_yen", models.BigIntegerField()),
            ("corrections_yen", models.BigIntegerField()),
            ("captured_fee_yen", models.BigIntegerField()),
            ("fee_yen", models.BigIntegerField()),
            ("fee_tax_yen", models.BigIntegerField()),
            ("disputes_yen", models.BigIntegerField()),
            ("clearing_yen", models.BigIntegerField()),
            ("ledger_yen", models.BigIntegerField()),
            ("net_yen", models.BigIntegerField()),
        ],
        options={
            "db_table": "settlement",
        },
    ),
    migrations.CreateModel(
        name="SettlementItem",
        fields=[
            ("transfer_id", models.BigIntegerField(primary_key=True, serialize=False)),
            ("client_body", models.TextField()),
            ("kind", models.TextField()),
            ("day", models.DateField()),
            ("payment_id", models.TextField()),
            ("about", models.TextField()),
            ("clearing_yen", models.BigIntegerField()),
            ("bank_yen", models.BigIntegerField()),
            ("bill_yen", models.BigIntegerField()),
            ("fee_yen", models.BigIntegerField()),
            ("fee_tax_yen", models.BigIntegerField()),
            ("disputes_yen", models.BigIntegerField()),
        ],
        options={
            "db_table": "settlement_item",
        },
    ),
    migrations.AddIndex(
        model_name="payout",
        index=models.Index(fields=["client_body", "id"], name="payout_body"),
    ),
    migrations.AddConstraint(
        model_name="payout",
        constraint=models.CheckConstraint(
            condition=models.Q(("amount_yen__gt", 0)), name="payout_amount"
        ),
    ),
    migrations.AddConstraint(
        model_name="payout",
        constraint=models.CheckConstraint(
            condition=models.Q(
                ("state__in", ["prepared", "approved", "made", "returned", "dropped"])
            ),
            name="payout_state",
        ),
    ),
    migrations.AddConstraint(
        model_name="payout",
        constraint=models.CheckConstraint(
            condition=models.Q(
                models.Q(("state", "approved"), _negated=True),
                models.Q(("approved_by", models.F("prepared_by")), _negated=True),
                _connector="OR",
            ),
            name="payout_second_person",
        ),
    ),
    migrations.AddConstraint(
        model_name="payout",
        constraint=models.UniqueConstraint(
            condition=models.Q(("state", "prepared")),
            fields=("client_body",),
            name="one_prepared_payout",
        ),
    ),
    migrations.AddIndex(
        model_name="payoutevent",
        index=models.Index(fields=["payout_id"], name="payout_event_of"),
    ),
    migrations.AddField(
        model_name="settlement",
        name="payout",
        field=models.ForeignKey(
            db_index=False,
            null=True,
            on_delete=django.db.models.deletion.PROTECT,
            to="payments.payout",
        ),
    ),
    migrations.AddField(
        model_name="settlementitem",
        name="settlement",
        field=models.ForeignKey(
            db_index=False,
            null=True,
            on_delete=django.db.models.deletion.PROTECT,
            to="payments.settlement",
        ),
    ),
    migrations.AddIndex(
        model_name="settlement",
        index=models.Index(
            condition=models.Q(("payout__isnull", True)),
            fields=["client_body", "day"],
            name="settlement_unpaid",
        ),
    ),
    migrations.AddIndex(
        model_name="settlement",
        index=models.Index(fields=["payout"], name="settlement_payout"),
    ),
    migrations.AddIndex(
        model_name="settlement",
        index=models.Index(fields=["day", "client_body"], name="settlement_day"),
    ),
    migrations.AddConstraint(
        model_name="settlement",
        constraint=models.UniqueConstraint(fields=("client_body", "day"), name="settled_day_once"),
    ),
    migrations.AddConstraint(
        model_name="settlement",
        constraint=models.CheckConstraint(
            condition=models.Q(
                (
                    "clearing_yen",
                    models.F("net_yen")
                    + models.F("fee_yen")
                    + models.F("fee_tax_yen")
                    + models.F("disputes_yen"),
                )
            ),
            name="settlement_balances",
        ),
    ),
    migrations.AddIndex(
        model_name="settlementitem",
        index=models.Index(
            condition=models.Q(("settlement__isnull", True)),
            fields=["client_body", "day"],
            name="item_open",
        ),
    ),
    migrations.AddIndex(
        model_name="settlementitem",
        index=models.Index(fields=["settlement", "transfer_id"], name="item_settlement"),
    ),
    migrations.AddConstraint(
        model_name="settlementitem",
        constraint=models.CheckConstraint(
            condition=models.Q(
                (
                    "clearing_yen",
                    models.F("bill_yen")
                    + models.F("fee_yen")
                    + models.F("fee_tax_yen")
                    + models.F("disputes_yen"),
                )
            ),
            name="item_balances",
        ),
    ),
    migrations.AddConstraint(
        model_name="settlementitem",
        constraint=models.CheckConstraint(
            condition=models.Q(
                (
                    "kind__in",
                    (
                        "capture",
                        "refund",
                        "chargeback",
                        "representment",
                        "dispute_lost",
                        "correction",
                    ),
                )
            ),
            name="item_kind",
        ),
    ),
)
