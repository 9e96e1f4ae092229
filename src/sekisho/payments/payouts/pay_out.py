"""Pay a client body: one person prepares, another approves, the bank says whether it was made.

A payout takes settled days that no other has; the ledger moves the very sum of their items
(``open_payout``), on its way until the bank's word posts or voids it. Days whose sum is not above
zero stay where they are: the next days carry them."""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta

import msgspec
from psycopg.types.json import Jsonb

from sekisho import evidence
from sekisho.crossings.message import Refusal
from sekisho.crossings.payments import (
    ApprovePayout,
    DropPayout,
    MarkPayoutMade,
    MarkPayoutReturned,
    PayoutShown,
    PreparePayout,
)
from sekisho.payments.after_payment.asker import check_reason, person
from sekisho.payments.body_events import tell_body
from sekisho.payments.payouts.differences import note_difference, same_person
from sekisho.payments.payouts.payout_section import account_of
from sekisho.payments.payouts.show_payouts import payout_shown
from sekisho.payments.records.session import EVERY_BODY, Rows, acting_for
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller
from sekisho.vocabulary.clock import business_date
from sekisho.vocabulary.identifiers import new_id
from sekisho.vocabulary.twins import is_twin

MAX_BANK_REFERENCE_CHARACTERS = 40
PAY_WITHIN_DAYS = 60
"""How far ahead the bank may be asked to pay."""


def prepare_payout(room: Room, caller: Caller, message: PreparePayout) -> PayoutShown:
    """Gather the days into a payout. Raises ``Refusal`` as ``PreparePayout`` describes, and
    ``prepared_already``."""
    by, body = person(caller, message.by), message.client_body
    if body not in room.bodies():
        raise Refusal("payout_unknown", "no such client body", "client_body")
    if is_twin(body):
        raise Refusal("test_body", "a test's money does not exist", "client_body")
    account = account_of(room.sites, body)
    if account is None:
        raise Refusal("account_unknown", "write [payments.payout] into its site", "client_body")
    with acting_for(body) as rows:
        # Two who prepare at once go one after the other.
        rows.do("SELECT pg_advisory_xact_lock(7235010, hashtext(%s))", [body])
        standing = rows.one(
            "SELECT id, last_day FROM payout WHERE client_body = %s AND state = 'prepared'", [body]
        )
        if standing is not None:
            if standing[1] != message.last_day:
                raise Refusal("prepared_already", f"{standing[0]}: approve or drop it first")
            return payout_shown(rows, standing[0])
        made = _gather(rows, message, by, Jsonb(msgspec.to_builtins(account)), room)
        shown = payout_shown(rows, made)
        _tell("payments.payout_prepared", shown, {"by": by})
    return shown


def _gather(rows: Rows, message: PreparePayout, by: str, account: Jsonb, room: Room) -> str:
    body = message.client_body
    days = rows.all(
        "SELECT id, day, net_yen FROM settlement WHERE client_body = %s AND payout_id IS NULL"
        " AND day <= %s ORDER BY day FOR NO KEY UPDATE",
        [body, message.last_day],
    )
    total = sum(day[2] for day in days)
    if total <= 0:
        raise Refusal(
            "nothing_to_pay", f"{total} yen of {len(days)} days: it is carried over", "last_day"
        )
    payout_id = new_id("payout")
    rows.do(
        "INSERT INTO payout (id, client_body, first_day, last_day, days, amount_yen, carried_yen,"
        " state, account, prepared_by, prepared_at, moved_by)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, 'prepared', %s, %s, %s, %s)",
        [
            payout_id,
            body,
            days[0][1],
            message.last_day,
            len(days),
            total,
            sum(day[2] for day in days if day[2] < 0),
            account,
            by,
            room.now(),
            by,
        ],
    )
    rows.do(
        "UPDATE settlement SET payout_id = %s WHERE id = ANY(%s)",
        [payout_id, [day[0] for day in days]],
    )
    return payout_id


def approve_payout(room: Room, caller: Caller, message: ApprovePayout) -> PayoutShown:
    """The second person's yes; the money is on its way. Raises ``Refusal`` as ``ApprovePayout``
    describes."""
    by, today = person(caller, message.by), business_date(room.now())
    with acting_for(EVERY_BODY) as rows:
        shown = _locked(rows, message.payout_id)
        said = (shown.approved_by, shown.amount_yen, shown.pay_on)
        if shown.state == "approved" and said == (by, message.amount_yen, message.pay_on):
            return shown
        if shown.state not in ("prepared", "returned"):
            raise Refusal("payout_over", f"it is {shown.state}", "payout_id")
        if same_person(shown.prepared_by, by):
            raise Refusal("same_person", f"{shown.prepared_by} prepared it", "by")
        if message.amount_yen != shown.amount_yen:
            raise Refusal("amount_differs", f"it is over {shown.amount_yen} yen", "amount_yen")
        if not today <= message.pay_on <= today + timedelta(days=PAY_WITHIN_DAYS):
            raise Refusal("day_wrong", f"today or within {PAY_WITHIN_DAYS} days", "pay_on")
        account = account_of(room.sites, shown.client_body)
        if account is None:
            raise Refusal("account_unknown", "write [payments.payout] into its site", "payout_id")
        rows.do(
            "UPDATE payout SET state = 'approved', number = number + 1, approved_by = %s,"
            " approved_at = %s, pay_on = %s, account = %s, moved_by = %s, why = '' WHERE id = %s",
            [
                by,
                room.now(),
                message.pay_on,
                Jsonb(msgspec.to_builtins(account)),
                by,
                shown.payout_id,
            ],
        )
        rows.do("SELECT open_payout(%s, %s)", [shown.payout_id, shown.client_body])
        shown = payout_shown(rows, shown.payout_id)
        _tell("payments.payout_approved", shown, {"by": by, "pay_on": message.pay_on.isoformat()})
    return shown


