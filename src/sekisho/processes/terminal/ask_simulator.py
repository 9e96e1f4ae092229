"""Has the simulated card network do something, through the control folder in its own folder."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sekisho.processes.supervisor.data_folder import find_data_folder
from sekisho.processes.terminal.errors import TerminalError

if TYPE_CHECKING:
    from sekisho.simulators.card_network.control import Answer, Order

PROCESS = "sim_card_network"


def network_folder(arguments: argparse.Namespace) -> Path:
    """Return the simulated network's folder. Raises TerminalError when it never ran here."""
    folder = find_data_folder(arguments.data).of(PROCESS)
    if not folder.is_dir():
        raise TerminalError(f"{folder} is not there; start the platform with `make up`")
    return folder


def ask_network(arguments: argparse.Namespace, order: "Order") -> "Answer":
    """Return what the simulated network did. Raises TerminalError with its reason not to."""
    from sekisho.simulators.card_network.control import NoAnswerFromHost, ask_host

    try:
        answer = ask_host(network_folder(arguments), order)
    except (NoAnswerFromHost, OSError) as error:
        raise TerminalError(str(error)) from None
    if not answer.done:
        raise TerminalError(f"the simulated card network: {answer.said}")
    return answer
