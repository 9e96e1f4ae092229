"""The doors of money after the issuer's yes."""

from __future__ import annotations

from sekisho.crossings import payments as said
from sekisho.crossings.message import Taken
from sekisho.payments.after_payment.capture import capture_payment
from sekisho.payments.after_payment.dispute import (
    answer_dispute,
    chargeback_received,
    dispute_ended,
    list_disputes,
)
from sekisho.payments.after_payment.refund import refund_payment
from sekisho.payments.after_payment.refund_outcome import refund_outcome
from sekisho.payments.after_payment.settle import settle_rows
from sekisho.payments.after_payment.show_money import show_money
from sekisho.payments.after_payment.void import void_payment
from sekisho.payments.in_flight import alone
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller, Doors


def open_after_payment(doors: Doors, room: Room) -> None:
    """Open them over ``room``."""
    _for_people(doors, room)
    _for_network(doors, room)


def _for_people(doors: Doors, room: Room) -> None:
    @doors.on(said.ShowMoney)
    def _(caller: Caller, message: said.ShowMoney) -> said.MoneyShown:
        return show_money(room, caller, message)

    @doors.on(said.CapturePayment)
    def _(caller: Caller, message: said.CapturePayment) -> said.MoneyShown:
        return capture_payment(room, caller, message)

    @doors.on(said.VoidPayment)
    def _(caller: Caller, message: said.VoidPayment) -> said.MoneyShown:
        return void_payment(room, caller, message)

    @doors.on(said.RefundPayment)
    def _(caller: Caller, message: said.RefundPayment) -> said.RefundShown:
        with alone("refund", message.client_body, message.key):
            return refund_payment(room, caller, message)

    @doors.on(said.AnswerDispute)
    def _(caller: Caller, message: said.AnswerDispute) -> said.DisputeShown:
        return answer_dispute(room, caller, message)

    @doors.on(said.ListDisputes)
    def _(caller: Caller, message: said.ListDisputes) -> said.DisputesShown:
        return list_disputes(room, caller, message)

    @doors.on(said.SettleRows)
    def _(_: Caller, message: said.SettleRows) -> said.RowsSettled:
        return settle_rows(room, message)


def _for_network(doors: Doors, room: Room) -> None:
    @doors.on(said.RefundOutcome)
    def _(_: Caller, message: said.RefundOutcome) -> Taken:
        return refund_outcome(room, message)

    @doors.on(said.ChargebackReceived)
    def _(_: Caller, message: said.ChargebackReceived) -> Taken:
        return chargeback_received(room, message)

    @doors.on(said.DisputeEnded)
    def _(_: Caller, message: said.DisputeEnded) -> Taken:
        return dispute_ended(room, message)
