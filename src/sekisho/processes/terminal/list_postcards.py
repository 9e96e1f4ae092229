"""`sekisho vault postcards`."""

import argparse
from typing import TYPE_CHECKING

from sekisho.processes.terminal.ask_vault import ask_vault, open_terminal

if TYPE_CHECKING:
    from sekisho.crossings.vault import PostcardsListed

EXIT_FAILED = 3
DEFAULT_LIMIT = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho vault postcards`."""
    parser.add_argument("--client-body", default="*", help="of one client body (default: all)")
    parser.add_argument(
        "--state", default="", choices=("", "waiting", "printing", "printed", "failed")
    )
    parser.add_argument("--before", type=int, default=0, metavar="NUMBER", help="older than that")
    parser.add_argument("--limit", type=int, default=DEFAULT_LIMIT)
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Show the newest postcards and where their files lie; exit status 3 when one failed."""
    from sekisho.crossings.vault import ListPostcards
    from sekisho.processes.supervisor.data_folder import find_data_folder

    asked = ListPostcards(
        client_body=arguments.client_body,
        state=arguments.state,
        before=arguments.before,
        limit=arguments.limit,
    )
    shown: PostcardsListed = ask_vault(open_terminal(arguments.data), asked)
    folder = find_data_folder(arguments.data).of("vault") / "post"
    print_postcards(shown, str(folder), as_json=arguments.json)
    return EXIT_FAILED if any(one.state == "failed" for one in shown.postcards) else 0


def print_postcards(shown: "PostcardsListed", folder: str, *, as_json: bool) -> None:
    """Print each postcard's state, file and page; never to whom it goes."""
    import msgspec
    from rich.table import Table

    from sekisho.processes.terminal.draw_status import make_console
    from sekisho.vocabulary.clock import TOKYO

    if as_json:
        print(msgspec.json.format(msgspec.json.encode(shown), indent=1).decode())
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("number", "ordered", "postcard", "for", "state", "file", "page", "why not"):
        table.add_column(head, justify="right" if head in ("number", "page") else "left")
    for one in shown.postcards:
        table.add_row(
            str(one.number),
            one.ordered_at.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M"),
            one.template,
            one.key,
            f"[red]{one.state}[/red]" if one.state == "failed" else one.state,
            one.batch,
            str(one.page or ""),
            one.why,
        )
    make_console().print(table)
    print(f"the files are in {folder}" if shown.postcards else "no postcard was ordered")
