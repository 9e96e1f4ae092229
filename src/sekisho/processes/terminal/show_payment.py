"""`sekisho payments show`."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho payments show`."""
    parser.add_argument(
        "reference", help="the payer's reference, such as 7K3M-9QXD-2F4H-6, or the payment's id"
    )
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Show every step, card, refund, dispute and ledger entry of one payment."""
    from sekisho.crossings.payments import PaymentHistory, ShowHistory
    from sekisho.processes.terminal.ask_payments import ask, payment_named, print_json
    from sekisho.processes.terminal.draw_history import draw_history

    reference = payment_named(arguments.reference)
    told = {"payment_unknown": f"no payment has the reference {reference}"}
    history: PaymentHistory = ask(arguments, ShowHistory(reference=reference), told)
    if arguments.json:
        print_json(history)
    else:
        draw_history(history)
    return 0
