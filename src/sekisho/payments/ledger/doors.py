"""The ledger's doors."""

from __future__ import annotations

from sekisho.crossings import payments as said
from sekisho.payments.ledger.balance import show_balance
from sekisho.payments.ledger.reconcile import reconcile, show_reconciliations
from sekisho.payments.ledger.verify import verify_ledger
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller, Doors


def open_ledger(doors: Doors, room: Room) -> None:
    """Answer what operators ask of the books."""

    @doors.on(said.VerifyLedger)
    def _(_: Caller, message: said.VerifyLedger) -> said.LedgerVerified:
        return verify_ledger()

    @doors.on(said.ShowBalance)
    def _(_: Caller, message: said.ShowBalance) -> said.BalanceShown:
        return show_balance(message)

    @doors.on(said.Reconcile)
    def _(_: Caller, message: said.Reconcile) -> said.Reconciled:
        return reconcile(room, message)

    @doors.on(said.ShowReconciliations)
    def _(_: Caller, message: said.ShowReconciliations) -> said.ReconciliationsShown:
        return show_reconciliations(message)
