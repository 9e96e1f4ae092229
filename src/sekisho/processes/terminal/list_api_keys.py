"""`sekisho keys list`."""

import argparse

from sekisho.processes.terminal.api_keys import add_body_argument, ask_desk


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho keys list`."""
    add_body_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print a client body's keys, newest first; never a key itself."""
    from rich.markup import escape

    from sekisho.crossings.client_desk import ApiKeysShown, ListApiKeys
    from sekisho.processes.terminal.ask_payments import print_json
    from sekisho.processes.terminal.draw_history import at, plain_table
    from sekisho.processes.terminal.draw_status import make_console

    shown: ApiKeysShown = ask_desk(arguments, ListApiKeys(client_body=arguments.client_body))
    if arguments.json:
        print_json(shown)
        return 0
    if not shown.keys:
        print("There is no key.")
        return 0
    heads = ("key", "name", "side", "state", "ends in", "last used", "until", "scopes")
    table = plain_table(*heads)
    for key in shown.keys:
        table.add_row(
            key.key_id,
            escape(key.name),
            "live" if key.live else "test",
            key.state,
            escape(key.last_four),
            at(key.used_at) if key.used_at else "",
            at(key.expires_at),
            " ".join(key.scopes),
        )
    make_console().print(table)
    return 0
