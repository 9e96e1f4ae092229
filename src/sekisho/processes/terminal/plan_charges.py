"""`sekisho charges plan`."""

import argparse
from datetime import date


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho charges plan`."""
    from sekisho.processes.terminal.ask_payments import add_deed_arguments

    parser.add_argument("--body", required=True, metavar="ID", help="the client body")
    parser.add_argument("--month", required=True, metavar="YYYY-MM", help="the month to charge")
    parser.add_argument(
        "--on", required=True, type=date.fromisoformat, metavar="DAY", help="charged from this day"
    )
    parser.add_argument("--key", help="makes the plan one, however often it is said")
    add_deed_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Draft the list of a month; another person approves it."""
    from sekisho.crossings.payments import PlanChargeRun
    from sekisho.processes.terminal.ask_payments import ask, confirm, print_json, who_types
    from sekisho.processes.terminal.draw_charges import TOLD, draw_run

    what = f"{arguments.body}: charge the premiums of {arguments.month} from {arguments.on} on"
    if arguments.dry_run:
        print(f"Dry run: would draft the list. {what}. Nothing changed.")
        return 0
    confirm(f"Draft the list? {what}.", arguments)
    message = PlanChargeRun(
        client_body=arguments.body,
        key=arguments.key or f"terminal:{arguments.month}:{arguments.on}",
        month=arguments.month,
        charge_on=arguments.on,
        by=who_types(),
    )
    shown = ask(arguments, message, TOLD)
    if arguments.json:
        print_json(shown)
    else:
        draw_run(shown)
    return 0
