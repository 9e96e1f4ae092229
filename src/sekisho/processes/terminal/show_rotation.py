"""`sekisho vault rotation`."""

import argparse
from typing import TYPE_CHECKING

from sekisho.processes.terminal.ask_vault import ask_vault, open_terminal

if TYPE_CHECKING:
    from sekisho.crossings.vault import RotationShown


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho vault rotation`."""
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Show how far every client body's keys are."""
    from sekisho.crossings.vault import ShowRotation

    shown: RotationShown = ask_vault(open_terminal(arguments.data), ShowRotation())
    print_rotation(shown, as_json=arguments.json)
    return 0


def print_rotation(shown: "RotationShown", *, as_json: bool) -> None:
    """Print each client body's data key, and how many subjects still lie under an earlier one."""
    import msgspec
    from rich.table import Table

    from sekisho.processes.terminal.draw_status import make_console
    from sekisho.vocabulary.clock import TOKYO

    if as_json:
        print(msgspec.json.format(msgspec.json.encode(shown), indent=1).decode())
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("client body", "key", "since", "moved", "left", ""):
        table.add_column(head, justify="right" if head in ("key", "moved", "left") else "left")
    for body in shown.bodies:
        table.add_row(
            body.client_body,
            str(body.version),
            body.begun_at.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M"),
            f"{body.done:,}",
            f"{body.left:,}",
            "under way" if body.left else "",
        )
    make_console().print(table)
