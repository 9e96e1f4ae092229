"""`sekisho status`."""

import argparse
from typing import TYPE_CHECKING

from sekisho.processes.terminal.errors import TerminalError

if TYPE_CHECKING:
    from sekisho.processes.terminal.connect import TerminalCrosser

EXIT_UNHEALTHY = 3
ANSWER_LIMIT_SECONDS = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho status`."""
    parser.add_argument("--json", action="store_true", help="for programs: one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Show every process; exit status 3 when one is not healthy."""
    import msgspec

    from sekisho.crossings.supervisor import PlatformShown, ShowPlatform
    from sekisho.processes.supervisor.data_folder import find_data_folder
    from sekisho.processes.terminal.connect import TerminalCrosser
    from sekisho.transport.errors import TransportError

    crosser = TerminalCrosser(find_data_folder(arguments.data))
    try:
        shown: PlatformShown = crosser.cross(ShowPlatform(), seconds=ANSWER_LIMIT_SECONDS)
    except TransportError as error:
        raise TerminalError(f"the supervisor does not answer: {error}") from None
    alarms = _alarms_of_the_day(crosser)
    if arguments.json:
        told = msgspec.to_builtins(shown) | {"alarms_last_day": alarms}
        print(msgspec.json.format(msgspec.json.encode(told), indent=1).decode())
    else:
        from sekisho.processes.terminal.draw_status import draw_status
        from sekisho.processes.terminal.list_alarms import say_alarms

        draw_status(shown)
        print("the evidence keeper does not answer" if alarms is None else say_alarms(alarms))
    well = all(row.state == "healthy" for row in shown.processes)
    return 0 if shown.ready and well else EXIT_UNHEALTHY


def _alarms_of_the_day(crosser: "TerminalCrosser") -> int | None:
    """Alarms of the last 24 hours; None while the keeper can't say."""
    from sekisho.processes.terminal.list_alarms import ask_alarms

    try:
        return ask_alarms(crosser, 1).last_day
    except TerminalError:
        return None
