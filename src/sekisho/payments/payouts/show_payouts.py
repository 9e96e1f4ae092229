"""Payouts as they are shown: what they are made of, where they stand, and what is owed besides."""

from __future__ import annotations

import json
from typing import LiteralString

import msgspec

from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    BankAccount,
    ListPayouts,
    OwedShown,
    PayoutShown,
    PayoutsShown,
    ShowPayout,
)
from sekisho.crossings.payments.payouts import MAX_PAYOUTS_SHOWN
from sekisho.payments.after_payment.asker import body_of
from sekisho.payments.records.session import Row, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller

_SHOWN: LiteralString = (
    "SELECT p.id, p.client_body, p.first_day, p.last_day, p.days, p.carried_yen, p.amount_yen,"
    " p.state, p.number, p.account::text, p.prepared_by, p.prepared_at, p.approved_by,"
    " p.approved_at, p.pay_on, p.made_on, p.made_by, p.bank_reference, p.why, s.captures,"
    " s.bills_yen, s.refunded_yen, s.lost_yen, s.corrections_yen, s.fee_yen, s.fee_tax_yen"
    " FROM payout p LEFT JOIN LATERAL (SELECT coalesce(sum(captures), 0)::bigint AS captures,"
    " coalesce(sum(bills_yen), 0)::bigint AS bills_yen,"
    " coalesce(sum(refunded_bills_yen), 0)::bigint AS refunded_yen,"
    " coalesce(sum(disputes_lost_yen), 0)::bigint AS lost_yen,"
    " coalesce(sum(corrections_yen), 0)::bigint AS corrections_yen,"
    " coalesce(sum(fee_yen), 0)::bigint AS fee_yen,"
    " coalesce(sum(fee_tax_yen), 0)::bigint AS fee_tax_yen"
    " FROM settlement WHERE payout_id = p.id) s ON true"
)


def list_payouts(room: Room, caller: Caller, message: ListPayouts) -> PayoutsShown:
    """Return payouts, newest first, and what is settled and in none."""
    limit = max(1, min(message.limit, MAX_PAYOUTS_SHOWN))
    with acting_for(body_of(room, caller, message.client_body), snapshot=True) as rows:
        found = rows.all(
            _SHOWN + " WHERE (%s = '' OR p.state = %s) AND (%s = '' OR p.id < %s)"
            " ORDER BY p.id DESC LIMIT %s",
            [message.state, message.state, message.after, message.after, limit + 1],
        )
        owed = rows.all(
            "SELECT client_body, min(day), max(day), count(*)::int, sum(net_yen)::bigint"
            " FROM settlement WHERE payout_id IS NULL GROUP BY client_body ORDER BY client_body"
        )
    shown = [for_asker(caller, payout_of(row)) for row in found[:limit]]
    return PayoutsShown(
        payouts=shown,
        owed=[
            OwedShown(client_body=body, first_day=first, last_day=last, days=days, amount_yen=yen)
            for body, first, last, days, yen in owed
        ],
        next_after=shown[-1].payout_id if len(found) > limit else "",
    )


def show_payout(room: Room, caller: Caller, message: ShowPayout) -> PayoutShown:
    """Return one payout. Raises ``Refusal`` ``payout_unknown``."""
    with acting_for(body_of(room, caller, message.client_body)) as rows:
        return for_asker(caller, payout_shown(rows, message.payout_id))


def for_asker(caller: Caller, shown: PayoutShown) -> PayoutShown:
    """A client body does not see which of the operators did it."""
    if caller.zone != "client_desk":
        return shown
    return msgspec.structs.replace(shown, prepared_by="", approved_by="", made_by="")


def payout_shown(rows: Rows, payout_id: str) -> PayoutShown:
    """Return a payout that ``rows`` can see. Raises ``Refusal`` ``payout_unknown``."""
    row = rows.one(_SHOWN + " WHERE p.id = %s", [payout_id])
    if row is None:
        raise Refusal("payout_unknown", "", "payout_id")
    return payout_of(row)


def payouts_where(rows: Rows, condition: LiteralString, values: list[object]) -> list[PayoutShown]:
    """Return the payouts that fit, oldest first."""
    return [payout_of(row) for row in rows.all(_SHOWN + condition + " ORDER BY p.id", values)]


def payout_of(row: Row) -> PayoutShown:
    """Return a row of ``_SHOWN`` as its doors show it."""
    return PayoutShown(
        payout_id=row[0],
        client_body=row[1],
        first_day=row[2],
        last_day=row[3],
        days=row[4],
        carried_yen=row[5],
        amount_yen=row[6],
        state=row[7],
        order_number=row[8],
        account=msgspec.convert(json.loads(row[9]), BankAccount),
        prepared_by=row[10],
        prepared_at=row[11],
        approved_by=row[12],
        approved_at=row[13],
        pay_on=row[14],
        made_on=row[15],
        made_by=row[16],
        bank_reference=row[17],
        why=row[18],
        captures=row[19],
        bills_yen=row[20],
        refunded_yen=row[21],
        disputes_lost_yen=row[22],
        corrections_yen=row[23],
        fee_yen=row[24],
        fee_tax_yen=row[25],
    )
