"""`sekisho status`."""

import argparse

from sekisho.processes.terminal.errors import TerminalError

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
    if arguments.json:
        print(msgspec.json.format(msgspec.json.encode(shown), indent=1).decode())
    else:
        from sekisho.processes.terminal.draw_status import draw_status

        draw_status(shown)
    well = all(row.state == "healthy" for row in shown.processes)
    return 0 if shown.ready and well else EXIT_UNHEALTHY
