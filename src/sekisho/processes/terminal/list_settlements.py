"""`sekisho settlement list`."""

import argparse
from datetime import date


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho settlement list`."""
    from sekisho.processes.terminal.ask_payments import add_json_argument

    parser.add_argument("--body", default="*", help="one client body; all, if not given")
    parser.add_argument("--since", type=date.fromisoformat, metavar="DAY", help="as 2026-11-24")
    parser.add_argument("--until", type=date.fromisoformat, metavar="DAY")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="at most N (50)")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print settled days, newest first."""
    from sekisho.crossings.payments import ListSettlements, SettlementsShown
    from sekisho.processes.terminal.ask_payments import ask, print_json
    from sekisho.processes.terminal.draw_history import plain_table
    from sekisho.processes.terminal.draw_status import make_console

    message = ListSettlements(
        client_body=arguments.body,
        since=arguments.since,
        until=arguments.until,
        limit=arguments.limit,
    )
    shown: SettlementsShown = ask(arguments, message)
    if arguments.json:
        print_json(shown)
        return 0
    if not shown.settlements:
        print("No day is settled yet: `sekisho settlement files` shows the network's files.")
        return 0
    heads = ("day", "body", "captures", "clearing", "ledger", "owed", "payout", "differ")
    table = plain_table(*heads, right=("captures", "clearing", "ledger", "owed", "differ"))
    for day in shown.settlements:
        table.add_row(
            day.day.isoformat(),
            day.client_body,
            f"{day.captures:,}",
            f"{day.clearing_yen:,}",
            f"{day.ledger_yen:,}",
            f"{day.net_yen:,}",
            day.payout_id,
            f"{day.differences_open:,}",
        )
    make_console().print(table)
    return 0
