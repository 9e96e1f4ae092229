"""`sekisho alarms`."""

import argparse
import json
from typing import TYPE_CHECKING

from sekisho.processes.terminal.errors import TerminalError

if TYPE_CHECKING:
    from sekisho.crossings.evidence_keeper import AlarmsListed
    from sekisho.processes.terminal.connect import TerminalCrosser

ANSWER_LIMIT_SECONDS = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho alarms`."""
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="newest N (50)")
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Print the newest alarms, newest first."""
    import msgspec

    from sekisho.processes.supervisor.data_folder import find_data_folder
    from sekisho.processes.terminal import connect

    crosser = connect.TerminalCrosser(find_data_folder(arguments.data))
    listed = ask_alarms(crosser, arguments.limit)
    if arguments.json:
        shown = msgspec.to_builtins(listed)
        for alarm in shown["alarms"]:
            alarm["facts"] = json.loads(alarm["facts"])
        print(json.dumps(shown, ensure_ascii=False, indent=1))
    else:
        _show(listed)
    return 0


def ask_alarms(crosser: "TerminalCrosser", limit: int) -> "AlarmsListed":
    """The keeper's newest alarms. Raises TerminalError."""
    from sekisho.crossings.evidence_keeper import AlarmsListed, ListAlarms
    from sekisho.crossings.message import Refusal
    from sekisho.transport.errors import TransportError

    try:
        listed: AlarmsListed = crosser.cross(ListAlarms(limit=limit), seconds=ANSWER_LIMIT_SECONDS)
    except Refusal as refusal:
        raise TerminalError(f"--limit: {refusal.detail}") from None
    except TransportError as error:
        raise TerminalError(f"the evidence keeper does not answer: {error}") from None
    return listed


def say_alarms(last_day: int) -> str:
    """One line for `sekisho status`."""
    if not last_day:
        return "no alarm in the last 24 hours"
    return f"{last_day} alarm{'s' * (last_day > 1)} in the last 24 hours; `sekisho alarms` lists"


def _show(listed: "AlarmsListed") -> None:
    from rich.markup import escape
    from rich.table import Table

    from sekisho.processes.terminal.draw_status import make_console
    from sekisho.vocabulary.clock import TOKYO

    console = make_console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("at", "alarm", "about", "facts"):
        table.add_column(head, no_wrap=head == "at", overflow="fold")
    for alarm in listed.alarms:
        at = alarm.at.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M:%S")
        what = alarm.kind.removeprefix("alarm.")
        table.add_row(at, *(escape(_plain(text)) for text in (what, alarm.subject, alarm.facts)))
    if listed.alarms:
        console.print(table)
    console.print(say_alarms(listed.last_day))


def _plain(text: str) -> str:
    """Control characters escaped: a line may quote an attacker."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
