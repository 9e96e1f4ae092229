"""`sekisho keys revoke`."""

import argparse

from sekisho.processes.terminal.api_keys import add_body_argument, ask_desk, who


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho keys revoke`."""
    parser.add_argument("key_id", help="key_…, as `sekisho keys list` shows it")
    add_body_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """End a key at once."""
    from sekisho.crossings.client_desk import RevokeApiKey
    from sekisho.processes.terminal.ask_payments import print_json

    message = RevokeApiKey(client_body=arguments.client_body, key_id=arguments.key_id, by=who())
    shown = ask_desk(arguments, message)
    if arguments.json:
        print_json(shown)
    else:
        print(f"{shown.key_id} ({shown.name}) is revoked.")
    return 0
