"""`sekisho charges show`."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho charges show`."""
    from sekisho.processes.terminal.ask_payments import add_json_argument
    from sekisho.processes.terminal.draw_charges import add_run_argument

    add_run_argument(parser)
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print one run with its totals and how far it is."""
    from sekisho.crossings.payments import ShowChargeRun
    from sekisho.processes.terminal.ask_payments import ask, print_json
    from sekisho.processes.terminal.draw_charges import TOLD, draw_run

    shown = ask(arguments, ShowChargeRun(client_body="*", run_id=arguments.run), TOLD)
    if arguments.json:
        print_json(shown)
    else:
        draw_run(shown)
    return 0
