"""`sekisho guard show`."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sekisho.crossings.payments import GuardShown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho guard show`."""
    from sekisho.processes.terminal.ask_payments import add_json_argument

    parser.add_argument("--limit", type=int, default=50, metavar="N", help="counters (50)")
    add_json_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print which sites take cards, and the counters near or over their limits."""
    from sekisho.crossings.payments import ShowGuard
    from sekisho.processes.terminal.ask_payments import ask, print_json

    shown: GuardShown = ask(arguments, ShowGuard(limit=arguments.limit))
    if arguments.json:
        print_json(shown)
    else:
        draw_guard(shown)
    return 0


def draw_guard(shown: "GuardShown") -> None:
    """Print the guard for people."""
    from rich.markup import escape

    from sekisho.processes.terminal.draw_history import at, plain_table
    from sekisho.processes.terminal.draw_status import make_console

    console = make_console()
    table = plain_table("site", "card entry", "since", "by", "why")
    for site in shown.sites:
        entry = "open" if site.open else "[red]closed[/red]"
        table.add_row(site.site, entry, at(site.since), escape(site.by), escape(site.why))
    console.print(table)
    if not shown.counts:
        console.print("No counter is near its limit.")
        return
    heads = ("site", "counted by", "key", "hours", "tries", "declined", "done")
    table = plain_table(*heads, right=("hours", "tries", "declined"))
    for count in shown.counts:
        table.add_row(
            count.site,
            count.scope,
            escape(count.key),
            str(count.window_hours),
            f"{count.attempts:,}",
            f"{count.declines:,}",
            count.action,
        )
    console.print(table)
