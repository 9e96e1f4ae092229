"""`sekisho disputes list`."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho disputes list`."""
    from sekisho.processes.terminal.ask_payments import add_json_argument

    parser.add_argument("--all", action="store_true", help="those that are over, too")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="at most N (50)")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the chargebacks by the day to answer by."""
    from rich.markup import escape

    from sekisho.crossings.payments import DisputesShown, ListDisputes
    from sekisho.processes.terminal.ask_payments import ask, print_json
    from sekisho.processes.terminal.draw_history import at, plain_table
    from sekisho.processes.terminal.draw_status import make_console

    message = ListDisputes(client_body="*", limit=arguments.limit, only_open=not arguments.all)
    shown: DisputesShown = ask(arguments, message)
    if arguments.json:
        print_json(shown)
        return 0
    if not shown.disputes:
        print("No dispute." if arguments.all else "No dispute is open.")
        return 0
    heads = ("case", "payment", "body", "yen", "reason", "answer by", "status", "received", "by")
    table = plain_table(*heads, right=("yen",))
    for dispute in shown.disputes:
        table.add_row(
            dispute.case_number,
            dispute.reference,
            dispute.client_body,
            f"{dispute.amount_yen:,}",
            dispute.reason_code,
            dispute.respond_by.isoformat(),
            dispute.status,
            at(dispute.received_at),
            escape(dispute.answered_by),
        )
    make_console().print(table)
    return 0
