"""Asks for an invitation and prints its link."""

import argparse
import json
from typing import Any

from sekisho.processes.terminal.errors import TerminalError


def cross_invitation(arguments: argparse.Namespace, message: Any) -> Any:
    """The answer of the desk or the console. Raises TerminalError."""
    from sekisho.crossings.message import Refusal
    from sekisho.processes.supervisor.data_folder import find_data_folder
    from sekisho.processes.terminal.connect import TerminalCrosser
    from sekisho.transport.errors import TransportError

    crosser = TerminalCrosser(find_data_folder(arguments.data))
    try:
        return crosser.cross(message, seconds=10.0)
    except Refusal as refusal:
        raise TerminalError(str(refusal)) from None
    except TransportError as error:
        raise TerminalError(f"no answer: {error}") from None


def show_invitation(answer: Any, *, as_json: bool) -> None:
    """Print the link; whoever opens it first becomes this person."""
    from sekisho.vocabulary.clock import TOKYO

    until = answer.expires_at.astimezone(TOKYO)
    if as_json:
        print(json.dumps({"link": answer.link, "expires_at": until.isoformat()}))
        return
    print(answer.link)
    print(f"It works once, until {until:%Y-%m-%d %H:%M} (Japan). Hand it over in private.")
