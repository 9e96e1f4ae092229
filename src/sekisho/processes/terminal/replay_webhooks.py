"""`sekisho webhooks replay`."""

import argparse
from datetime import datetime


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho webhooks replay`."""
    parser.add_argument("endpoint", help="such as hook_01…; `sekisho webhooks list` shows them")
    parser.add_argument("--client-body", metavar="ID", required=True, help="such as mihon_to")
    parser.add_argument(
        "--since",
        type=_moment,
        metavar="WHEN",
        required=True,
        help="such as 2026-12-01T09:00 (Japan)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Send every event since a moment again."""
    from sekisho.crossings.client_desk import ReplayWebhooks, WebhooksReplayed
    from sekisho.processes.terminal.api_keys import ask_desk, who

    message = ReplayWebhooks(
        client_body=arguments.client_body,
        endpoint_id=arguments.endpoint,
        since=arguments.since,
        by=who(),
    )
    done: WebhooksReplayed = ask_desk(arguments, message)
    print(f"{done.events:,} events go again.")
    return 0


def _moment(text: str) -> datetime:
    """A moment as it was typed, in Japan where no zone is said."""
    from sekisho.vocabulary.clock import TOKYO

    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=TOKYO)
