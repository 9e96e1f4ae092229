"""The doors of payments: who may say what is in ``crossings.permits``; no decision is made here."""

from __future__ import annotations

from sekisho.crossings import payments as said
from sekisho.crossings.message import Taken
from sekisho.payments.after_payment.doors import open_after_payment
from sekisho.payments.business.doors import open_business
from sekisho.payments.card_outcomes import (
    authentication_outcome,
    authorisation_outcome,
    capture_outcome,
    reversal_outcome,
)
from sekisho.payments.cases.decide_case import decide_case
from sekisho.payments.cases.list_cases import list_cases
from sekisho.payments.change_payment import (
    cancel_payment,
    extend_payment,
    finish_challenge,
    reopen_card_form,
)
from sekisho.payments.charge_runs.doors import open_charge_runs
from sekisho.payments.enrol import find_policy, start_enrolment
from sekisho.payments.enrolments.doors import open_enrolments
from sekisho.payments.find_bill import find_bill
from sekisho.payments.find_payment import find_payment
from sekisho.payments.guard.show_guard import set_entry, show_card_entry, show_guard
from sekisho.payments.import_bills import lay_bills_aside
from sekisho.payments.import_file import commit_import, open_import
from sekisho.payments.import_policies import lay_policies_aside
from sekisho.payments.in_flight import alone
from sekisho.payments.ledger.doors import open_ledger
from sekisho.payments.payouts.doors import open_payouts
from sekisho.payments.room import Room, who
from sekisho.payments.show_history import list_unpaid_bills, show_history
from sekisho.payments.show_payment import show_payment
from sekisho.payments.take_payment import card_entered, confirm_payment, start_payment
from sekisho.transport.doors import Caller, Doors


def open_doors(room: Room) -> Doors:
    """Return the zone's doors over ``room``."""
    doors = Doors("payments")
    _for_sites(doors, room)
    _for_vault_and_network(doors, room)
    _for_desk_and_operators(doors, room)
    _for_cases(doors, room)
    open_after_payment(doors, room)
    open_business(doors, room)
    open_enrolments(doors, room)
    open_ledger(doors, room)
    open_charge_runs(doors, room)
    open_payouts(doors, room)
    return doors


def _for_sites(doors: Doors, room: Room) -> None:
    @doors.on(said.FindBill)
    def _(caller: Caller, message: said.FindBill) -> said.BillFound:
        return find_bill(room, caller, message)

    @doors.on(said.StartPayment)
    def _(caller: Caller, message: said.StartPayment) -> said.PaymentStarted:
        with alone("start", who(caller), message.key):
            return start_payment(room, caller, message)

    @doors.on(said.ReopenCardForm)
    def _(caller: Caller, message: said.ReopenCardForm) -> said.PaymentStarted:
        return reopen_card_form(room, caller, message)

    @doors.on(said.ShowPayment)
    def _(caller: Caller, message: said.ShowPayment) -> said.PaymentShown:
        return show_payment(room, caller, message)

    @doors.on(said.FindPayment)
    def _(caller: Caller, message: said.FindPayment) -> said.PaymentShown:
        return find_payment(room, caller, message)

    @doors.on(said.ConfirmPayment)
    def _(caller: Caller, message: said.ConfirmPayment) -> said.PaymentShown:
        return confirm_payment(room, caller, message)

    @doors.on(said.FinishChallenge)
    def _(caller: Caller, message: said.FinishChallenge) -> said.PaymentShown:
        return finish_challenge(room, caller, message)

    @doors.on(said.CancelPayment)
    def _(caller: Caller, message: said.CancelPayment) -> said.PaymentShown:
        return cancel_payment(room, caller, message)

    @doors.on(said.ExtendPayment)
    def _(caller: Caller, message: said.ExtendPayment) -> said.PaymentShown:
        return extend_payment(room, caller, message)

    @doors.on(said.FindPolicy)
    def _(caller: Caller, message: said.FindPolicy) -> said.PolicyFound:
        return find_policy(room, caller, message)

    @doors.on(said.ShowCardEntry)
    def _(caller: Caller, message: said.ShowCardEntry) -> said.CardEntryShown:
        return show_card_entry(room, caller, message)

    @doors.on(said.StartEnrolment)
    def _(caller: Caller, message: said.StartEnrolment) -> said.PaymentStarted:
        with alone("start", who(caller), message.key):
            return start_enrolment(room, caller, message)


def _for_vault_and_network(doors: Doors, room: Room) -> None:
    @doors.on(said.CardEntered)
    def _(_: Caller, message: said.CardEntered) -> Taken:
        return card_entered(room, message)

    @doors.on(said.AuthenticationOutcome)
    def _(_: Caller, message: said.AuthenticationOutcome) -> Taken:
        return authentication_outcome(room, message)

    @doors.on(said.AuthorisationOutcome)
    def _(_: Caller, message: said.AuthorisationOutcome) -> Taken:
        return authorisation_outcome(room, message)

    @doors.on(said.CaptureOutcome)
    def _(_: Caller, message: said.CaptureOutcome) -> Taken:
        return capture_outcome(room, message)

    @doors.on(said.ReversalOutcome)
    def _(_: Caller, message: said.ReversalOutcome) -> Taken:
        return reversal_outcome(room, message)


def _for_desk_and_operators(doors: Doors, room: Room) -> None:
    @doors.on(said.OpenImport)
    def _(caller: Caller, message: said.OpenImport) -> said.ImportOpened:
        return open_import(room, caller, message)

    @doors.on(said.ImportBills)
    def _(_: Caller, message: said.ImportBills) -> Taken:
        return lay_bills_aside(room, message)

    @doors.on(said.ImportPolicies)
    def _(_: Caller, message: said.ImportPolicies) -> Taken:
        return lay_policies_aside(room, message)

    @doors.on(said.CommitImport)
    def _(caller: Caller, message: said.CommitImport) -> said.ImportResult:
        with alone("import", message.import_id):
            return commit_import(room, caller, message)

    @doors.on(said.ShowHistory)
    def _(_: Caller, message: said.ShowHistory) -> said.PaymentHistory:
        return show_history(message)

    @doors.on(said.ShowGuard)
    def _(_: Caller, message: said.ShowGuard) -> said.GuardShown:
        return show_guard(room, message)

    @doors.on(said.SetCardEntry)
    def _(_: Caller, message: said.SetCardEntry) -> said.GuardShown:
        return set_entry(room, message)

    @doors.on(said.ListUnpaidBills)
    def _(_: Caller, message: said.ListUnpaidBills) -> said.UnpaidBills:
        return list_unpaid_bills(room, message)


def _for_cases(doors: Doors, room: Room) -> None:
    @doors.on(said.ListCases)
    def _(_: Caller, message: said.ListCases) -> said.CasesShown:
        return list_cases(room, message)

    @doors.on(said.DecideCase)
    def _(_: Caller, message: said.DecideCase) -> said.CaseShown:
        return decide_case(room, message)
