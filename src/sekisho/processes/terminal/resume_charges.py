"""`sekisho charges resume`."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho charges resume`."""
    from sekisho.processes.terminal.ask_payments import add_deed_arguments
    from sekisho.processes.terminal.draw_charges import add_run_argument

    add_run_argument(parser)
    add_deed_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Go on with a stopped run."""
    from sekisho.crossings.payments import ResumeChargeRun, ShowChargeRun
    from sekisho.processes.terminal.ask_payments import ask, confirm, print_json, who_types
    from sekisho.processes.terminal.draw_charges import TOLD, draw_run

    seen = ask(arguments, ShowChargeRun(client_body="*", run_id=arguments.run), TOLD)
    draw = print_json if arguments.json else draw_run
    if arguments.dry_run:
        draw(seen)
        return 0
    left = seen.items - seen.done
    confirm(f"Go on with {seen.client_body} {seen.month}, {left:,} not charged yet?", arguments)
    message = ResumeChargeRun(client_body="*", run_id=arguments.run, by=who_types())
    draw(ask(arguments, message, TOLD))
    return 0
