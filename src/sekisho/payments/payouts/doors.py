"""The doors of settlement."""

from __future__ import annotations

from sekisho.crossings import payments as said
from sekisho.payments.payouts.differences import (
    close_difference,
    list_differences,
    take_difference,
)
from sekisho.payments.payouts.pay_out import (
    approve_payout,
    drop_payout,
    mark_payout_made,
    mark_payout_returned,
    prepare_payout,
)
from sekisho.payments.payouts.show_lines import reconciliation_lines
from sekisho.payments.payouts.show_payouts import list_payouts, show_payout
from sekisho.payments.payouts.show_settlements import (
    list_settlements,
    monthly_figures,
    show_settlement,
)
from sekisho.payments.payouts.take_clearing import list_clearings, note_clearing
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller, Doors


def open_payouts(doors: Doors, room: Room) -> None:
    """Open them over ``room``."""
    _for_bodies(doors, room)
    _for_the_list(doors, room)
    _for_payers(doors, room)


def _for_bodies(doors: Doors, room: Room) -> None:
    @doors.on(said.ListSettlements)
    def _(caller: Caller, message: said.ListSettlements) -> said.SettlementsShown:
        return list_settlements(room, caller, message)

    @doors.on(said.ShowSettlement)
    def _(caller: Caller, message: said.ShowSettlement) -> said.SettlementShown:
        return show_settlement(room, caller, message)

    @doors.on(said.ListPayouts)
    def _(caller: Caller, message: said.ListPayouts) -> said.PayoutsShown:
        return list_payouts(room, caller, message)

    @doors.on(said.ShowPayout)
    def _(caller: Caller, message: said.ShowPayout) -> said.PayoutShown:
        return show_payout(room, caller, message)

    @doors.on(said.MonthlyFigures)
    def _(caller: Caller, message: said.MonthlyFigures) -> said.MonthFigures:
        return monthly_figures(room, caller, message)

    @doors.on(said.ReconciliationLines)
    def _(caller: Caller, message: said.ReconciliationLines) -> said.LinesShown:
        return reconciliation_lines(room, caller, message)


def _for_the_list(doors: Doors, room: Room) -> None:
    @doors.on(said.ListDifferences)
    def _(caller: Caller, message: said.ListDifferences) -> said.DifferencesShown:
        return list_differences(room, caller, message)

    @doors.on(said.TakeDifference)
    def _(caller: Caller, message: said.TakeDifference) -> said.DifferenceShown:
        return take_difference(caller, message)

    @doors.on(said.CloseDifference)
    def _(caller: Caller, message: said.CloseDifference) -> said.DifferenceShown:
        return close_difference(room, caller, message)

    @doors.on(said.NoteClearing)
    def _(_: Caller, message: said.NoteClearing) -> said.ClearingNoted:
        return note_clearing(room, message)

    @doors.on(said.ListClearings)
    def _(_: Caller, message: said.ListClearings) -> said.ClearingsShown:
        return list_clearings(message)


def _for_payers(doors: Doors, room: Room) -> None:
    """What two operators do."""

    @doors.on(said.PreparePayout)
    def _(caller: Caller, message: said.PreparePayout) -> said.PayoutShown:
        return prepare_payout(room, caller, message)

    @doors.on(said.ApprovePayout)
    def _(caller: Caller, message: said.ApprovePayout) -> said.PayoutShown:
        return approve_payout(room, caller, message)

    @doors.on(said.DropPayout)
    def _(caller: Caller, message: said.DropPayout) -> said.PayoutShown:
        return drop_payout(caller, message)

    @doors.on(said.MarkPayoutMade)
    def _(caller: Caller, message: said.MarkPayoutMade) -> said.PayoutShown:
        return mark_payout_made(room, caller, message)

    @doors.on(said.MarkPayoutReturned)
    def _(caller: Caller, message: said.MarkPayoutReturned) -> said.PayoutShown:
        return mark_payout_returned(caller, message)
