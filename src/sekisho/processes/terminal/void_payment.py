"""`sekisho payments void`."""

import argparse

TOLD = {
    "payment_unknown": "no payment has this reference",
    "not_voidable": "it can't be given back whole: {detail}. Captured money is refunded instead",
    "reason_wrong": "--reason: {detail}",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho payments void`."""
    from sekisho.processes.terminal.ask_payments import add_deed_arguments

    parser.add_argument("reference", help="the payer's reference, or the payment's id")
    parser.add_argument("--reason", required=True, help="why; stands in the history for good")
    add_deed_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Give an authorisation back that was not captured; said again it is the same."""
    from sekisho.crossings.payments import VoidPayment
    from sekisho.processes.terminal.ask_payments import who_types
    from sekisho.processes.terminal.move_money import move_money

    return move_money(
        arguments,
        "give the authorisation back",
        lambda payment_id: VoidPayment(
            client_body="*", payment_id=payment_id, reason=arguments.reason, by=who_types()
        ),
        TOLD,
    )
