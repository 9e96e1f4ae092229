"""Hands for the tests of settlement: days that end with the network's file, payouts by two."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

from sekisho.crossings import payments
from sekisho.transport.doors import Caller
from tests.rooms.payments.world import TERMINAL, World, next_number, rows_of

CONSOLE = Caller("console", "console", None)
BODY = "mihon_to"
SIGNS = {"capture": 1, "refund": -1, "chargeback": -1, "representment": 1}


class Days:
    """What the network would name of each day, and the day's end."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rows: list[payments.ClearingRow] = []
        self.paid: dict[str, int] = {}
        """Total yen by payment."""

    @property
    def today(self) -> date:
        from sekisho.vocabulary.clock import business_date

        return business_date(self.world.moment)

    def name(self, payment_id: str, kind: str, reference: str, yen: int) -> None:
        self.rows.append(
            self.world.clearing(
                payment_id,
                line=len(self.rows) + 2,
                kind=kind,
                network_reference=reference,
                amount_yen=yen,
            )
        )

    def pay(self, amount_yen: int = 12_000) -> str:
        """A payer pays a bill; the day's file will name it."""
        world = self.world
        (bill,) = world.add_bills(1, payment_number=next_number(), amount_yen=amount_yen)
        facts = world.find(bill)
        payment_id = world.start(facts, f"key-{next_number()}").payment_id
        world.enter_card(payment_id)
        world.confirm(payment_id)
        world.authenticate(payment_id)
        world.authorise(payment_id)
        world.capture(payment_id)
        self.paid[payment_id] = facts.total_yen
        self.name(payment_id, "capture", "ref-1", facts.total_yen)
        return payment_id

    def give_back(self, payment_id: str, amount_yen: int, fee_yen: int = 0) -> str:
        """A clerk gives money back; the day's file will name it."""
        left = self.world.money(payment_id).left_yen
        refund_id: str = self.world.refund(
            payment_id,
            f"refund-{next_number()}",
            amount_yen=amount_yen,
            fee_yen=fee_yen,
            left_yen=left,
        ).refund_id
        self.world.refunded(payment_id, refund_id)
        self.name(payment_id, "refund", f"net-{refund_id[-8:]}", amount_yen + fee_yen)
        return refund_id

    def charge_back(self, payment_id: str, case: str, yen: int) -> None:
        """A cardholder disputes; the day's file will name it."""
        self.world.charge_back(
            payment_id, case, amount_yen=yen, respond_by=date(self.today.year + 1, 12, 1)
        )
        self.name(payment_id, "chargeback", case, yen)

    def end(self, *, final: bool = True) -> Any:
        """The day is over: its file is taken."""
        day, rows = self.today, self.rows
        found = self.world.settle(*rows, day=day) if rows else None
        self.rows = []
        return self.note(day, rows, found, final=final)

    def note(self, day: date, rows: list[Any], found: Any = None, *, final: bool = True) -> Any:
        """Say at the door that the file of ``day`` was sent."""
        text = f"{day} {rows}".encode()
        return self.world.say(
            TERMINAL,
            payments.NoteClearing(
                day=day,
                sha256=hashlib.sha256(text).hexdigest(),
                final=final,
                rows=len(rows),
                net_yen=sum(SIGNS[row.kind] * row.amount_yen for row in rows),
                settled=found.settled + found.settled_before if found else 0,
                differences=len(found.differences) if found else 0,
            ),
        )

    # --- what is shown ------------------------------------------------------------------------

    def shown(self, day: date | None = None) -> payments.SettlementShown:
        message = payments.ShowSettlement(client_body=BODY, day=day or self.today)
        found: payments.SettlementShown = self.ask(message)
        return found

    def differences(self, *, only_open: bool = True) -> list[payments.DifferenceShown]:
        message = payments.ListDifferences(client_body="*", only_open=only_open)
        return list(self.ask(message).differences)

    def ask(self, message: Any) -> Any:
        return self.world.say(TERMINAL, message)

    # --- payouts ------------------------------------------------------------------------------

    def prepare(self, last_day: date | None = None, by: str = "sora", **changed: Any) -> Any:
        fields: dict[str, Any] = {"client_body": BODY, "last_day": last_day or self.today, "by": by}
        return self.world.say(TERMINAL, payments.PreparePayout(**{**fields, **changed}))

    def approve(self, payout: payments.PayoutShown, by: str = "kai", **changed: Any) -> Any:
        fields: dict[str, Any] = {
            "payout_id": payout.payout_id,
            "amount_yen": payout.amount_yen,
            "pay_on": self.today,
            "by": by,
        }
        return self.world.say(CONSOLE, payments.ApprovePayout(**{**fields, **changed}))

    def made(self, payout: payments.PayoutShown, **changed: Any) -> Any:
        fields: dict[str, Any] = {
            "payout_id": payout.payout_id,
            "amount_yen": payout.amount_yen,
            "made_on": self.today,
            "bank_reference": "FB-1",
            "by": "sora",
        }
        return self.world.say(TERMINAL, payments.MarkPayoutMade(**{**fields, **changed}))

    def returned(self, payout: payments.PayoutShown, reason: str = "no such account") -> Any:
        return self.world.say(
            TERMINAL,
            payments.MarkPayoutReturned(payout_id=payout.payout_id, reason=reason, by="sora"),
        )

    def drop(self, payout: payments.PayoutShown, reason: str = "another day") -> Any:
        return self.world.say(
            TERMINAL, payments.DropPayout(payout_id=payout.payout_id, reason=reason, by="sora")
        )


def account(name: str) -> int:
    """Return the balance of an account of ``BODY``, as the entries sum up to it."""
    ((yen,),) = rows_of(
        "SELECT coalesce(sum(amount_yen), 0)::bigint FROM entry"
        " WHERE account = %s AND client_body = %s",
        [name, BODY],
    )
    return int(yen)
