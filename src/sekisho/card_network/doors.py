"""The doors of card_network: orders from payments, each answered at once."""

from __future__ import annotations

from sekisho.card_network.run_orders import OrderRunner
from sekisho.card_network.take_after_capture import take_answer, take_refund
from sekisho.card_network.take_orders import (
    end_challenge,
    result_deadline,
    take_capture,
    take_inquiry,
    take_order,
    take_reversal,
)
from sekisho.crossings import card_network as asked
from sekisho.crossings.message import Refusal, Taken
from sekisho.transport import Caller, Doors


def open_doors(runner: OrderRunner) -> Doors:
    """Return the zone's doors; what they take is handed to ``runner``."""
    doors = Doors("card_network")
    connector = runner.connector

    @doors.on(asked.Authenticate)
    def authenticate(_: Caller, message: asked.Authenticate) -> Taken:
        _refuse_when_full(runner)
        take_order(message, now=connector.now(), hand_over=runner.hand_over)
        return Taken()

    @doors.on(asked.Authorise)
    def authorise(_: Caller, message: asked.Authorise) -> Taken:
        _refuse_when_full(runner)
        take_order(message, now=connector.now(), hand_over=runner.hand_over)
        return Taken()

    @doors.on(asked.Capture)
    def capture(_: Caller, message: asked.Capture) -> Taken:
        _refuse_when_full(runner)
        take_capture(message, now=connector.now(), hand_over=runner.hand_over)
        return Taken()

    @doors.on(asked.Reverse)
    def reverse(_: Caller, message: asked.Reverse) -> Taken:
        _refuse_when_full(runner)
        take_reversal(message, now=connector.now(), hand_over=runner.hand_over)
        return Taken()

    @doors.on(asked.Inquire)
    def inquire(_: Caller, message: asked.Inquire) -> Taken:
        take_inquiry(message, now=connector.now())
        return Taken()

    @doors.on(asked.ChallengeReturned)
    def challenge_returned(_: Caller, message: asked.ChallengeReturned) -> Taken:
        until = result_deadline(connector.now(), connector.patience.result_s)
        end_challenge(message, until=until)
        return Taken()

    _open_doors_after_capture(doors, runner)
    return doors


def _open_doors_after_capture(doors: Doors, runner: OrderRunner) -> None:
    connector = runner.connector

    @doors.on(asked.Refund)
    def refund(_: Caller, message: asked.Refund) -> Taken:
        _refuse_when_full(runner)
        take_refund(message, now=connector.now(), hand_over=runner.hand_over)
        return Taken()

    @doors.on(asked.AnswerChargeback)
    def answer_chargeback(_: Caller, message: asked.AnswerChargeback) -> Taken:
        _refuse_when_full(runner)
        take_answer(message, now=connector.now(), hand_over=runner.hand_over)
        return Taken()


def _refuse_when_full(runner: OrderRunner) -> None:
    """Say ``busy``, which the sender's outbox tries again, instead of piling work up."""
    if runner.is_full:
        raise Refusal("busy", "too many orders wait for the card network")
