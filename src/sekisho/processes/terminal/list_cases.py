"""`sekisho cases list`."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho cases list`."""
    from sekisho.processes.terminal.ask_payments import add_json_argument

    parser.add_argument("--limit", type=int, default=50, metavar="N", help="at most N (50)")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the payments that wait for operators; they are decided on the console, by two."""
    from rich.markup import escape

    from sekisho.crossings.payments import CasesShown, ListCases
    from sekisho.processes.terminal.ask_payments import ask, print_json
    from sekisho.processes.terminal.draw_history import at, plain_table
    from sekisho.processes.terminal.draw_status import make_console

    shown: CasesShown = ask(arguments, ListCases(limit=arguments.limit))
    if arguments.json:
        print_json(shown)
        return 0
    if not shown.cases:
        print(f"{shown.more} cases are open." if shown.more else "No case is open.")
        return 0
    heads = ("since", "payment", "body", "state", "yen", "why", "proposed")
    table = plain_table(*heads, right=("yen",))
    for case in shown.cases:
        proposed = f"{case.asked_for} by {case.proposed_by}: {case.reason}"
        table.add_row(
            at(case.since),
            case.reference,
            case.client_body,
            case.state,
            f"{case.total_yen:,}",
            escape(case.note),
            escape(proposed) if case.asked_for else "",
        )
    console = make_console()
    console.print(table)
    if shown.more:
        console.print(f"and {shown.more:,} more")
    console.print("Two operators decide a case on the console's page Cases.")
    return 0
