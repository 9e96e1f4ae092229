"""`sekisho payments capture`."""

import argparse

TOLD = {
    "payment_unknown": "no payment has this reference",
    "not_capturable": "it can't be captured: {detail}",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho payments capture`."""
    from sekisho.processes.terminal.ask_payments import add_deed_arguments

    parser.add_argument("reference", help="the payer's reference, or the payment's id")
    add_deed_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Capture an authorised payment that waits for it; said again it is the same."""
    from sekisho.crossings.payments import CapturePayment
    from sekisho.processes.terminal.ask_payments import who_types
    from sekisho.processes.terminal.move_money import move_money

    return move_money(
        arguments,
        "capture",
        lambda payment_id: CapturePayment(client_body="*", payment_id=payment_id, by=who_types()),
        TOLD,
    )
