"""Connects a command to the running platform."""

from pathlib import Path
from typing import Any

import msgspec

from sekisho.crossings.message import Crossing
from sekisho.processes.supervisor.data_folder import DataFolder
from sekisho.processes.terminal.errors import TerminalError
from sekisho.transport.briefing import Briefing
from sekisho.transport.keys import CROSSING_KEY, signing_key
from sekisho.transport.sender import SocketCrosser

BRIEFING_FILE = "briefing.json"


def read_terminal_briefing(data: DataFolder) -> Briefing:
    """The terminal's briefing as the running supervisor wrote it.

    Raises TerminalError when the platform does not run or this user may not read it.
    """
    if data.holder() is None:
        raise TerminalError(f"sekisho does not run on {data.root}; start it with `make up`")
    file = data.terminal / BRIEFING_FILE
    try:
        return msgspec.json.decode(file.read_bytes(), type=Briefing)
    except FileNotFoundError:
        raise TerminalError("sekisho is still starting; try again in a few seconds") from None
    except PermissionError:
        raise TerminalError(f"{file} belongs to another user; run this as that user") from None


class TerminalCrosser:
    """Carries the terminal's crossings; `sekisho.transport.use` takes it."""

    def __init__(self, data: DataFolder) -> None:
        """Raises TerminalError as `read_terminal_briefing`."""
        self.briefing = read_terminal_briefing(data)
        key = signing_key(Path(self.briefing.folder) / "keys", CROSSING_KEY)
        self._crosser = SocketCrosser(
            process=self.briefing.process,
            zone=self.briefing.zone,
            key=key,
            peers=self.briefing.peers,
        )

    def cross(self, message: Crossing[Any], *, seconds: float) -> Any:
        """Send a crossing; raises as `sekisho.transport.cross`."""
        return self._crosser.cross(message, seconds=seconds)
