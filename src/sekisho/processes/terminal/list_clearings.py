"""`sekisho settlement files`."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho settlement files`."""
    from sekisho.processes.terminal.ask_payments import add_json_argument

    parser.add_argument("--limit", type=int, default=31, metavar="N", help="at most N (31)")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the network's files by day: taken, broken, missing."""
    from rich.markup import escape

    from sekisho.crossings.payments import ClearingsShown, ListClearings
    from sekisho.processes.terminal.ask_payments import ask, print_json
    from sekisho.processes.terminal.draw_history import at, plain_table
    from sekisho.processes.terminal.draw_status import make_console

    shown: ClearingsShown = ask(arguments, ListClearings(limit=arguments.limit))
    if arguments.json:
        print_json(shown)
        return 0
    if not shown.clearings:
        print("No file of the network was taken yet.")
        return 0
    heads = ("day", "state", "rows", "net yen", "settled", "differ", "at", "why")
    table = plain_table(*heads, right=("rows", "net yen", "settled", "differ"))
    for one in shown.clearings:
        state = one.state if one.final or one.state != "taken" else "taken so far"
        table.add_row(
            one.day.isoformat(),
            state,
            f"{one.rows:,}",
            f"{one.net_yen:,}",
            f"{one.settled:,}",
            f"{one.differences:,}",
            at(one.taken_at),
            escape(one.why),
        )
    make_console().print(table)
    return 0
