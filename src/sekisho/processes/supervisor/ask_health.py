"""Asks each process how it is, in a thread for each, so that one that hangs holds no other up."""

import threading

from sekisho.crossings.message import Health, HealthShown, Refusal
from sekisho.processes.supervisor.child import Child
from sekisho.transport.errors import TransportError
from sekisho.transport.sender import SocketCrosser

ASK_PAUSE_SECONDS = 5.0
UNWELL_PAUSE = 0.25
"""Seconds between questions while a process is starting or unwell."""
ANSWER_LIMIT_SECONDS = 5.0


class HealthRounds:
    """One asking thread for each child, until `stop`."""

    def __init__(self, crosser: SocketCrosser) -> None:
        self._crosser = crosser
        self._stop = threading.Event()

    def begin(self, children: list[Child]) -> None:
        """Ask every child from now on."""
        for child in children:
            name = f"health-{child.seat.process}"
            threading.Thread(target=self._ask, args=(child,), name=name, daemon=True).start()

    def stop(self) -> None:
        """Ask no more."""
        self._stop.set()

    def _ask(self, child: Child) -> None:
        while not self._stop.is_set():
            try:
                shown: HealthShown = self._crosser.cross(
                    Health(), seconds=ANSWER_LIMIT_SECONDS, to=child.seat.process
                )
                child.show_health(shown)
            except (TransportError, Refusal) as error:
                child.silence = str(error)
            child.look_now.wait(ASK_PAUSE_SECONDS if child.serves else UNWELL_PAUSE)
            child.look_now.clear()
