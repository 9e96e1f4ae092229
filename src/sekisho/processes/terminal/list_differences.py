"""`sekisho settlement differences`."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho settlement differences`."""
    from sekisho.processes.terminal.ask_payments import add_json_argument

    parser.add_argument("--body", default="*", help="one client body; all, if not given")
    parser.add_argument("--all", action="store_true", help="those that are closed, too")
    parser.add_argument("--limit", type=int, default=100, metavar="N", help="at most N (100)")
    parser.add_argument("--take", metavar="ID", default="", help="note that you work on this one")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the work list, oldest first. They are closed on the console, where a person proves who
    they are."""
    from rich.markup import escape

    from sekisho.crossings.payments import DifferencesShown, ListDifferences, TakeDifference
    from sekisho.processes.terminal.ask_payments import EXIT_FAULTS, ask, print_json, who_types
    from sekisho.processes.terminal.draw_history import plain_table
    from sekisho.processes.terminal.draw_status import make_console

    if arguments.take:
        ask(arguments, TakeDifference(difference_id=arguments.take, by=who_types()))
    message = ListDifferences(
        client_body=arguments.body, only_open=not arguments.all, limit=arguments.limit
    )
    shown: DifferencesShown = ask(arguments, message)
    if arguments.json:
        print_json(shown)
        return EXIT_FAULTS if shown.open else 0
    if not shown.differences:
        print("No difference." if arguments.all else "No difference is open.")
        return 0
    table = plain_table("id", "day", "kind", "body", "yen", "state", "what", right=("yen",))
    for one in shown.differences:
        who = one.closed_by or one.proposed_by or one.taken_by
        table.add_row(
            one.difference_id,
            one.day.isoformat(),
            one.kind,
            one.client_body,
            f"{one.amount_yen:,}",
            escape(f"{one.state} {who}".strip()),
            escape(f"{one.subject}: {one.said}" + (f" [{one.reason}]" if one.reason else "")),
        )
    make_console().print(table)
    return EXIT_FAULTS if shown.open else 0
