"""`sekisho charges approve`."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho charges approve`."""
    from sekisho.processes.terminal.ask_payments import add_deed_arguments
    from sekisho.processes.terminal.draw_charges import add_run_argument

    add_run_argument(parser)
    parser.add_argument("--items", type=int, required=True, help="how many, as you saw")
    parser.add_argument("--yen", type=int, required=True, help="the total, as you saw")
    add_deed_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Approve what another person planned."""
    from sekisho.crossings.payments import ApproveChargeRun, ShowChargeRun
    from sekisho.processes.terminal.ask_payments import ask, confirm, print_json, who_types
    from sekisho.processes.terminal.draw_charges import TOLD, draw_run

    seen = ask(arguments, ShowChargeRun(client_body="*", run_id=arguments.run), TOLD)
    draw = print_json if arguments.json else draw_run
    if arguments.dry_run:
        draw(seen)
        return 0
    what = f"{arguments.items:,} charges, {arguments.yen:,} yen, from {seen.charge_on} on"
    confirm(f"{seen.client_body} {seen.month}: {what}. Approve?", arguments)
    message = ApproveChargeRun(
        client_body="*",
        run_id=arguments.run,
        items=arguments.items,
        total_yen=arguments.yen,
        by=who_types(),
    )
    draw(ask(arguments, message, TOLD))
    return 0