def drop_payout(caller: Caller, message: DropPayout) -> PayoutShown:
    """Free its days. Raises ``Refusal`` as ``DropPayout`` describes."""
    by, reason = person(caller, message.by), check_reason(message.reason)
    with acting_for(EVERY_BODY) as rows:
        shown = _locked(rows, message.payout_id)
        if shown.state == "dropped" and shown.why == reason:
            return shown
        if shown.state not in ("prepared", "returned"):
            raise Refusal("payout_over", f"it is {shown.state}", "payout_id")
        _move(rows, shown.payout_id, "dropped", by, reason)
        rows.do("UPDATE settlement SET payout_id = NULL WHERE payout_id = %s", [shown.payout_id])
        _tell("payments.payout_dropped", shown, {"by": by, "reason": reason})
        return payout_shown(rows, shown.payout_id)


def mark_payout_made(room: Room, caller: Caller, message: MarkPayoutMade) -> PayoutShown:
    """The bank paid it. Raises ``Refusal`` as ``MarkPayoutMade`` describes."""
    by, reference = person(caller, message.by), message.bank_reference.strip()
    if not _is_reference(reference):
        most = MAX_BANK_REFERENCE_CHARACTERS
        raise Refusal("reference_wrong", f"1 to {most} characters", "bank_reference")
    if message.made_on > business_date(room.now()):
        raise Refusal("day_wrong", "this day has not come yet", "made_on")
    with acting_for(EVERY_BODY) as rows:
        shown = _locked(rows, message.payout_id)
        said = (shown.made_on, shown.bank_reference, shown.amount_yen)
        if shown.state == "made" and said == (message.made_on, reference, message.amount_yen):
            return shown
        if shown.state != "approved":
            raise Refusal("not_approved", f"it is {shown.state}", "payout_id")
        if shown.amount_yen == message.amount_yen:
            return _make(rows, shown, message.made_on, reference, by)
    _note_other_amount(room, shown, message, reference)
    raise Refusal("amount_differs", f"ordered were {shown.amount_yen} yen", "amount_yen")


def _make(rows: Rows, shown: PayoutShown, made_on: date, reference: str, by: str) -> PayoutShown:
    rows.do(
        "UPDATE payout SET state = 'made', made_on = %s, made_by = %s, bank_reference = %s,"
        " moved_by = %s WHERE id = %s",
        [made_on, by, reference, by, shown.payout_id],
    )
    rows.do("SELECT end_payout(%s, %s, 'payout_posted')", [shown.payout_id, shown.client_body])
    facts = {"by": by, "made_on": made_on.isoformat(), "bank_reference": reference}
    _tell("payments.payout_made", shown, facts)
    tell_body(
        rows,
        shown.client_body,
        "payout.made",
        shown.payout_id,
        {
            "amount_yen": shown.amount_yen,
            "first_day": shown.first_day.isoformat(),
            "last_day": shown.last_day.isoformat(),
            "made_on": made_on.isoformat(),
        },
    )
    return payout_shown(rows, shown.payout_id)


def mark_payout_returned(caller: Caller, message: MarkPayoutReturned) -> PayoutShown:
    """The bank gave it back: the body is owed it again. Raises ``Refusal`` as
    ``MarkPayoutReturned`` describes."""
    by, reason = person(caller, message.by), check_reason(message.reason)
    with acting_for(EVERY_BODY) as rows:
        shown = _locked(rows, message.payout_id)
        if shown.state == "returned" and shown.why == reason:
            return shown
        if shown.state != "approved":
            raise Refusal("not_approved", f"it is {shown.state}", "payout_id")
        _move(rows, shown.payout_id, "returned", by, reason)
        rows.do("SELECT end_payout(%s, %s, 'payout_voided')", [shown.payout_id, shown.client_body])
        _tell("payments.payout_returned", shown, {"by": by, "reason": reason})
        return payout_shown(rows, shown.payout_id)


def _move(rows: Rows, payout_id: str, state: str, by: str, why: str) -> None:
    rows.do(
        "UPDATE payout SET state = %s, moved_by = %s, why = %s WHERE id = %s",
        [state, by, why, payout_id],
    )


def _note_other_amount(
    room: Room, shown: PayoutShown, message: MarkPayoutMade, reference: str
) -> None:
    with acting_for(EVERY_BODY) as rows:
        note_difference(
            rows,
            key=f"payout:{shown.payout_id}:{shown.order_number}:{reference}:{message.amount_yen}",
            kind="payout_differs",
            client_body=shown.client_body,
            day=message.made_on,
            subject=shown.payout_id,
            said=f"ordered {shown.amount_yen} yen, the bank paid {message.amount_yen} yen"
            f" ({reference})",
            amount_yen=abs(shown.amount_yen - message.amount_yen),
            now=room.now(),
        )


def _locked(rows: Rows, payout_id: str) -> PayoutShown:
    rows.do("SELECT 1 FROM payout WHERE id = %s FOR NO KEY UPDATE", [payout_id])
    return payout_shown(rows, payout_id)


def _is_reference(text: str) -> bool:
    return 1 <= len(text) <= MAX_BANK_REFERENCE_CHARACTERS and all(
        unicodedata.category(character)[0] != "C" for character in text
    )


def _tell(kind: str, shown: PayoutShown, facts: dict[str, str]) -> None:
    evidence.append(
        kind=kind,
        subject=shown.payout_id,
        facts={
            "client_body": shown.client_body,
            "amount_yen": shown.amount_yen,
            "first_day": shown.first_day.isoformat(),
            "last_day": shown.last_day.isoformat(),
            "number": shown.order_number,
            **facts,
        },
    )
