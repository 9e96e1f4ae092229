"""The doors of what client bodies do by themselves, and of links' payers."""

from __future__ import annotations

from sekisho.crossings import payments as said
from sekisho.payments.business.create_link import create_link
from sekisho.payments.business.find_bills import find_bills, show_bill_of_body
from sekisho.payments.business.find_payments import find_payments
from sekisho.payments.business.find_refunds import find_refunds
from sekisho.payments.business.new_events import new_events
from sekisho.payments.business.open_link import open_link
from sekisho.payments.business.put_bill import put_bill, withdraw_bill
from sekisho.payments.business.show_links import cancel_link, find_links, show_link
from sekisho.payments.business.show_payment_of_body import show_payment_of_body
from sekisho.payments.in_flight import alone
from sekisho.payments.room import Room
from sekisho.transport.doors import Caller, Doors


def open_business(doors: Doors, room: Room) -> None:
    """Open them over ``room``."""
    _for_bills(doors, room)
    _for_searches(doors, room)
    _for_links(doors, room)


def _for_bills(doors: Doors, room: Room) -> None:
    @doors.on(said.PutBill)
    def _(caller: Caller, message: said.PutBill) -> said.BillShown:
        with alone("body_key", message.client_body, message.key):
            return put_bill(room, caller, message)

    @doors.on(said.WithdrawBill)
    def _(caller: Caller, message: said.WithdrawBill) -> said.BillShown:
        return withdraw_bill(room, caller, message)

    @doors.on(said.ShowBill)
    def _(caller: Caller, message: said.ShowBill) -> said.BillShown:
        return show_bill_of_body(room, caller, message)

    @doors.on(said.FindBills)
    def _(caller: Caller, message: said.FindBills) -> said.BillsFound:
        return find_bills(room, caller, message)


def _for_searches(doors: Doors, room: Room) -> None:
    @doors.on(said.FindPayments)
    def _(caller: Caller, message: said.FindPayments) -> said.PaymentsFound:
        return find_payments(room, caller, message)

    @doors.on(said.ShowPaymentOfBody)
    def _(caller: Caller, message: said.ShowPaymentOfBody) -> said.PaymentOfBody:
        return show_payment_of_body(room, caller, message)

    @doors.on(said.FindRefunds)
    def _(caller: Caller, message: said.FindRefunds) -> said.RefundsFound:
        return find_refunds(room, caller, message)

    @doors.on(said.NewEvents)
    def _(_: Caller, message: said.NewEvents) -> said.EventsShown:
        return new_events(message)


def _for_links(doors: Doors, room: Room) -> None:
    @doors.on(said.CreateLink)
    def _(caller: Caller, message: said.CreateLink) -> said.LinkShown:
        with alone("body_key", message.client_body, message.key):
            return create_link(room, caller, message)

    @doors.on(said.ShowLink)
    def _(caller: Caller, message: said.ShowLink) -> said.LinkShown:
        return show_link(room, caller, message)

    @doors.on(said.CancelLink)
    def _(caller: Caller, message: said.CancelLink) -> said.LinkShown:
        return cancel_link(room, caller, message)

    @doors.on(said.FindLinks)
    def _(caller: Caller, message: said.FindLinks) -> said.LinksFound:
        return find_links(room, caller, message)

    @doors.on(said.OpenLink)
    def _(caller: Caller, message: said.OpenLink) -> said.LinkOpened:
        return open_link(room, caller, message)
