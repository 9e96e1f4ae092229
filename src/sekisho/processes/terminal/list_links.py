"""`sekisho links list`."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho links list`."""
    from sekisho.processes.terminal.ask_payments import add_json_argument

    parser.add_argument("--body", default="*", metavar="ID", help="of one client body (all)")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="at most N (50)")
    parser.add_argument("--cursor", help="go on after an earlier page")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the newest links."""
    from rich.markup import escape

    from sekisho.crossings.payments import FindLinks, LinksFound
    from sekisho.processes.terminal.ask_payments import ask, print_json
    from sekisho.processes.terminal.draw_history import at, plain_table
    from sekisho.processes.terminal.draw_status import make_console
    from sekisho.processes.terminal.find_payments import TOLD

    message = FindLinks(client_body=arguments.body, limit=arguments.limit, cursor=arguments.cursor)
    found: LinksFound = ask(arguments, message, TOLD)
    if arguments.json:
        print_json(found)
        return 0
    if not found.links:
        print("No link.")
        return 0
    table = plain_table("made", "link", "body", "state", "yen", "number", "what", right=("yen",))
    for link in found.links:
        table.add_row(
            at(link.created_at),
            link.link_id,
            link.client_body,
            link.state,
            f"{link.total_yen:,}",
            escape(link.payment_number),
            escape(link.item_ja),
        )
    make_console().print(table)
    if found.next_cursor:
        print(f"More: --cursor {found.next_cursor}")
    return 0
