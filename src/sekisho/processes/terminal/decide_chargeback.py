"""`sekisho simulator decide`: the simulated network decides a chargeback now."""

import argparse

from sekisho.processes.terminal.ask_simulator import ask_network


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("case_number")
    parser.add_argument("result", choices=["won", "lost"], help="as the merchant sees it")


def run(arguments: argparse.Namespace) -> int:
    """Decide the case."""
    from sekisho.simulators.card_network.control import DecideCase

    ask_network(arguments, DecideCase(case_number=arguments.case_number, result=arguments.result))
    print(f"{arguments.case_number} {arguments.result}")
    return 0
