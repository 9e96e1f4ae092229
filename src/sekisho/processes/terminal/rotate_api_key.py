"""`sekisho keys rotate`."""

import argparse

from sekisho.processes.terminal.api_keys import add_body_argument, ask_desk, show_once, who


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho keys rotate`."""
    parser.add_argument("key_id", help="key_…, as `sekisho keys list` shows it")
    add_body_argument(parser)
    parser.add_argument(
        "--overlap", type=int, default=24, metavar="HOURS", help="the former one works on (24)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the newer key, once."""
    from sekisho.crossings.client_desk import RotateApiKey

    message = RotateApiKey(
        client_body=arguments.client_body,
        key_id=arguments.key_id,
        overlap_hours=arguments.overlap,
        by=who(),
    )
    show_once(ask_desk(arguments, message), as_json=arguments.json)
    return 0
