"""`sekisho simulator chargeback`: the simulated network disputes a captured payment."""

import argparse

from sekisho.processes.terminal.ask_simulator import ask_network


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("reference", help="the payer's reference")
    parser.add_argument("--amount", type=int, metavar="YEN", help="all that is left, if not given")
    parser.add_argument("--reason", default="4837", help="4837 fraud (default), 4853 dispute")
    parser.add_argument("--days", type=int, default=30, help="days to answer")


def run(arguments: argparse.Namespace) -> int:
    """Open the case and print its number; the platform hears of it within a second."""
    from sekisho.processes.terminal.ask_payments import payment_named
    from sekisho.simulators.card_network.control import OpenChargeback

    order = OpenChargeback(
        reference=payment_named(arguments.reference),
        amount=arguments.amount,
        reason_code=arguments.reason,
        days=arguments.days,
    )
    print(ask_network(arguments, order).said)
    return 0
