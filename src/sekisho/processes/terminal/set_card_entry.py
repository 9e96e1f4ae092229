"""Closes a site's card entry, or opens it again; `guard close` and `guard open` take it."""

import argparse

from sekisho.crossings.payments import GuardShown, SetCardEntry
from sekisho.processes.terminal.ask_payments import (
    add_deed_arguments,
    ask,
    confirm,
    print_json,
    who_types,
)
from sekisho.processes.terminal.show_guard import draw_guard

TOLD = {
    "site_unknown": "no site has this id; `sekisho guard show` lists them",
    "reason_wrong": "--reason: {detail}",
}


def add_site_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of both commands."""
    parser.add_argument("site", help="the site's id, such as metropolitan_tax")
    parser.add_argument("--reason", required=True, help="why; goes on evidence")
    add_deed_arguments(parser)


def set_card_entry(arguments: argparse.Namespace, *, is_open: bool) -> int:
    """Say it to payments; said again it is the same."""
    deed = f"{'open' if is_open else 'close'} card entry on {arguments.site}"
    if arguments.dry_run:
        print(f"Dry run: would {deed}. Nothing changed.")
        return 0
    confirm(f"{deed.capitalize()}?", arguments)
    message = SetCardEntry(
        site=arguments.site, open=is_open, reason=arguments.reason, by=who_types()
    )
    shown: GuardShown = ask(arguments, message, TOLD)
    if arguments.json:
        print_json(shown)
    else:
        draw_guard(shown)
    return 0
