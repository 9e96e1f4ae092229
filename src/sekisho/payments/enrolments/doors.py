"""The doors of enrolments."""

from __future__ import annotations

from sekisho.crossings import payments as said
from sekisho.crossings.message import Taken
from sekisho.payments.enrolments.card_link import ask_card_change
from sekisho.payments.enrolments.change_card import start_card_change
from sekisho.payments.enrolments.check_paper import (
    card_compared,
    check_paper,
    enter_paper_again,
    open_paper_form,
    withdraw_paper,
)
from sekisho.payments.enrolments.end import end_enrolment, reinstate_enrolment
from sekisho.payments.enrolments.papers import list_papers, show_paper
from sekisho.payments.enrolments.show import list_enrolments, show_enrolment
from sekisho.payments.enrolments.start_paper import start_paper, start_paper_card_change
from sekisho.payments.in_flight import alone
from sekisho.payments.room import Room, who
from sekisho.transport.doors import Caller, Doors


def open_enrolments(doors: Doors, room: Room) -> None:
    """Open them over ``room``."""

    @doors.on(said.ListEnrolments)
    def _(caller: Caller, message: said.ListEnrolments) -> said.EnrolmentsShown:
        return list_enrolments(room, caller, message)

    @doors.on(said.ShowEnrolment)
    def _(caller: Caller, message: said.ShowEnrolment) -> said.EnrolmentHistory:
        return show_enrolment(room, caller, message)

    @doors.on(said.EndEnrolment)
    def _(caller: Caller, message: said.EndEnrolment) -> said.EnrolmentShown:
        return end_enrolment(room, caller, message)

    @doors.on(said.ReinstateEnrolment)
    def _(caller: Caller, message: said.ReinstateEnrolment) -> said.EnrolmentShown:
        return reinstate_enrolment(room, caller, message)

    @doors.on(said.AskCardChange)
    def _(caller: Caller, message: said.AskCardChange) -> said.EnrolmentShown:
        return ask_card_change(room, caller, message)

    _for_papers(doors, room)

    @doors.on(said.StartCardChange)
    def _(caller: Caller, message: said.StartCardChange) -> said.PaymentStarted:
        with alone("start", who(caller), message.key):
            return start_card_change(room, caller, message)


def _for_papers(doors: Doors, room: Room) -> None:
    @doors.on(said.StartPaper)
    def _(caller: Caller, message: said.StartPaper) -> said.PaperFormOpened:
        with alone("paper", message.client_body, message.key):
            return start_paper(room, caller, message)

    @doors.on(said.StartPaperCardChange)
    def _(caller: Caller, message: said.StartPaperCardChange) -> said.PaperFormOpened:
        with alone("paper", message.client_body, message.key):
            return start_paper_card_change(room, caller, message)

    @doors.on(said.OpenPaperForm)
    def _(caller: Caller, message: said.OpenPaperForm) -> said.PaperFormOpened:
        return open_paper_form(room, caller, message)

    @doors.on(said.EnterPaperAgain)
    def _(caller: Caller, message: said.EnterPaperAgain) -> said.PaperFormOpened:
        return enter_paper_again(room, caller, message)

    @doors.on(said.CheckPaper)
    def _(caller: Caller, message: said.CheckPaper) -> said.PaperShown:
        return check_paper(room, caller, message)

    @doors.on(said.WithdrawPaper)
    def _(caller: Caller, message: said.WithdrawPaper) -> said.PaperShown:
        return withdraw_paper(room, caller, message)

    @doors.on(said.ListPapers)
    def _(caller: Caller, message: said.ListPapers) -> said.PapersShown:
        return list_papers(room, caller, message)

    @doors.on(said.ShowPaper)
    def _(caller: Caller, message: said.ShowPaper) -> said.PaperShown:
        return show_paper(room, caller, message)

    @doors.on(said.CardCompared)
    def _(_: Caller, message: said.CardCompared) -> Taken:
        return card_compared(room, message)
