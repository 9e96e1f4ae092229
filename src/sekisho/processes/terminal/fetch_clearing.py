"""`sekisho simulator clearing`: the simulated network writes the clearing file of a day."""

import argparse
import shutil
from pathlib import Path

from sekisho.processes.terminal.ask_simulator import ask_network, network_folder
from sekisho.processes.terminal.errors import TerminalError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("day", nargs="?", help="business day, as 2026-04-01; today, if not given")
    parser.add_argument("--to", type=Path, metavar="FILE", help="copy the file here")


def run(arguments: argparse.Namespace) -> int:
    """Have the file written and print where it lies."""
    from sekisho.simulators.card_network.clearing import FOLDER
    from sekisho.simulators.card_network.control import WriteClearing
    from sekisho.vocabulary.clock import business_date, now

    day = arguments.day or business_date(now()).isoformat()
    answer = ask_network(arguments, WriteClearing(day=day))
    file = network_folder(arguments) / FOLDER / answer.said
    if arguments.to is not None:
        try:
            file = Path(shutil.copyfile(file, arguments.to))
        except OSError as error:
            raise TerminalError(f"{arguments.to} can't be written: {error.strerror}") from None
    print(f"{file} ({answer.count:,} rows)")
    return 0
