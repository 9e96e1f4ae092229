"""`sekisho desk invite`."""

import argparse

from sekisho.processes.terminal.show_invitation import cross_invitation, show_invitation

ROLES = ("viewer", "clerk", "approver", "administrator")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho desk invite`."""
    parser.add_argument("name", help="user name: a-z, 0-9 and . _ @ + -")
    parser.add_argument("--client-body", metavar="ID", required=True, help="such as mihon_to")
    parser.add_argument("--role", action="append", choices=ROLES, help="may be given again")
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Print a link that works once."""
    from sekisho.crossings.client_desk import InviteStaff

    message = InviteStaff(
        client_body=arguments.client_body,
        name=arguments.name,
        roles=arguments.role or ["administrator"],
    )
    show_invitation(cross_invitation(arguments, message), as_json=arguments.json)
    return 0
