"""The doors of charge runs."""

from __future__ import annotations

from sekisho.crossings import payments as said
from sekisho.payments.charge_runs.approve import (
    approve_charge_run,
    resume_charge_run,
    stop_charge_run,
)
from sekisho.payments.charge_runs.plan import plan_charge_run
from sekisho.payments.charge_runs.read_run import (
    list_charge_items,
    list_charge_runs,
    show_charge_run,
)
from sekisho.payments.charge_runs.work_list import close_charge_item, retry_charge_item
from sekisho.payments.in_flight import alone
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller, Doors


def open_charge_runs(doors: Doors, room: Room) -> None:
    """Open them over ``room``."""
    _to_look(doors, room)
    _to_act(doors, room)


def _to_look(doors: Doors, room: Room) -> None:
    @doors.on(said.ListChargeRuns)
    def _(caller: Caller, message: said.ListChargeRuns) -> said.ChargeRunsShown:
        return list_charge_runs(room, caller, message)

    @doors.on(said.ShowChargeRun)
    def _(caller: Caller, message: said.ShowChargeRun) -> said.ChargeRunShown:
        return show_charge_run(room, caller, message)

    @doors.on(said.ListChargeItems)
    def _(caller: Caller, message: said.ListChargeItems) -> said.ChargeItemsShown:
        return list_charge_items(room, caller, message)


def _to_act(doors: Doors, room: Room) -> None:
    @doors.on(said.PlanChargeRun)
    def _(caller: Caller, message: said.PlanChargeRun) -> said.ChargeRunShown:
        with alone("charge_run", message.client_body, message.key):
            return plan_charge_run(room, caller, message)

    @doors.on(said.ApproveChargeRun)
    def _(caller: Caller, message: said.ApproveChargeRun) -> said.ChargeRunShown:
        return approve_charge_run(room, caller, message)

    @doors.on(said.StopChargeRun)
    def _(caller: Caller, message: said.StopChargeRun) -> said.ChargeRunShown:
        return stop_charge_run(room, caller, message)

    @doors.on(said.ResumeChargeRun)
    def _(caller: Caller, message: said.ResumeChargeRun) -> said.ChargeRunShown:
        return resume_charge_run(room, caller, message)

    @doors.on(said.RetryChargeItem)
    def _(caller: Caller, message: said.RetryChargeItem) -> said.ChargeItemShown:
        return retry_charge_item(room, caller, message)

    @doors.on(said.CloseChargeItem)
    def _(caller: Caller, message: said.CloseChargeItem) -> said.ChargeItemShown:
        return close_charge_item(room, caller, message)
