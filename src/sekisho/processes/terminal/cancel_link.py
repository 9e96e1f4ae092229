"""`sekisho links cancel`."""

import argparse

TOLD = {
    "link_unknown": "there is no such link",
    "bill_paid": "it is paid already, reference {detail}",
    "bill_in_payment": "it is being paid now, reference {detail}",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho links cancel`."""
    from sekisho.processes.terminal.ask_payments import add_deed_arguments

    parser.add_argument("link", metavar="ID", help="the link's id")
    add_deed_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Cancel a link: its page says so from now on."""
    from sekisho.crossings.payments import CancelLink, LinkShown, ShowLink
    from sekisho.processes.terminal.ask_payments import ask, confirm, print_json, who_types
    from sekisho.processes.terminal.show_link import say_link

    shown: LinkShown = ask(arguments, ShowLink(client_body="*", link_id=arguments.link), TOLD)
    if arguments.dry_run:
        print(f"{say_link(shown)}\nDry run: would cancel it. Nothing changed.")
        return 0
    confirm(f"{say_link(shown)}\nCancel it?", arguments)
    message = CancelLink(client_body=shown.client_body, link_id=shown.link_id, by=who_types())
    shown = ask(arguments, message, TOLD)
    if arguments.json:
        print_json(shown)
    else:
        print(say_link(shown))
    return 0
