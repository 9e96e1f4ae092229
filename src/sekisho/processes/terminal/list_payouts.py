"""`sekisho payout list`."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho payout list`."""
    from sekisho.processes.terminal.ask_payments import add_json_argument

    states = ("prepared", "approved", "made", "returned", "dropped")
    parser.add_argument("--body", default="*", help="one client body; all, if not given")
    parser.add_argument("--state", choices=states, default="", help="all, if not given")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="at most N (50)")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print payouts, newest first, and what is settled and in none."""
    from rich.markup import escape

    from sekisho.crossings.payments import ListPayouts, PayoutsShown
    from sekisho.processes.terminal.ask_payments import ask, print_json
    from sekisho.processes.terminal.draw_history import plain_table
    from sekisho.processes.terminal.draw_status import make_console

    message = ListPayouts(client_body=arguments.body, state=arguments.state, limit=arguments.limit)
    shown: PayoutsShown = ask(arguments, message)
    if arguments.json:
        print_json(shown)
        return 0
    table = plain_table("payout", "body", "days", "yen", "state", "pay on", "by", right=("yen",))
    for one in shown.payouts:
        table.add_row(
            one.payout_id,
            one.client_body,
            f"{one.first_day} to {one.last_day}",
            f"{one.amount_yen:,}",
            one.state,
            str(one.made_on or one.pay_on or ""),
            escape(" ".join(name for name in (one.prepared_by, one.approved_by) if name)),
        )
    if shown.payouts:
        make_console().print(table)
    else:
        print("No payout.")
    for owed in shown.owed:
        carried = ", carried over" if owed.amount_yen <= 0 else ""
        print(
            f"{owed.client_body}: {owed.amount_yen:,} yen of {owed.days} settled days"
            f" ({owed.first_day} to {owed.last_day}) are in no payout{carried}"
        )
    return 0
