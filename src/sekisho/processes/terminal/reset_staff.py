"""`sekisho desk reset`."""

import argparse

from sekisho.processes.terminal.show_invitation import cross_invitation, show_invitation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho desk reset`."""
    parser.add_argument("name", help="user name of somebody who lost their second factor")
    parser.add_argument("--client-body", metavar="ID", required=True, help="such as mihon_to")
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Make their password and second factor worthless and print a link that works once."""
    from sekisho.crossings.client_desk import MakeFactorAnew

    message = MakeFactorAnew(client_body=arguments.client_body, name=arguments.name)
    show_invitation(cross_invitation(arguments, message), as_json=arguments.json)
    return 0
