"""`sekisho charges list`."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho charges list`."""
    from sekisho.processes.terminal.ask_payments import add_json_argument

    parser.add_argument("--body", default="*", metavar="ID", help="one client body's (all)")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="at most N (20)")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the charge runs, newest first."""
    from sekisho.crossings.payments import ListChargeRuns
    from sekisho.processes.terminal.ask_payments import ask, print_json
    from sekisho.processes.terminal.draw_charges import TOLD
    from sekisho.processes.terminal.draw_history import plain_table
    from sekisho.processes.terminal.draw_status import make_console

    shown = ask(arguments, ListChargeRuns(client_body=arguments.body, limit=arguments.limit), TOLD)
    if arguments.json:
        print_json(shown)
        return 0
    heads = ("run", "body", "month", "state", "items", "yen", "charged", "work list")
    table = plain_table(*heads, right=("items", "yen", "charged", "work list"))
    for one in shown.runs:
        table.add_row(
            one.run_id,
            one.client_body,
            one.month,
            one.state,
            f"{one.items:,}",
            f"{one.total_yen:,}",
            f"{one.charged:,}",
            f"{one.on_work_list:,}",
        )
    make_console().print(table)
    return 0
