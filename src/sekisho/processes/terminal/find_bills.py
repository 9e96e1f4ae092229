"""`sekisho bills find`."""

import argparse

STATES = ("not_yet", "unpaid", "in_payment", "paid", "withdrawn", "expired")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho bills find`."""
    from sekisho.processes.terminal.ask_payments import add_json_argument

    parser.add_argument("--body", default="*", metavar="ID", help="of one client body (all)")
    parser.add_argument("--number", help="the payment number, or a link's own reference")
    parser.add_argument("--state", choices=STATES)
    parser.add_argument("--least", type=int, metavar="YEN", help="at least")
    parser.add_argument("--most", type=int, metavar="YEN", help="at most")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="at most N (50)")
    parser.add_argument("--cursor", help="go on after an earlier page")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the bills that hold every filter, newest first."""
    from rich.markup import escape

    from sekisho.crossings.payments import BillsFound, FindBills
    from sekisho.processes.terminal.ask_payments import ask, print_json
    from sekisho.processes.terminal.draw_history import plain_table
    from sekisho.processes.terminal.draw_status import make_console
    from sekisho.processes.terminal.find_payments import TOLD

    message = FindBills(
        client_body=arguments.body,
        payment_number=arguments.number,
        state=arguments.state,
        amount_from_yen=arguments.least,
        amount_to_yen=arguments.most,
        cursor=arguments.cursor,
        limit=arguments.limit,
    )
    found: BillsFound = ask(arguments, message, TOLD)
    if arguments.json:
        print_json(found)
        return 0
    if not found.bills:
        print("No bill.")
        return 0
    table = plain_table("bill", "body", "number", "state", "yen", "due", "what", right=("yen",))
    for bill in found.bills:
        table.add_row(
            bill.bill_id,
            bill.client_body,
            escape(bill.payment_number),
            bill.state,
            f"{bill.amount_yen:,}",
            bill.due_date.isoformat(),
            escape(bill.item_ja),
        )
    make_console().print(table)
    if found.next_cursor:
        print(f"More: --cursor {found.next_cursor}")
    return 0
