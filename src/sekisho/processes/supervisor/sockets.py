"""Binds every socket before anything starts, and says who holds one that is taken."""

import socket
from collections.abc import Sequence
from pathlib import Path

import psutil

from sekisho.processes.supervisor.errors import PortTaken
from sekisho.processes.supervisor.roster import Seat

BIND_ADDRESS = "127.0.0.1"
BACKLOG_CONNECTIONS = 512
"""Connections that wait in the kernel while a process comes back."""


class HeldSockets:
    """The listening sockets of one platform, open as long as the supervisor lives."""

    def __init__(self) -> None:
        self._pages: dict[str, dict[str, socket.socket]] = {}
        self._doors: dict[str, socket.socket] = {}

    def open_pages(self, roster: Sequence[Seat]) -> None:
        """Bind every public port. Raises PortTaken naming all that are taken, and binds none."""
        taken = []
        for seat in roster:
            held = self._pages.setdefault(seat.process, {})
            for use, port in seat.ports.items():
                listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    listener.bind((BIND_ADDRESS, port))
                    listener.listen(BACKLOG_CONNECTIONS)
                except OSError as error:
                    listener.close()
                    taken.append(_say_taken(seat, port, error))
                    continue
                held[use] = listener
        if taken:
            self.close()
            raise PortTaken(
                "\n".join(taken) + "\nStop what is there, or take other ports: `--port-base 100` "
                "adds 100 to every port"
            )

    def open_doors(self, process: str, path: Path) -> None:
        """Bind the crossing socket of a process, in place of a dead one's."""
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(BACKLOG_CONNECTIONS)
        self._doors[process] = listener

    def pages_of(self, process: str) -> dict[str, int]:
        """Descriptors by use, as a briefing names them."""
        return {use: held.fileno() for use, held in self._pages.get(process, {}).items()}

    def doors_of(self, process: str) -> socket.socket:
        """The crossing socket of a process."""
        return self._doors[process]

    def close(self) -> None:
        """Let go of every socket."""
        for held in self._pages.values():
            for listener in held.values():
                listener.close()
        for listener in self._doors.values():
            listener.close()
        self._pages.clear()
        self._doors.clear()


def _say_taken(seat: Seat, port: int, error: OSError) -> str:
    what = f"port {port} ({seat.title})"
    if isinstance(error, PermissionError):
        return f"{what}: this user may not listen there"
    return f"{what} is taken by {_who_listens(port)}"


def _who_listens(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            at = connection.laddr
            if connection.status == psutil.CONN_LISTEN and at and at.port == port:
                if connection.pid:
                    return f"process {connection.pid} ({psutil.Process(connection.pid).name()})"
                break
    except psutil.Error:
        pass
    return "another program"
