"""`sekisho console invite`."""

import argparse

from sekisho.processes.terminal.show_invitation import cross_invitation, show_invitation

ROLES = ("observer", "responder", "approver", "auditor")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho console invite`."""
    parser.add_argument("name", help="user name: a-z, 0-9 and . _ @ + -")
    parser.add_argument("--role", action="append", choices=ROLES, help="may be given again")
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Print a link that works once."""
    from sekisho.crossings.console import InviteOperator

    message = InviteOperator(name=arguments.name, roles=arguments.role or ["responder"])
    show_invitation(cross_invitation(arguments, message), as_json=arguments.json)
    return 0
