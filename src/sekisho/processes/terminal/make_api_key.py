"""`sekisho keys make`."""

import argparse

from sekisho.processes.terminal.api_keys import add_body_argument, ask_desk, show_once, who


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho keys make`."""
    parser.add_argument("name", help="which system uses it")
    add_body_argument(parser)
    parser.add_argument("--live", action="store_true", help="real money; else the test side")
    parser.add_argument(
        "--scope", action="append", required=True, metavar="SCOPE", help="may be given again"
    )
    parser.add_argument("--days", type=int, default=365, metavar="N", help="works for N days (365)")


def run(arguments: argparse.Namespace) -> int:
    """Print a key, once."""
    from sekisho.crossings.client_desk import MakeApiKey

    message = MakeApiKey(
        client_body=arguments.client_body,
        live=arguments.live,
        name=arguments.name,
        scopes=arguments.scope,
        days=arguments.days,
        by=who(),
    )
    show_once(ask_desk(arguments, message), as_json=arguments.json)
    return 0
