"""`sekisho vault rotate BODY [--watch]`."""

import argparse
import time
from typing import TYPE_CHECKING, Any

from sekisho.processes.terminal.ask_vault import ask_vault, open_terminal, who_types
from sekisho.processes.terminal.errors import TerminalError

if TYPE_CHECKING:
    from sekisho.crossings.vault import BodyRotation, RotationShown

LOOK_SECONDS = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho vault rotate`."""
    parser.add_argument("client_body", metavar="BODY", help="such as mihon_to")
    parser.add_argument("--watch", action="store_true", help="stay until every key is moved")
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Begin a rotation (or find the one under way); payments go on meanwhile."""
    from sekisho.crossings.vault import BeginRotation
    from sekisho.processes.terminal.show_rotation import print_rotation

    crosser = open_terminal(arguments.data)
    order = BeginRotation(client_body=arguments.client_body, by=who_types())
    shown: RotationShown = ask_vault(crosser, order)
    if arguments.watch:
        shown = watch(crosser, arguments.client_body)
    print_rotation(shown, as_json=arguments.json)
    return 0


def watch(crosser: Any, client_body: str) -> "RotationShown":
    """Show a bar until nothing is left; a vault that is starting anew is waited for."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from sekisho.crossings.vault import ShowRotation

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(client_body, total=None)
        while True:
            try:
                shown: RotationShown = ask_vault(crosser, ShowRotation())
            except TerminalError as failure:
                bar.update(task, description=f"{client_body}: waiting ({failure})")
            else:
                body = _of(shown, client_body)
                described = f"{client_body}, key {body.version}"
                total = body.done + body.left
                bar.update(task, description=described, total=total, completed=body.done)
                if not body.left:
                    return shown
            time.sleep(LOOK_SECONDS)


def _of(shown: "RotationShown", client_body: str) -> "BodyRotation":
    return next(body for body in shown.bodies if body.client_body == client_body)
