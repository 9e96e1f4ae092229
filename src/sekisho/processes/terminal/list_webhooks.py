"""`sekisho webhooks list`."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho webhooks list`."""
    from sekisho.processes.terminal.ask_payments import add_json_argument

    parser.add_argument("--client-body", metavar="ID", default="*", help="of one body only")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print where client bodies are told, how it goes, and what waits."""
    from rich.markup import escape

    from sekisho.crossings.client_desk import ListWebhooks, WebhooksListed
    from sekisho.processes.terminal.api_keys import ask_desk
    from sekisho.processes.terminal.ask_payments import print_json
    from sekisho.processes.terminal.draw_history import at, plain_table
    from sekisho.processes.terminal.draw_status import make_console

    shown: WebhooksListed = ask_desk(arguments, ListWebhooks(client_body=arguments.client_body))
    if arguments.json:
        print_json(shown)
        return 0
    if not shown.webhooks:
        print("No webhook endpoint.")
        return 0
    heads = ("body", "endpoint", "address", "state", "since", "waiting", "given up")
    table = plain_table(*heads, right=("waiting", "given up"))
    for one in shown.webhooks:
        table.add_row(
            one.client_body,
            one.endpoint_id,
            escape(one.url),
            f"{one.state} ({one.off_why})" if one.off_why else one.state,
            at(one.failing_since) if one.failing_since else "",
            f"{one.waiting:,}",
            f"{one.given_up:,}",
        )
    make_console().print(table)
    return 0
