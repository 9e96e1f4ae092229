"""`sekisho links show`."""

import argparse

from sekisho.crossings.payments import LinkShown

TOLD = {"link_unknown": "there is no such link"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho links show`."""
    from sekisho.processes.terminal.ask_payments import add_json_argument

    parser.add_argument("link", metavar="ID", help="the link's id")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print a link, with its address."""
    from sekisho.crossings.payments import ShowLink
    from sekisho.processes.terminal.ask_payments import ask, print_json

    shown: LinkShown = ask(arguments, ShowLink(client_body="*", link_id=arguments.link), TOLD)
    if arguments.json:
        print_json(shown)
    else:
        print(say_link(shown))
    return 0


def say_link(shown: LinkShown) -> str:
    """A link in words."""
    from sekisho.processes.terminal.draw_history import at

    paid = f", payment {shown.reference}" if shown.reference else ""
    return (
        f"{shown.link_id} for {shown.client_body}: {shown.state}{paid}\n"
        f"{shown.item_ja}, {shown.total_yen:,} yen with a fee of {shown.fee_yen:,}, "
        f"number {shown.payment_number}, until {at(shown.expires_at)}\n"
        f"On {shown.site}, behind its pages' address: {shown.path}"
    )
