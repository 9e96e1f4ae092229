"""`sekisho charges stop`."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho charges stop`."""
    from sekisho.processes.terminal.ask_payments import add_deed_arguments
    from sekisho.processes.terminal.draw_charges import add_run_argument

    add_run_argument(parser)
    parser.add_argument("--reason", required=True, help="why; stands on the run")
    parser.add_argument("--for-good", action="store_true", help="withdraw what is not charged yet")
    add_deed_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Charge nobody more; what is under way ends by itself."""
    from sekisho.crossings.payments import ShowChargeRun, StopChargeRun
    from sekisho.processes.terminal.ask_payments import ask, confirm, print_json, who_types
    from sekisho.processes.terminal.draw_charges import TOLD, draw_run

    seen = ask(arguments, ShowChargeRun(client_body="*", run_id=arguments.run), TOLD)
    draw = print_json if arguments.json else draw_run
    if arguments.dry_run:
        draw(seen)
        return 0
    what = "Withdraw for good" if arguments.for_good else "Stop"
    left = seen.items - seen.done
    confirm(f"{what} {seen.client_body} {seen.month}, {left:,} not charged yet?", arguments)
    message = StopChargeRun(
        client_body="*",
        run_id=arguments.run,
        for_good=arguments.for_good,
        reason=arguments.reason,
        by=who_types(),
    )
    draw(ask(arguments, message, TOLD, seconds=120.0))
    return 0
