"""`sekisho ledger reconcile`."""

import argparse
from datetime import date

RECONCILE_SECONDS = 300.0
TOLD = {"day_wrong": "--day: {detail}"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho ledger reconcile`."""
    from sekisho.processes.terminal.ask_payments import add_json_argument

    parser.add_argument(
        "--day", type=date.fromisoformat, metavar="DAY", help="business day (yesterday in Tokyo)"
    )
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare ledger, payments and evidence of a day; exit status 3 and each difference by name."""
    from rich.markup import escape

    from sekisho.crossings.payments import Reconcile, Reconciled
    from sekisho.processes.terminal.ask_payments import EXIT_FAULTS, ask, print_json
    from sekisho.processes.terminal.draw_status import make_console

    found: Reconciled = ask(
        arguments, Reconcile(day=arguments.day), TOLD, seconds=RECONCILE_SECONDS
    )
    if arguments.json:
        print_json(found)
        return EXIT_FAULTS if found.differences else 0
    console = make_console()
    console.print(
        f"{found.day.isoformat()}: {found.payments:,} payments, {found.transfers:,} transfers, "
        f"{found.lines:,} lines of evidence"
    )
    for kind, yen in found.money_yen.items():
        console.print(f"  {kind}: {yen:,} yen")
    count = len(found.differences) + found.more
    console.print(f"[red]{count} differences[/red]" if count else "All three agree.")
    for difference in found.differences:
        console.print(f"  {escape(difference)}")
    if found.more:
        console.print(f"  and {found.more:,} more")
    return EXIT_FAULTS if count else 0
